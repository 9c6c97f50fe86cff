// @ts-check
// The legend of a sheet: from weight 0 to 1, and what is blocked.

import { fontOf, textWidth } from "./labels.js";

/** @param {import("./cells.js").Painter} painter @param {any} theme @param {Record<string, string>} text @param {number} x @param {number} y the middle of the line @param {number} size of letters */
export function paintLegend(painter, theme, text, x, y, size) {
  const words = { size, colour: theme.muted };
  painter.text(`${text.weight} 0`, x, y, words);
  const start = x + textWidth(`${text.weight} 0`, fontOf(theme, size)) + 8;
  for (let i = 0; i < 80; i++) painter.rect(start + i * 2, y - 8, 160 - i * 2, 16, theme.css[Math.round((i * 255) / 79)]);
  painter.frame(start - 0.5, y - 8.5, 161, 17, theme.line, 1);
  painter.text("1", start + 168, y, words);
  painter.hatch(start + 200, y - 8, 30, 16);
  painter.frame(start + 199.5, y - 8.5, 31, 17, theme.line, 1);
  painter.text(text.blocked, start + 238, y, words);
}
