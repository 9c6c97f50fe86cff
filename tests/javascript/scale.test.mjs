// The same weight, the same colour: laws of the weight scale.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LONG, SCALES, intensity, shade, usualScale } from "../../attnviz/ui/front/scale.js";

const weights = Array.from({ length: 101 }, (_, i) => i / 100);

test("no weight is the first colour, all the weight the last", () => {
  for (const scale of SCALES) {
    assert.equal(shade(0, scale), 0);
    assert.equal(shade(1, scale), 255);
    assert.equal(shade(7.5, scale), 255);
  }
});

test("more weight is never a lighter colour", () => {
  for (const scale of SCALES) for (let i = 1; i < weights.length; i++) assert.ok(shade(weights[i], scale, 0.8) >= shade(weights[i - 1], scale, 0.8));
});

test("the square root lifts small weights, the linear scale is the weight itself", () => {
  for (const weight of weights) {
    assert.equal(intensity(weight, "linear"), weight);
    assert.ok(intensity(weight, "sqrt") >= weight);
  }
});

test("by row: the largest weight of a row is full, a dead row stays empty", () => {
  assert.equal(intensity(0.2, "row", 0.2), 1);
  assert.equal(intensity(0, "row", 0), 0);
});

test("what is no number takes no colour of a weight", () => {
  for (const scale of SCALES) assert.equal(shade(NaN, scale), 0);
});

test("long texts start with the square root, short ones with the weights", () => {
  assert.equal(usualScale(LONG, 3), "linear");
  assert.equal(usualScale(3, LONG + 1), "sqrt");
});
