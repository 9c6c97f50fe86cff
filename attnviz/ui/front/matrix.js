// The chosen head, large: labels, cells, numbers; zoom as a window of cells.

import { paintCross } from "../attention/front/grid.js";
import { intensity } from "../attention/front/model.js";
import { paintCells } from "./cells.js";
import { clamp, decimals, fitted, fontOf, stride, textWidth } from "./labels.js";

export const WHOLE = { zoom: 1, left: 0, top: 0 };

// The piece of the head that is shown, in cells.
export function windowOf(kind, zoom) {
  const columns = kind.columns / zoom.zoom;
  const rows = kind.rows / zoom.zoom;
  return {
    columns, rows,
    left: clamp(zoom.left, 0, kind.columns - columns),
    top: clamp(zoom.top, 0, kind.rows - rows),
  };
}

export function mostZoom(layout) {
  return Math.max(1, Math.min(64, 64 / Math.max(0.5, Math.min(layout.cw, layout.ch * 1.6))));
}

// Zoom by a factor around a point given as fractions of the cells' box.
export function zoomed(kind, layout, zoom, factor, fx, fy) {
  const next = clamp(zoom.zoom * factor, 1, mostZoom(layout));
  const part = windowOf(kind, zoom);
  const after = { columns: kind.columns / next, rows: kind.rows / next };
  return {
    zoom: next,
    left: clamp(part.left + fx * (part.columns - after.columns), 0, kind.columns - after.columns),
    top: clamp(part.top + fy * (part.rows - after.rows), 0, kind.rows - after.rows),
  };
}

// Which label an index range shows, given the room one needs.
export function shownIndices(low, high, pitch, need) {
  const step = stride(pitch, need);
  const indices = [];
  for (let i = Math.ceil(low / step - 1e-9) * step; i < high; i += step) indices.push(i);
  return indices;
}

export function paintRowLabel(painter, kind, layout, theme, q, y, { lit, room }) {
  const size = layout.rowSize;
  const weight = lit ? 700 : 400;
  const right = layout.cells.x - 8;
  const colour = lit ? theme.query : kind.unknownRows.has(q) ? theme.alarm : theme.ink;
  let x = right;
  if (kind.nextLabels.length) {
    const heavy = fontOf(theme, size, 600);
    const next = fitted(kind.nextLabels[q], room * 0.58, heavy);
    painter.text(next, x, y, { size, colour: lit ? theme.query : theme.ink, weight: 600, align: "right" });
    x -= textWidth(next, heavy);
    painter.text(" → ", x, y, { size, colour: theme.muted, align: "right" });
    x -= layout.arrow;
  }
  const font = fontOf(theme, size, weight);
  const label = fitted(kind.rowLabels[q], Math.max(size, room - (right - x)), font);
  const plain = kind.nextLabels.length && !lit && !kind.unknownRows.has(q) ? theme.muted : colour;
  painter.text(label, x, y, { size, colour: plain, weight, align: "right" });
  if (kind.unknownRows.has(q)) {
    painter.line(x - textWidth(label, font), y + size * 0.68, x, y + size * 0.68, theme.alarm, 1.5, 1, [2, 3]);
  }
}

function liesFlat(label, style, font) {
  return !style.angle || (style.flatRoom > 0 && textWidth(label, font) <= style.flatRoom + 1);
}

export function paintColumnLabel(painter, label, style, theme, x, base, { lit, unknown, colour, below }) {
  const weight = lit ? 700 : 400;
  const ink = lit ? colour : unknown ? theme.alarm : theme.ink;
  const font = fontOf(theme, style.size, weight);
  const text = fitted(label, Math.max(style.room, style.size), font);
  if (liesFlat(label, style, font)) {
    const y = below ? base + style.size * 0.75 : base - style.size * 0.75;
    painter.text(text, x, y, { size: style.size, colour: ink, weight, align: "center" });
    if (unknown) {
      const half = textWidth(text, font) / 2;
      painter.line(x - half, y + style.size * 0.68, x + half, y + style.size * 0.68, theme.alarm, 1.5, 1, [2, 3]);
    }
    return;
  }
  const y = below ? base + 3 : base - 3;
  painter.text(text, x, y, { size: style.size, colour: ink, weight, align: below ? "right" : "left", angle: style.angle });
}

function paintNumbers(painter, kind, layer, head, layout, part, state, theme) {
  const cw = layout.cells.w / part.columns;
  const ch = layout.cells.h / part.rows;
  const size = clamp(Math.min(cw * 0.36, ch * 0.56), 0, layout.rowSize * 1.1);
  const short = size < 10 || cw < 30;
  const written = short ? Math.min(cw * 0.5, ch * 0.55, 12) : size;
  if (written < 9) return;
  const peaks = kind.peaks(layer, head);
  const { cells } = layout;
  painter.clipped(cells.x, cells.y, cells.w, cells.h, () => {
    for (let q = Math.floor(part.top); q < Math.min(kind.rows, part.top + part.rows); q++) {
      for (let k = Math.floor(part.left); k < Math.min(kind.columns, part.left + part.columns); k++) {
        const weight = kind.weight(layer, head, q, k);
        const visible = kind.visible(layer, head, q, k);
        if (!visible && weight === 0) continue;
        const level = Math.round(intensity(weight || 0, state.scale, peaks[q]) * 255);
        const text = decimals(weight);
        if (short && text === "0.00") continue;
        painter.text(short ? text.replace(/^0/, "") : text, cells.x + (k + 0.5 - part.left) * cw, cells.y + (q + 0.5 - part.top) * ch, {
          size: written, align: "center", weight: weight >= 0.3 ? 600 : 400,
          colour: visible && !Number.isNaN(weight) ? theme.inkOn[level] : theme.alarm,
        });
      }
    }
  });
}

export function paintMatrix(painter, layout, state, theme) {
  const { kind, layer, head } = state;
  const part = windowOf(kind, state.zoom);
  const { cells } = layout;
  const mode = state.view === "mask" ? "mask" : "weights";
  paintCells(painter, kind, layer, head, cells, part, { scale: state.scale, theme, mode, maxColumns: 4096, maxRows: 4096 });
  if (mode === "weights") paintNumbers(painter, kind, layer, head, layout, part, state, theme);
  painter.frame(cells.x - 0.5, cells.y - 0.5, cells.w + 1, cells.h + 1, theme.line, 1);
  const ch = cells.h / part.rows;
  const cw = cells.w / part.columns;
  for (const q of shownIndices(part.top, Math.min(kind.rows, part.top + part.rows - 0.4), ch, layout.rowSize * 1.12)) {
    const y = cells.y + (q + 0.5 - part.top) * ch;
    if (y > cells.y) paintRowLabel(painter, kind, layout, theme, q, y, { lit: false, room: layout.rowRoom });
  }
  const style = styleAt(layout, cw);
  const need = style.angle ? (style.flatRoom ? 1 : style.size * 1.12) : style.room > style.flatRoom ? style.room + 5 : 1;
  for (const k of shownIndices(part.left, Math.min(kind.columns, part.left + part.columns - 0.4), cw, need)) {
    const x = cells.x + (k + 0.5 - part.left) * cw;
    if (x < cells.x) continue;
    paintColumnLabel(painter, kind.columnLabels[k], style, theme, x, cells.y - 2, {
      unknown: kind.unknownColumns.has(k),
    });
  }
}

// Labels that stand or lean may lie flat once zoomed in far enough.
export function styleAt(layout, cw) {
  const style = layout.columnStyle;
  if (!style.angle || cw < style.room + 6) return style;
  return { ...style, angle: 0, room: cw - 4 };
}

// The light on the large head: cross, framed labels.
export function paintMatrixLight(painter, layout, state, lit, theme) {
  const { kind } = state;
  const part = windowOf(kind, state.zoom);
  const { cells } = layout;
  paintCross(painter, cells, part, lit, theme, 0.5);
  const cw = cells.w / part.columns;
  const ch = cells.h / part.rows;
  if (lit.row !== null && lit.row + 0.5 >= part.top && lit.row + 0.5 <= part.top + part.rows) {
    const y = cells.y + (lit.row + 0.5 - part.top) * ch;
    const height = layout.rowSize * 1.5;
    const x = cells.x - layout.rowRoom - 12;
    painter.pill(x, y - height / 2, layout.rowRoom + 9, height, 5, theme.surface);
    painter.pill(x, y - height / 2, layout.rowRoom + 9, height, 5, theme.query, 0.14);
    if (ch < height) painter.frame(x, y - height / 2, layout.rowRoom + 9, height, theme.query, 1, 5);
    paintRowLabel(painter, kind, layout, theme, lit.row, y, { lit: true, room: layout.rowRoom });
  }
  if (lit.column !== null && lit.column + 0.5 >= part.left && lit.column + 0.5 <= part.left + part.columns) {
    const style = styleAt(layout, cw);
    const x = cells.x + (lit.column + 0.5 - part.left) * cw;
    const label = kind.columnLabels[lit.column];
    const font = fontOf(theme, style.size, 700);
    if (liesFlat(label, style, font)) {
      const width = textWidth(fitted(label, Math.max(style.room, style.size), font), font) + 12;
      painter.rect(x - width / 2, cells.y - style.size * 1.5 - 2, width, style.size * 1.5, theme.surface);
      painter.pill(x - width / 2, cells.y - style.size * 1.5 - 2, width, style.size * 1.5, 5, theme.key, 0.18);
    } else painter.rect(x - cw / 2, layout.box.y, Math.max(cw, 2), cells.y - layout.box.y - 3, theme.key, 0.16);
    paintColumnLabel(painter, label, style, theme, x, cells.y - 2, { lit: true, colour: theme.key });
  }
}

// What lies under a point: {row, column} — a cell, or a label when one of them is null.
export function hitMatrix(layout, state, x, y) {
  const { kind } = state;
  const { cells, box } = layout;
  const part = windowOf(kind, state.zoom);
  if (x < box.x || y < box.y || x > cells.x + cells.w || y > cells.y + cells.h) return null;
  const row = y < cells.y ? null : clamp(Math.floor(part.top + ((y - cells.y) / cells.h) * part.rows), 0, kind.rows - 1);
  const column = x < cells.x ? null : clamp(Math.floor(part.left + ((x - cells.x) / cells.w) * part.columns), 0, kind.columns - 1);
  return row === null && column === null ? null : { row, column };
}
