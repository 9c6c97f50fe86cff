// How the lab paints a matrix: gaps everywhere, frames around what changed, numbers, and a line around all of it.

import { paintCells, paintMarks, paintTexts } from "../../front/cells.js";

export function paintTiles(painter, tiles, box, part, theme) {
  const small = Math.min(box.w / part.columns, box.h / part.rows) < 14;
  painter.clipped(box.x, box.y, box.w, box.h, () => {
    paintCells(painter, tiles, box, part, theme, { fine: small, lattice: true });
    paintMarks(painter, tiles, box, part, theme);
  });
  paintTexts(painter, tiles, box, part, theme, { breadth: 0.52, least: 8 });
  painter.frame(box.x - 0.5, box.y - 0.5, box.w + 1, box.h + 1, theme.line, 1);
}
