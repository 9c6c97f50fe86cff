// Graphs: where nodes stand and what lies under a point.

import assert from "node:assert/strict";
import { test } from "node:test";
import { circle, distance, edgeName, nearest, spread } from "../../attnviz/ui/graphs/front/geometry.js";

const close = (a, b) => assert.ok(Math.abs(a - b) < 1e-6, `${a} ≠ ${b}`);

test("nodes on a circle are equally far from its middle, the first at the top", () => {
  for (const nodes of [1, 2, 5, 7]) {
    const places = circle(nodes);
    close(places[0], 0.5);
    close(places[1], 0);
    for (let i = 0; i < nodes; i++) close(Math.hypot(places[2 * i] - 0.5, places[2 * i + 1] - 0.5), 0.5);
  }
});

test("a graph stays in its box", () => {
  const box = { x: 11, y: 13, w: 170, h: 190 };
  for (const { x, y } of spread(circle(7), 7, box, 5)) {
    assert.ok(x >= box.x + 5 && x <= box.x + box.w - 5 && y >= box.y + 5 && y <= box.y + box.h - 5);
  }
});

test("the distance to an edge ends at its ends", () => {
  const [a, b] = [{ x: 0, y: 0 }, { x: 10, y: 0 }];
  close(distance({ x: 3, y: 4 }, a, b), 4);
  close(distance({ x: -3, y: 4 }, a, b), 5);
  close(distance({ x: 13, y: -4 }, a, b), 5);
  close(distance({ x: 3, y: 4 }, a, a), 5);
});

test("an edge has one name, whichever way it is drawn", () => {
  assert.equal(edgeName(3, 11), "3-11");
  assert.equal(edgeName(11, 3), "3-11");
});

test("what is nearest counts only within reach", () => {
  assert.equal(nearest([7, 3, 5], 4), 1);
  assert.equal(nearest([7, 5, 6], 4), null);
  assert.equal(nearest([], 4), null);
});
