// The grid of all heads: static layer, and the light on one row and one column of every head.

import { paintCells } from "../../front/cells.js";
import { fill, fontOf, textWidth } from "../../front/labels.js";
import { paintCross } from "../../front/light.js";
import { clamp, lossChange, numberText, probabilityText, signedText } from "../../front/numbers.js";

// `token`: the output token whose loss and probability are written instead of the sentence's; null for the sentence.
export function headCaption(kind, text, layer, head, token = null) {
  const entropy = kind.statistic("entropy", layer, head);
  const delta = kind.statistic("delta_loss", layer, head);
  const sign = kind.isEstimated?.(layer, head) ? text.estimate_sign : "";
  const value = (v, format) => (v === null ? text.pending : format(v));
  if (token !== null && kind.worth && kind.worth.knows(token)) {
    const change = `Δ ${signedText(kind.worth.change(token, layer, head))}`;
    const without = kind.worth.after(token, layer, head);
    const after = probabilityText(without);
    const before = probabilityText(kind.worth.before[token]);
    const mean = delta === undefined || delta === null ? [] : [`${change} · ${text.mean_short} ${signedText(delta)}`];
    return { entropy: [`p ${before} → ${after}`, `p ${before} → ${numberText(without, 2)}`, `p → ${after}`, after], delta: [...mean, change] };
  }
  return {
    entropy: entropy === undefined ? [] : shorter([text.entropy_short], value(entropy, numberText)),
    delta: delta === undefined ? [] : shorter([text.delta_loss_short, text.delta_loss_tiny], `${sign}${value(delta, lossChange)}`),
  };
}

// The same value with ever fewer words.
function shorter(names, value) {
  return [...names.map((name) => `${name} ${value}`), value];
}

// The head whose removal costs most: its Δloss is written bold.
export function costliest(kind, token = null) {
  if (token !== null && kind.worth && kind.worth.knows(token)) {
    const most = kind.worth.most(token);
    return most.value > 0.005 ? most : null;
  }
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

// state: {kind, scale, view, isOff(layer, head), layer, head}; `marks` draws selection and switches too.
export function paintGrid(painter, layout, state, text, theme, marks = false) {
  const most = costliest(state.kind, state.token);
  for (const box of layout.boxes) paintHeadBox(painter, layout, box, state, text, theme, { marks, most });
}

// The place of one head, to be painted anew: its name, its cells and its captions.
export function placeOf(layout, { head, x, y, column, rowHeight }) {
  const left = head === 0 ? 0 : x - 3;
  return [left, y - 3, x + column + 3 - left, rowHeight + 8];
}

export function paintHeadBox(painter, layout, box, state, text, theme, { marks = false, most }) {
  const { kind } = state;
  const { layer, head, cells } = box;
  const off = state.isOff(layer, head);
  const chosen = state.layer === layer && state.head === head;
  const name = fill(layout.compact && !layout.sorted ? text.head_tiny : text.head_short, { layer: layer + 1, head: head + 1 });
  const middle = box.y + layout.titleHeight / 2 - 1;
  const style = { size: layout.small, weight: chosen ? 700 : 500, colour: off ? theme.muted : theme.ink };
  painter.text(name, box.x, middle, style);
  if (layout.compact && !layout.sorted && head === 0) {
    painter.text(fill(text.layer_tiny, { layer: layer + 1 }), 1, middle, { size: layout.small, weight: 700, colour: theme.muted });
  }
  if (off && (marks || box.column > layout.base * 9)) {
    const shift = textWidth(name, fontOf(theme, layout.small, 700)) + 8;
    painter.text(text.off, box.x + shift, middle, { size: layout.small, weight: 600, colour: theme.alarm });
  }
  const thumb = kind.thumb(layer, head).look({ scale: state.scale, mode: state.view === "mask" ? "mask" : "weights", theme });
  paintCells(painter, thumb, cells, { left: 0, top: 0, columns: thumb.columns, rows: thumb.rows }, theme, { fine: true });
  if (off) {
    painter.rect(cells.x, cells.y, cells.w, cells.h, theme.surface, 0.72);
    painter.line(cells.x, cells.y + cells.h, cells.x + cells.w, cells.y, theme.alarm, 1.5, 0.8);
  }
  painter.frame(cells.x - 0.5, cells.y - 0.5, cells.w + 1, cells.h + 1, theme.line, 1);
  if (marks && chosen) painter.frame(cells.x - 2.5, cells.y - 2.5, cells.w + 5, cells.h + 5, theme.strong, 3, 2);
  paintCaption(painter, layout, box, headCaption(kind, text, layer, head, state.token), theme, Boolean(most && most.layer === layer && most.head === head));
}

function paintCaption(painter, layout, box, caption, theme, heavy) {
  const { cells } = box;
  if (layout.brief) caption.entropy = [];
  const y = cells.y + cells.h + 4 + layout.lineHeight / 2 + 1;
  const room = box.column - 2;
  const write = (choices, x, at, align, colour, weight) => {
    const font = fontOf(theme, layout.small, weight);
    const line = choices.find((one) => textWidth(one, font) <= room) || choices[choices.length - 1];
    painter.text(line, x, at, { size: layout.small, colour, weight, align });
  };
  if (caption.entropy.length) write(caption.entropy, box.x, y, "left", theme.muted, 400);
  if (!caption.delta.length) return;
  const [colour, weight] = heavy ? [theme.ink, 700] : [theme.muted, 400];
  if (layout.oneLine) write(caption.delta, box.x + cells.w, y, "right", colour, weight);
  else write(caption.delta, box.x, y + (caption.entropy.length ? layout.lineHeight : 0), "left", colour, weight);
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
