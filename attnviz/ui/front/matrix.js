// @ts-check
// The labels of a matrix, and what lies under a point of it.

import { fitted, fontOf, textWidth } from "./labels.js";
import { labelsWidth } from "./layout.js";
import { clamp } from "./numbers.js";
import { shownIndices, windowOf } from "./zoom.js";

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

export function liesFlat(label, style, font) {
  return !style.angle || (style.flatRoom > 0 && textWidth(label, font) <= style.flatRoom + 1);
}

export function paintColumnLabel(painter, label, style, theme, x, base, { lit = false, unknown = false, colour = theme.ink, below = false }) {
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

// Labels that stand or lean may lie flat once zoomed in far enough.
export function styleAt(layout, cw) {
  const style = layout.columnStyle;
  if (!style.angle || cw < style.room + 6) return style;
  return { ...style, angle: 0, room: cw - 4 };
}

// What lies under a point: {row, column} — a cell, or a label when one of them is null.
export function hitMatrix(layout, size, zoom, x, y) {
  const { cells, box } = layout;
  const part = windowOf(size, zoom);
  if (x < box.x || y < box.y || x > cells.x + cells.w || y > cells.y + cells.h) return null;
  const row = y < cells.y ? null : clamp(Math.floor(part.top + ((y - cells.y) / cells.h) * part.rows), 0, size.rows - 1);
  const column = x < cells.x ? null : clamp(Math.floor(part.left + ((x - cells.x) / cells.w) * part.columns), 0, size.columns - 1);
  return row === null && column === null ? null : { row, column };
}

// Labels of a matrix, thinned when they don't fit; the lit ones are always there.
export function paintRowLabels(painter, axes, layout, part, theme, lit) {
  const ch = layout.cells.h / part.rows;
  const last = Math.min(axes.rows, part.top + part.rows - 0.4);
  const indices = new Set(shownIndices(part.top, last, ch, layout.rowSize * 1.12));
  const inside = lit !== null && lit + 0.5 >= part.top && lit + 0.5 <= part.top + part.rows;
  for (const q of indices) {
    const y = layout.cells.y + (q + 0.5 - part.top) * ch;
    const hidden = inside && Math.abs(q - lit) * ch < layout.rowSize * 1.2;
    if (y > layout.cells.y && !hidden) paintRowLabel(painter, axes, layout, theme, q, y, { lit: false, room: layout.rowRoom });
  }
  if (inside) {
    const y = layout.cells.y + (lit + 0.5 - part.top) * ch;
    painter.pill(layout.cells.x - layout.rowRoom - 12, y - layout.rowSize * 0.75, layout.rowRoom + 9, layout.rowSize * 1.5, 5, theme.query, 0.14);
    paintRowLabel(painter, axes, layout, theme, lit, y, { lit: true, room: layout.rowRoom });
  }
}

export function paintColumnLabels(painter, axes, layout, part, theme, lit, only = null) {
  const cw = layout.cells.w / part.columns;
  const usual = styleAt(layout, cw);
  // Labels that could only stand when all are written lie flat when most are left out.
  const width = labelsWidth(axes.columnLabels, theme, usual.size);
  const crowded = cw < usual.size * 1.12;
  const style = crowded ? { ...usual, angle: 0, room: width, flatRoom: width } : usual;
  const need = crowded ? width + 8 : style.angle ? style.size * 1.12 : cw;
  const last = Math.min(axes.columns, part.left + part.columns - 0.4);
  const indices = only || shownIndices(part.left, last, cw, need);
  const inside = lit !== null && lit + 0.5 >= part.left && lit + 0.5 <= part.left + part.columns;
  for (const k of indices) {
    const x = layout.cells.x + (k + 0.5 - part.left) * cw;
    const hidden = inside && k !== lit && Math.abs(k - lit) * cw < need * 0.95;
    if (x < layout.cells.x || hidden || (inside && k === lit)) continue;
    paintColumnLabel(painter, axes.columnLabels[k], style, theme, x, layout.cells.y - 2, { unknown: axes.unknownColumns.has(k) });
  }
  if (inside) {
    const x = layout.cells.x + (lit + 0.5 - part.left) * cw;
    paintColumnLabel(painter, axes.columnLabels[lit], style, theme, x, layout.cells.y - 2, { lit: true, colour: theme.key });
  }
}
