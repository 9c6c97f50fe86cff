// The mask matrix with all of its labels.

import { flatter, labelsWidth, matrixLayout } from "../../front/layout.js";

// A matrix with its labels in a box; unlike in a narrow card no row label is cut while the cells can make room.
export function wholeMatrix(axes, box, theme, base, ratio) {
  let layout = matrixLayout(axes, box, theme, base, ratio);
  const need = Math.min(labelsWidth(axes.rowLabels, theme, layout.rowSize), box.w * 0.3);
  const extra = need - layout.rowRoom;
  if (extra > 0) {
    layout = matrixLayout(axes, { ...box, x: box.x + extra, w: box.w - extra }, theme, base, ratio);
    layout = { ...layout, box, rowRoom: layout.rowRoom + extra };
  }
  return { ...layout, columnStyle: flatter(layout.columnStyle, axes.columnLabels, theme, layout.cw, base * 0.85) };
}
