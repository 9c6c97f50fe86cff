// The server's mask with the unanswered painting on top; undo and redo as far as the shot knows what they lead to.
export function expectedCells(shot, waiting) {
  let cells = shot.array("mask").slice();
  const size = cells.length;
  const back = shot.has("mask_before") ? [shot.array("mask_before")] : [];
  const forth = shot.has("mask_after") ? [shot.array("mask_after")] : [];
  let stroke = shot.stroke;
  for (const operation of waiting) {
    if (operation.op === "paint") {
      if (operation.stroke !== stroke) {
        back.push(cells.slice());
        forth.length = 0;
        stroke = operation.stroke;
      }
      fillAreas(cells, shot.axes.columns, operation.areas, operation.visible);
    } else if (operation.op === "undo" || operation.op === "redo") {
      const [from, to] = operation.op === "undo" ? [back, forth] : [forth, back];
      const next = from.pop();
      if (!next || next.length !== size) return cells;
      to.push(cells);
      cells = next.slice();
      stroke = null;
    } else if (operation.op !== "look") return cells; // only the server knows what a formula means
  }
  return cells;
}

// Rectangles as (first row, last row, first column, last column), one after the other.
export function fillAreas(cells, columns, areas, visible) {
  for (let i = 0; i < areas.length; i += 4) {
    for (let q = areas[i]; q <= areas[i + 1]; q++) {
      cells.fill(visible ? 1 : 0, q * columns + areas[i + 2], q * columns + areas[i + 3] + 1);
    }
  }
}
