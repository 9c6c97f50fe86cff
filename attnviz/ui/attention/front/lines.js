// The line view: keys above, queries below, a line for every weight worth seeing.

import { paintColumnLabel } from "../../front/matrix.js";
import { clamp } from "../../front/numbers.js";
import { intensity } from "../../front/scale.js";
import { stride } from "../../front/zoom.js";

export const MOST_LINES = 2000; // more are a grey veil, and take longer than a frame

// The weights to draw, as cells in the order of their weight, so that heavy lines lie on top; of very many the heaviest.
// `levels`: how strong each is, of 255.
export function linesOf(cells, scale) {
  const peaks = cells.peaks();
  const least = scale === "linear" ? 0.015 : 0.05;
  const { rows, columns } = cells;
  const counts = new Uint32Array(257);
  const levels = new Uint8Array(rows * columns);
  for (let q = 0, at = 0; q < rows; q++) {
    for (let k = 0; k < columns; k++, at++) {
      if (!cells.codes[at]) continue;
      const level = intensity(cells.decode(cells.codes[at]), scale, peaks[q]);
      if (!(level >= least)) continue;
      levels[at] = Math.max(1, Math.round(level * 255));
      counts[levels[at]]++;
    }
  }
  // Sorted by counting: where the lines of each level begin, the lightest first.
  let lightest = 255;
  let total = counts[255];
  while (lightest > 1 && total < MOST_LINES) total += counts[--lightest];
  const begin = new Uint32Array(257);
  for (let level = lightest; level <= 255; level++) begin[level + 1] = begin[level] + counts[level];
  const order = new Uint32Array(total);
  for (let at = 0; at < levels.length; at++) if (levels[at] >= lightest) order[begin[levels[at]]++] = at;
  return { order: order.subarray(-MOST_LINES), levels };
}

function paintLine(painter, layout, theme, { q, k, level }, colour, boost = 1) {
  const room = clamp(Math.min(layout.above.pitch, layout.below.pitch) / 26, 0.25, 1);
  const width = boost > 1 ? Math.max(1.2, 9 * level * Math.max(room, 0.55)) : Math.max(0.6, 7.5 * level * room);
  painter.line(
    layout.above.x(k), layout.top, layout.below.x(q), layout.bottom, colour, width,
    clamp((0.1 + 0.75 * level) * boost * (0.5 + room / 2), 0.05, 1)
  );
}

export function lowerLabels(kind) {
  return kind.nextLabels.length ? kind.nextLabels : kind.rowLabels;
}

function paintSide(painter, labels, side, unknown, theme, base, below, only) {
  const need = side.angle ? (side.flatRoom ? 1 : side.size * 1.15) : side.room > side.flatRoom ? side.room + 5 : 1;
  const step = stride(side.pitch, need);
  labels.forEach((label, i) => {
    if (only ? !only.has(i) : i % step !== 0) return;
    paintColumnLabel(painter, label, side, theme, side.x(i), base, {
      unknown: unknown.has(i), below, lit: Boolean(only), colour: below ? theme.query : theme.key,
    });
  });
}

export function paintLines(painter, layout, state, theme) {
  const { kind, layer, head } = state;
  const cells = kind.cells(layer, head);
  if (cells) {
    const { order, levels } = linesOf(cells, state.scale);
    for (const at of order) {
      const q = Math.floor(at / cells.columns);
      paintLine(painter, layout, theme, { q, k: at - q * cells.columns, level: levels[at] / 255 }, theme.strong);
    }
  }
  paintSide(painter, kind.columnLabels, layout.above, kind.unknownColumns, theme, layout.top - 4, false);
  const unknown = kind.nextLabels.length ? new Set() : kind.unknownRows;
  paintSide(painter, lowerLabels(kind), layout.below, unknown, theme, layout.bottom + 4, true);
}

// Only the lines of the lit row (in query blue) and of the lit column (in key orange) stay strong.
export function paintLinesLight(painter, layout, state, lit, theme) {
  const { kind, layer, head } = state;
  const { box } = layout;
  painter.rect(box.x, box.y, box.w, box.h, theme.surface, 0.78);
  const cells = kind.cells(layer, head);
  const drawn = (q, k, colour) => {
    const level = cells ? intensity(cells.weight(q, k), state.scale, cells.peaks()[q]) : 0;
    if (level >= 0.01) paintLine(painter, layout, theme, { q, k, level }, colour, 1.6);
  };
  const above = new Set();
  const below = new Set();
  if (lit.column !== null) {
    above.add(lit.column);
    for (let q = 0; q < kind.rows; q++) drawn(q, lit.column, theme.key);
  }
  if (lit.row !== null) {
    below.add(lit.row);
    for (let k = 0; k < kind.columns; k++) drawn(lit.row, k, theme.query);
  }
  paintSide(painter, kind.columnLabels, layout.above, kind.unknownColumns, theme, layout.top - 4, false);
  const unknown = kind.nextLabels.length ? new Set() : kind.unknownRows;
  paintSide(painter, lowerLabels(kind), layout.below, unknown, theme, layout.bottom + 4, true);
  const veil = (side, only, y, height) => {
    for (const i of only) painter.rect(side.x(i) - Math.max(side.pitch / 2, 6), y, Math.max(side.pitch, 12), height, theme.surface);
  };
  veil(layout.above, above, box.y, layout.top - 5 - box.y);
  veil(layout.below, below, layout.bottom + 5, box.y + box.h - layout.bottom - 5);
  paintSide(painter, kind.columnLabels, layout.above, kind.unknownColumns, theme, layout.top - 4, false, above);
  paintSide(painter, lowerLabels(kind), layout.below, unknown, theme, layout.bottom + 4, true, below);
}

// The nearer row of labels decides: above a key, below a query.
export function hitLines(layout, kind, x, y) {
  const { box } = layout;
  if (x < box.x || x > box.x + box.w || y < box.y || y > box.y + box.h) return null;
  const upper = y < (layout.top + layout.bottom) / 2;
  const side = upper ? layout.above : layout.below;
  const count = upper ? kind.columns : kind.rows;
  const index = clamp(Math.round((x - side.x(0)) / side.pitch), 0, count - 1);
  return upper ? { row: null, column: index } : { row: index, column: null };
}
