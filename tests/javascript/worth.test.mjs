// What heads are worth to a token: numbers by place, the costliest, and the order of heads.

import assert from "node:assert/strict";
import { test } from "node:test";
import { headCaption, costliest } from "../../attnviz/ui/attention/front/grid.js";
import { gridLayout } from "../../attnviz/ui/attention/front/layout.js";
import { Worth, ranked } from "../../attnviz/ui/attention/front/worth.js";

const [layers, heads, rows] = [2, 3, 5];
const change = (row, layer, head) => (row === 1 ? NaN : 0.1 * row + layer - head / 8);
const numbers = new Float32Array(2 * rows * layers * heads);
for (let row = 0; row < rows; row++) {
  for (let i = 0; i < layers * heads; i++) {
    numbers[row * layers * heads + i] = change(row, Math.floor(i / heads), i % heads);
    numbers[(rows + row) * layers * heads + i] = (row + 1) / 100 + i / 1000;
  }
}
const worth = new Worth([0.5, null, 0.25, 0.75, 1], numbers, layers, heads);
const kind = { worth, layers, heads, rows, columns: rows, stats: { entropy: [], delta_loss: [[0, 0, 0], [0.0625, 0, 0]] }, statistic: (name, l, h) => (name === "delta_loss" ? kind.stats.delta_loss[l][h] : 0.5) };

test("every number stands at its row, layer and head", () => {
  for (const row of [0, 2, 3, 4]) {
    for (let layer = 0; layer < layers; layer++) {
      for (let head = 0; head < heads; head++) {
        assert.equal(worth.change(row, layer, head), Math.fround(change(row, layer, head)));
        assert.equal(worth.after(row, layer, head), Math.fround((row + 1) / 100 + (layer * heads + head) / 1000));
      }
    }
  }
});

test("a row without a score, or that is not there, is not known", () => {
  assert.deepEqual([0, 1, 4, 5, null, undefined].map((row) => worth.knows(row)), [true, false, true, false, false, false]);
});

test("the costliest head of a token is the one with the largest change", () => {
  assert.deepEqual(worth.most(3), { layer: 1, head: 0, value: Math.fround(change(3, 1, 0)) });
  assert.deepEqual(costliest(kind, 3), worth.most(3));
  assert.equal(costliest(kind, 1).value, 0.0625); // not known of this token: the sentence's
});

test("under a head stand the token's probability and change, and the sentence's mean", () => {
  const text = { mean_short: "mean", pending: "…", entropy_short: "H", delta_loss_short: "Δloss", delta_loss_tiny: "Δ" };
  const caption = headCaption(kind, text, 1, 0, 3);
  assert.match(caption.entropy[0], /^p 0\.75 → /);
  assert.deepEqual(caption.delta, ["Δ +1.30 · mean +0.06", "Δ +1.30"]);
  assert.deepEqual(headCaption(kind, text, 1, 0, null).delta[0], "Δloss +0.062");
});

test("heads in order: a permutation, the largest first, what is not known last", () => {
  assert.deepEqual(ranked([1, NaN, 3, 3, -2]), [2, 3, 0, 4, 1]);
});

test("a sorted grid has the same places, taken by others", () => {
  const plain = gridLayout(kind, 400, 500, 16, 1);
  const sorted = gridLayout(kind, 400, 500, 16, 1, [5, 4, 3, 2, 1, 0]);
  const places = (grid) => grid.boxes.map(({ x, y }) => `${x},${y}`);
  assert.deepEqual(places(sorted), places(plain).toReversed());
  sorted.boxes.forEach((box, i) => assert.equal(box.layer * heads + box.head, i));
});

test("who chooses a token tells all others but itself, until nobody is there", async () => {
  globalThis.window ??= new EventTarget();
  const { hearToken, tellToken } = await import("../../attnviz/ui/front/token_choice.js");
  const heard = [];
  let here = true;
  hearToken(() => here, "stage", (row) => heard.push(row));
  tellToken("panel", 3);
  tellToken("stage", 2);
  here = false;
  tellToken("panel", 1);
  assert.deepEqual(heard, [3]);
});
