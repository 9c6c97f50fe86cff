// The picture as a sheet of its own, for PNG and SVG: title, all heads, the chosen one, numbers, legend.

import { fill, fontOf, textWidth } from "../../front/labels.js";
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
  const y = size.height - margin - 4;
  painter.text(`${text.weight} 0`, margin, y, { size: base, colour: theme.muted });
  const start = margin + textWidth(`${text.weight} 0`, fontOf(theme, base)) + 8;
  for (let i = 0; i < 80; i++) painter.rect(start + i * 2, y - 8, 160 - i * 2, 16, theme.css[Math.round((i * 255) / 79)]);
  painter.frame(start - 0.5, y - 8.5, 161, 17, theme.line, 1);
  painter.text("1", start + 168, y, { size: base, colour: theme.muted });
  painter.hatch(start + 200, y - 8, 30, 16);
  painter.frame(start + 199.5, y - 8.5, 31, 17, theme.line, 1);
  painter.text(text.blocked, start + 238, y, { size: base, colour: theme.muted });
}

// The same painter with its origin elsewhere.
function moved(painter, dx, dy, draw) {
  draw(
    new Proxy(painter, {
      get(target, name) {
        const value = target[name];
        if (typeof value !== "function") return value;
        if (name === "text") return (s, x, y, o) => target.text(s, x + dx, y + dy, o);
        if (name === "raster") return (r, x, y, ...rest) => target.raster(r, x + dx, y + dy, ...rest);
        if (name === "rects") return (boxes, colour) => target.rects(boxes.map(([x, y, w, h]) => [x + dx, y + dy, w, h]), colour);
        if (name === "line") return (a, b, c, d, ...rest) => target.line(a + dx, b + dy, c + dx, d + dy, ...rest);
        return (x, y, ...rest) => value.call(target, x + dx, y + dy, ...rest);
      },
    })
  );
}
