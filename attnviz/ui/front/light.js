// @ts-check
// The light on a row and a column of a matrix: the row is framed as a query, the column as a key.

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

// The hovered or chosen row and column: thin frames that leave the colours as they are.
export function paintCrossing(painter, box, part, row, column, theme) {
  const cw = box.w / part.columns;
  const ch = box.h / part.rows;
  painter.clipped(box.x - 2, box.y - 2, box.w + 4, box.h + 4, () => {
    if (row !== null) painter.frame(box.x, box.y + (row - part.top) * ch, box.w, Math.max(ch, 2), theme.query, 2, 2);
    if (column !== null) painter.frame(box.x + (column - part.left) * cw, box.y, Math.max(cw, 2), box.h, theme.key, 2, 2);
  });
}
