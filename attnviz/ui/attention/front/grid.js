// The grid of all heads: static layer, and the light on one row and one column of every head.

import { paintCells } from "../../front/cells.js";
import { clamp, fill, fontOf, signed, textWidth } from "../../front/labels.js";

export function headCaption(kind, text, layer, head) {
  const entropy = kind.statistic("entropy", layer, head);
  const delta = kind.statistic("delta_loss", layer, head);
  const value = (v, format) => (v === null ? text.pending : format(v));
  return {
    entropy: entropy === undefined ? [] : shorter([text.entropy_short], value(entropy, (v) => v.toFixed(2))),
    delta: delta === undefined ? [] : shorter([text.delta_loss_short, text.delta_loss_tiny], value(delta, (v) => signed(v, lossDigits(kind)))),
  };
}

// The same value with ever fewer words.
function shorter(names, value) {
  return [...names.map((name) => `${name} ${value}`), value];
}

// Where all heads matter little, a third decimal tells them apart.
export function lossDigits(kind) {
  const known = kind.stats.delta_loss.flat().filter((value) => value !== null);
  return known.length && Math.max(...known.map(Math.abs)) < 0.095 ? 3 : 2;
}

// The head whose removal costs most: its Δloss is written bold.
function costliest(kind) {
  const table = kind.stats.delta_loss;
  if (!table) return null;
  let best = null;
  table.forEach((row, layer) =>
    row.forEach((value, head) => {
      if (value !== null && value > 0.0005 && (!best || value > best.value)) best = { layer, head, value };
    })
  );
  return best;
}

// state: {kind, scale, mask view?, isOff(layer, head), chosen: {layer, head}}; `marks` draws selection and switches too.
export function paintGrid(painter, layout, state, text, theme, marks = false) {
  const { kind } = state;
  const most = costliest(kind);
  for (const box of layout.boxes) {
    const { layer, head, cells } = box;
    const off = state.isOff(layer, head);
    const chosen = state.layer === layer && state.head === head;
    const name = fill(layout.compact ? text.head_tiny : text.head_short, { layer: layer + 1, head: head + 1 });
    const middle = box.y + layout.titleHeight / 2 - 1;
    const style = { size: layout.small, weight: chosen ? 700 : 500, colour: off ? theme.muted : theme.ink };
    painter.text(name, box.x, middle, style);
    if (layout.compact && head === 0) {
      painter.text(fill(text.layer_tiny, { layer: layer + 1 }), 1, middle, { size: layout.small, weight: 700, colour: theme.muted });
    }
    if (off && (marks || box.column > layout.base * 9)) {
      const shift = textWidth(name, fontOf(theme, layout.small, 700)) + 8;
      painter.text(text.off, box.x + shift, middle, { size: layout.small, weight: 600, colour: theme.alarm });
    }
    const limits = { maxColumns: cells.w * 2, maxRows: cells.h * 2 };
    const part = { left: 0, top: 0, columns: kind.columns, rows: kind.rows };
    const mode = state.view === "mask" ? "mask" : "weights";
    paintCells(painter, kind, layer, head, cells, part, { scale: state.scale, theme, mode, fine: true, ...limits });
    if (off) {
      painter.rect(cells.x, cells.y, cells.w, cells.h, theme.surface, 0.72);
      painter.line(cells.x, cells.y + cells.h, cells.x + cells.w, cells.y, theme.alarm, 1.5, 0.8);
    }
    painter.frame(cells.x - 0.5, cells.y - 0.5, cells.w + 1, cells.h + 1, theme.line, 1);
    if (marks && chosen) painter.frame(cells.x - 2.5, cells.y - 2.5, cells.w + 5, cells.h + 5, theme.strong, 3, 2);
    const caption = headCaption(kind, text, layer, head);
    if (layout.brief) caption.entropy = [];
    const heavy = most && most.layer === layer && most.head === head;
    const y = cells.y + cells.h + 4 + layout.lineHeight / 2 + 1;
    const room = box.column - 2;
    const write = (choices, x, at, align, colour, weight) => {
      const font = fontOf(theme, layout.small, weight);
      const line = choices.find((one) => textWidth(one, font) <= room) || choices[choices.length - 1];
      painter.text(line, x, at, { size: layout.small, colour, weight, align });
    };
    if (caption.entropy.length) write(caption.entropy, box.x, y, "left", theme.muted, 400);
    if (!caption.delta.length) continue;
    const [colour, weight] = heavy ? [theme.ink, 700] : [theme.muted, 400];
    if (layout.oneLine) write(caption.delta, box.x + cells.w, y, "right", colour, weight);
    else write(caption.delta, box.x, y + (caption.entropy.length ? layout.lineHeight : 0), "left", colour, weight);
  }
}

// Everything outside the lit row and column is dimmed; the row is framed as a query, the column as a key.
export function paintCross(painter, cells, part, lit, theme, dim) {
  const cw = cells.w / part.columns;
  const ch = cells.h / part.rows;
  const inside = (value, low, count) => value !== null && value + 1 > low && value < low + count;
  const row = inside(lit.row, part.top, part.rows) ? lit.row : null;
  const column = inside(lit.column, part.left, part.columns) ? lit.column : null;
  const y = row === null ? null : cells.y + (row - part.top) * ch;
  const x = column === null ? null : cells.x + (column - part.left) * cw;
  const rowHeight = Math.max(ch, 2);
  const columnWidth = Math.max(cw, 2);
  const bands = y === null ? [[cells.y, cells.h]] : [[cells.y, y - cells.y], [y + rowHeight, cells.y + cells.h - y - rowHeight]];
  painter.clipped(cells.x - 2, cells.y - 2, cells.w + 4, cells.h + 4, () => {
    for (const [top, height] of bands) {
      if (height <= 0) continue;
      if (x === null) painter.rect(cells.x, top, cells.w, height, theme.surface, dim);
      else {
        painter.rect(cells.x, top, Math.max(0, x - cells.x), height, theme.surface, dim);
        painter.rect(x + columnWidth, top, Math.max(0, cells.x + cells.w - x - columnWidth), height, theme.surface, dim);
      }
    }
    const width = Math.min(cw, ch) > 18 ? 2.5 : Math.min(cw, ch) > 6 ? 2 : 1.25;
    const out = Math.min(cw, ch) > 10 ? 0 : 0.75;
    if (x !== null) painter.frame(x - out, cells.y, columnWidth + 2 * out, cells.h, theme.key, width);
    if (y !== null) painter.frame(cells.x, y - out, cells.w, rowHeight + 2 * out, theme.query, width);
  });
}

export function paintGridLight(painter, layout, kind, lit, theme) {
  const part = { left: 0, top: 0, columns: kind.columns, rows: kind.rows };
  for (const box of layout.boxes) paintCross(painter, box.cells, part, lit, theme, 0.5);
}

// Which cell of which head lies under a point of the grid.
export function hitGrid(layout, kind, x, y) {
  for (const { layer, head, cells } of layout.boxes) {
    if (x < cells.x || y < cells.y || x >= cells.x + cells.w || y >= cells.y + cells.h) continue;
    return {
      layer, head,
      row: clamp(Math.floor(((y - cells.y) / cells.h) * kind.rows), 0, kind.rows - 1),
      column: clamp(Math.floor(((x - cells.x) / cells.w) * kind.columns), 0, kind.columns - 1),
    };
  }
  return null;
}
