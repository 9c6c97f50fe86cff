// The picture as a sheet of its own, for PNG and SVG: title, all heads, the chosen one, numbers, legend.

import { fill, fontOf, textWidth } from "../../front/labels.js";
import { paintLegend } from "../../front/legend.js";
import { moved } from "../../front/painter.js";
import { WHOLE } from "../../front/zoom.js";
import { paintGrid } from "./grid.js";
import { gridLayout, headLayout, splitOf } from "./layout.js";
import { paintLines } from "./lines.js";
import { paintMatrix } from "./matrix.js";
import { statisticRows } from "./stats.js";

export function sheetSize(state, theme) {
  const base = 17;
  const margin = 36;
  const width = 1680;
  const split = splitOf(state.kind, width - 3 * margin, 800, base);
  const grid = gridLayout(state.kind, split, 800, base, 2);
  return { base, margin, width: Math.max(width, grid.width + 1000), height: Math.max(1000, grid.height + 200), gridWidth: Math.max(split, grid.width), grid, theme };
}

export function paintSheet(painter, stage, size) {
  const { state, picture } = stage;
  const { text } = picture;
  const { base, margin, theme } = size;
  const { kind, layer, head } = state;
  painter.rect(0, 0, size.width, size.height, theme.surface);
  const title = `${text[`kind_${kind.id}`]} · ${fill(text.head_title, { layer: layer + 1, head: head + 1 })}`;
  painter.text(title, margin, margin + 14, { size: 30, weight: 700, colour: theme.ink });
  painter.text(`${picture.name} · ${kind.sites[layer]} · ${text.scales}: ${text[`scale_${state.scale}`]}`, margin, margin + 52, {
    size: base, colour: theme.muted,
  });
  const numbers = statisticRows(kind, layer, head, text)
    .map((row) => `${row.label} ${row.value}${row.unit ? ` ${row.unit}` : ""}`)
    .join("   ·   ");
  const top = margin + 92;
  const left = margin + size.gridWidth + margin;
  moved(painter, margin, top, (p) => paintGrid(p, size.grid, state, text, theme, true));
  const shown = { ...state, zoom: WHOLE };
  const bottom = size.height - margin - 30;
  const layout = headLayout(kind, stage.view(), size.width - left - margin, bottom - top - 40, { beside: false, height: 0, width: 0 }, theme, base, 2);
  const room = size.width - left - margin;
  const small = Math.min(base, (base * room) / textWidth(numbers, fontOf(theme, base)));
  painter.text(numbers, left, top + 8, { size: small, colour: theme.ink });
  moved(painter, left, top + 40, (p) => {
    if (layout.matrix) paintMatrix(p, layout.matrix, shown, theme);
    if (layout.lines) paintLines(p, layout.lines, shown, theme);
  });
  paintLegend(painter, theme, text, margin, size.height - margin - 4, base);
}
