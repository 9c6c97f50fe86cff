// Where the parts of the stage stand: the grid of all heads, the large head, lines and numbers. CSS pixels, the same for
// the screen, PNG and SVG.

import { labelStyle, matrixLayout, sizeFitting, snapped } from "../../front/layout.js";
import { clamp } from "../../front/numbers.js";

const LEAST_BOTH = 17; // letter sizes that a matrix and its lines need, one above the other

// All thumbnails of a kind in a box. Cells may be taller or flatter than wide, within reason, so that the box is filled.
// `order`: which head (layer · heads + head) stands at each place; null: each at its own.
export function gridLayout(kind, width, height, base, ratio, order = null) {
  const { layers, heads, rows, columns } = kind;
  // With many heads the layer is written once a row, and everything gets smaller.
  const compact = heads > 8;
  const gutter = compact ? Math.round(base * 1.9) : 0;
  const gapX = compact ? 7 : 14;
  const small = compact ? Math.max(11, Math.round(base * 0.75)) : Math.round(base * 0.87);
  const column = Math.max(compact ? 37 : 76, (width - gutter - (heads - 1) * gapX - 2) / heads);
  const titleHeight = Math.round(base * 1.8);
  const metaLines = (kind.stats.entropy ? 1 : 0) + (kind.stats.delta_loss ? 1 : 0);
  const oneLine = metaLines === 2 && column >= base * 11.5;
  const lineHeight = Math.round(small * 1.4);
  const shape = rows / columns;
  const flattest = column * clamp(shape * 0.5, 0.34, 0.9);
  const gapOf = (brief) => (brief ? 8 : 14);
  const metaHeightOf = (brief) => (oneLine || brief ? 1 : metaLines) * lineHeight + (metaLines ? 4 : 0);
  const roomOf = (brief) => (height - (layers - 1) * gapOf(brief)) / layers - titleHeight - metaHeightOf(brief) - 2;
  // Many layers: Δloss alone is written below a head, if that lets all of them be seen at once.
  const brief = metaLines === 2 && !oneLine && roomOf(false) < flattest && roomOf(true) >= 0.8 * flattest;
  const [gapY, metaHeight, room] = [gapOf(brief), metaHeightOf(brief), roomOf(brief)];
  const tallest = column * clamp(shape * 1.5, 0.6, 1.9);
  let w = column - 2;
  // What does not fit even when flat scrolls, and then it need not be flat.
  let h = room < (brief ? 0.8 : 1) * flattest ? column * clamp(shape, 0.5, 1.1) : Math.min(room, tallest);
  w = snapped(w / columns, ratio) * columns;
  h = snapped(h / rows, ratio) * rows;
  const rowHeight = titleHeight + h + metaHeight + 2;
  const spare = height - layers * rowHeight - (layers - 1) * gapY;
  const extra = layers > 1 && spare > 0 ? Math.min(26, spare / (layers - 1)) : 0;
  const boxes = [];
  for (let place = 0; place < layers * heads; place++) {
    const x = gutter + Math.round((place % heads) * (column + gapX)) + 1;
    const y = Math.round(Math.floor(place / heads) * (rowHeight + gapY + extra));
    const which = order ? order[place] : place;
    boxes[which] = { layer: Math.floor(which / heads), head: which % heads, x, y, column, rowHeight, cells: { x, y: y + titleHeight, w, h } };
  }
  return {
    boxes, sorted: Boolean(order), column, titleHeight, lineHeight, small, base, oneLine, brief, compact,
    width: Math.max(width, gutter + heads * column + (heads - 1) * gapX + 2),
    height: Math.max(rowHeight, layers * rowHeight + (layers - 1) * (gapY + extra)),
  };
}

// The width of the grid's card: what its heads want, within a third and a bit over half of the stage.
export function splitOf(kind, width, height, base) {
  const overhead = base * 4.6 + 14;
  const thumb = (height - base * 7) / kind.layers - overhead;
  const wanted = clamp(thumb * clamp(kind.columns / kind.rows, 0.62, 1.5), kind.heads > 8 ? 52 : 84, width > 1500 ? 210 : 168);
  const gap = kind.heads > 8 ? 7 : 14;
  const need = kind.heads * (wanted + gap) + base * 2.2;
  const longest = Math.max(kind.rows, kind.columns);
  const most = kind.heads > 8 ? 0.58 : longest > 40 ? 0.4 : width < 860 ? 0.51 : 0.43;
  return Math.round(clamp(need, width * 0.3, width * most));
}

// Keys above, queries below, lines between.
function linesLayout(kind, box, theme, base) {
  const least = Math.max(11, base * 0.74);
  const pad = 10;
  const place = (labels, edge) => {
    const pitch = (box.w - 2 * pad) / labels.length;
    const size = sizeFitting(labels, theme, clamp(pitch * 0.36, least, base * 1.3), pitch, base * 0.85);
    const style = labelStyle(labels, theme, pitch, size, Math.min(box.h * 0.24, base * 5));
    return { pitch, ...style, edge, x: (i) => box.x + pad + (i + 0.5) * pitch };
  };
  const above = place(kind.columnLabels, "top");
  const below = place(kind.nextLabels.length ? kind.nextLabels : kind.rowLabels, "bottom");
  return { box, above, below, top: box.y + above.height + 8, bottom: box.y + box.h - below.height - 8 };
}

// How the body of the head card is shared out between matrix, lines and the numbers beside.
export function headLayout(kind, view, width, height, stats, theme, base, ratio) {
  const beside = stats.beside ? stats.width + 18 : 0;
  const foot = stats.beside ? 0 : stats.height + 12;
  const free = height - foot;
  const layout = { matrix: null, lines: null };
  // Both only where both can be read.
  const both = view === "both" && free >= base * LEAST_BOTH;
  if (view !== "lines") {
    const share = both ? Math.max(0.5, 1 - Math.max(base * 11, free * 0.3) / free) : 1;
    const h = both ? Math.max(free * share, stats.beside ? Math.min(stats.height, free * 0.7) : 0) : free;
    layout.matrix = matrixLayout(kind, { x: 0, y: 0, w: width - beside, h }, theme, base, ratio);
    if (both) {
      const used = Math.max(layout.matrix.cells.y + layout.matrix.cells.h, stats.beside ? stats.height : 0) + 18;
      const y = Math.min(used, free - base * 8);
      layout.lines = linesLayout(kind, { x: 0, y, w: width, h: free - y }, theme, base);
    }
  } else {
    layout.lines = linesLayout(kind, { x: 0, y: 0, w: width - beside, h: free }, theme, base);
  }
  return layout;
}
