// Where things stand: nothing overlaps, nothing leaves its box.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBrowser } from "./fake_dom.mjs";

fakeBrowser();
const { gridLayout, headLayout, splitOf } = await import("../../attnviz/ui/attention/front/layout.js");
const { labelStyle, matrixLayout, snapped, usual } = await import("../../attnviz/ui/front/layout.js");
const { fontOf, textWidth, wrapped } = await import("../../attnviz/ui/front/labels.js");
const THEME = { fontFamily: "sans-serif" };

function kindOf(layers, heads, rows, columns) {
  const labels = (count) => Array.from({ length: count }, (_, i) => `token${i}`);
  return { layers, heads, rows, columns, stats: { entropy: [], delta_loss: [] }, rowLabels: labels(rows), columnLabels: labels(columns), nextLabels: [] };
}

const KINDS = [kindOf(1, 1, 5, 5), kindOf(2, 3, 7, 11), kindOf(4, 4, 13, 5), kindOf(12, 12, 128, 128)];

test("heads of the grid stand apart, in their order, inside it", () => {
  for (const kind of KINDS) {
    for (const [width, height] of [[380, 500], [700, 640], [1200, 900]]) {
      const grid = gridLayout(kind, width, height, 16, 1);
      assert.equal(grid.boxes.length, kind.layers * kind.heads);
      for (const box of grid.boxes) {
        assert.ok(box.x >= 0 && box.x + box.column <= grid.width + 1);
        assert.ok(box.y + box.rowHeight <= grid.height + 1);
        const right = grid.boxes.find((one) => one.layer === box.layer && one.head === box.head + 1);
        const below = grid.boxes.find((one) => one.layer === box.layer + 1 && one.head === box.head);
        if (right) assert.ok(right.x >= box.x + box.column - 1);
        if (below) assert.ok(below.y >= box.y + box.rowHeight);
      }
    }
  }
});

test("the grid's card leaves room for the head", () => {
  for (const kind of KINDS) for (const width of [720, 1100, 1700]) {
    const split = splitOf(kind, width, 700, 16);
    assert.ok(split >= 0.29 * width && split <= 0.59 * width);
  }
});

test("cells and labels of a matrix lie inside its box", () => {
  for (const kind of KINDS) {
    const box = { x: 10, y: 20, w: 640, h: 560 };
    const { cells, cw, ch } = matrixLayout(kind, box, THEME, 16, 1);
    assert.ok(cells.x > box.x && cells.y > box.y);
    assert.ok(cells.x + cells.w <= box.x + box.w + 1 && cells.y + cells.h <= box.y + box.h + 1);
    assert.ok(Math.abs(cw * kind.columns - cells.w) < 1e-6 && Math.abs(ch * kind.rows - cells.h) < 1e-6);
  }
});

test("matrix above, lines below, neither without its room", () => {
  const kind = KINDS[1];
  const { matrix, lines } = headLayout(kind, "both", 700, 620, { beside: false, height: 60, width: 0 }, THEME, 16, 1);
  assert.ok(matrix.cells.y + matrix.cells.h <= lines.box.y);
  assert.ok(lines.top < lines.bottom);
  assert.equal(headLayout(kind, "lines", 700, 620, { beside: false, height: 60, width: 0 }, THEME, 16, 1).matrix, null);
});

test("labels lie flat while they can, then lean or stand", () => {
  const labels = ["alpha", "beta", "gamma"];
  assert.equal(labelStyle(labels, THEME, 90, 14, 200).angle, 0);
  assert.ok(labelStyle(labels, THEME, 22, 14, 200).angle < 0);
});

test("a giant among the labels does not make room for itself", () => {
  assert.equal(usual([10, 11, 12, 10, 11, 12, 10, 11, 12, 10, 400]), 12);
  assert.equal(usual([10, 11, 13]), 13);
});

test("large cells are whole device pixels", () => {
  for (const size of [14.2, 33.7]) assert.ok(Math.abs(snapped(size, 2) * 2 - Math.round(snapped(size, 2) * 2)) < 1e-9);
  assert.equal(snapped(3.3, 2), 3.3);
});

test("a sentence in lines loses nothing, and each line fits unless it is one word", () => {
  const font = fontOf(THEME, 14);
  for (const text of ["The largest weight where there is no edge, of any head: 0", "没有边的地方，所有头的最大权重：0", "word", "", "antidisestablishmentarianism it is"]) {
    for (const room of [40, 100, 333]) {
      const lines = wrapped(text, room, font);
      assert.equal(lines.join("").replaceAll(" ", ""), text.replaceAll(" ", ""));
      for (const line of lines) assert.ok(textWidth(line, font) <= room || !/[\s，]/u.test(line));
    }
  }
  assert.equal(wrapped("a bc def", 7 * 4, font).length, 2);
});
