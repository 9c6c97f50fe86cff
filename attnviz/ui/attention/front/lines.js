// The line view: keys above, queries below, a line for every weight worth seeing.

import { clamp, stride } from "../../front/labels.js";
import { paintColumnLabel } from "../../front/matrix.js";
import { intensity } from "./model.js";

const MOST_LINES = 5000;

// The weights to draw, lightest first so that heavy lines lie on top.
function linesOf(kind, layer, head, scale) {
  const peaks = kind.peaks(layer, head);
  const found = [];
  const least = scale === "linear" ? 0.015 : 0.05;
  for (let q = 0; q < kind.rows; q++) {
    for (let k = 0; k < kind.columns; k++) {
      const weight = kind.weight(layer, head, q, k);
      const level = intensity(weight, scale, peaks[q]);
      if (level >= least) found.push({ q, k, level });
    }
  }
  found.sort((a, b) => a.level - b.level);
  return found.slice(-MOST_LINES);
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
  for (const line of linesOf(kind, layer, head, state.scale)) paintLine(painter, layout, theme, line, theme.strong);
  paintSide(painter, kind.columnLabels, layout.above, kind.unknownColumns, theme, layout.top - 4, false);
  const unknown = kind.nextLabels.length ? new Set() : kind.unknownRows;
  paintSide(painter, lowerLabels(kind), layout.below, unknown, theme, layout.bottom + 4, true);
}

// Only the lines of the lit row (in query blue) and of the lit column (in key orange) stay strong.
export function paintLinesLight(painter, layout, state, lit, theme) {
  const { kind, layer, head } = state;
  const { box } = layout;
  painter.rect(box.x, box.y, box.w, box.h, theme.surface, 0.78);
  const peaks = kind.peaks(layer, head);
  const drawn = (q, k, colour) => {
    const level = intensity(kind.weight(layer, head, q, k), state.scale, peaks[q]);
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
