// The chosen head, large: cells, numbers, labels, and the light on them.

import { paintCells, paintTexts } from "../../front/cells.js";
import { fitted, fontOf, textWidth } from "../../front/labels.js";
import { paintCross } from "../../front/light.js";
import { liesFlat, paintColumnLabel, paintRowLabel, styleAt } from "../../front/matrix.js";
import { shownIndices, windowOf } from "../../front/zoom.js";

export function paintMatrix(painter, layout, state, theme) {
  const { kind, layer, head } = state;
  const part = windowOf(kind, state.zoom);
  const { cells } = layout;
  const look = { scale: state.scale, mode: state.view === "mask" ? "mask" : "weights", theme };
  const whole = kind.cells(layer, head);
  if (whole) {
    const painted = whole.look(look);
    paintCells(painter, painted, cells, part, theme);
    paintTexts(painter, painted, cells, part, theme, { largest: layout.rowSize * 1.1 });
  } else paintCells(painter, kind.thumb(layer, head).look(look), cells, coarse(part, kind, kind.thumb(layer, head)), theme);
  painter.frame(cells.x - 0.5, cells.y - 0.5, cells.w + 1, cells.h + 1, theme.line, 1);
  const ch = cells.h / part.rows;
  const cw = cells.w / part.columns;
  for (const q of shownIndices(part.top, Math.min(kind.rows, part.top + part.rows - 0.4), ch, layout.rowSize * 1.12)) {
    const y = cells.y + (q + 0.5 - part.top) * ch;
    if (y > cells.y) paintRowLabel(painter, kind, layout, theme, q, y, { lit: false, room: layout.rowRoom });
  }
  const style = styleAt(layout, cw);
  const need = style.angle ? (style.flatRoom ? 1 : style.size * 1.12) : style.room > style.flatRoom ? style.room + 5 : 1;
  const end = Math.min(kind.columns, part.left + part.columns - 0.4);
  // A sink is always named; a token that has no room beside it is not.
  const sink = kind.sink !== null && kind.sink >= part.left && kind.sink < end ? [kind.sink] : [];
  const tokens = shownIndices(part.left, end, cw, need).filter((k) => !sink.length || (kind.sink - k) * cw >= need);
  for (const k of [...tokens, ...sink]) {
    const x = cells.x + (k + 0.5 - part.left) * cw;
    if (x < cells.x) continue;
    paintColumnLabel(painter, kind.columnLabels[k], style, theme, x, cells.y - 2, {
      unknown: kind.unknownColumns.has(k),
    });
  }
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

// The same part in the larger cells of a thumbnail: what is shown until the head has come.
function coarse(part, size, thumb) {
  const [across, down] = [thumb.columns / size.columns, thumb.rows / size.rows];
  return { left: part.left * across, top: part.top * down, columns: part.columns * across, rows: part.rows * down };
}
