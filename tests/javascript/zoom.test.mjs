// Zoom and pan: whatever is done, a window stays inside the matrix.

import assert from "node:assert/strict";
import { test } from "node:test";
import { WHOLE, mostZoom, panned, shownIndices, showing, stride, wheelled, windowOf, zoomed } from "../../attnviz/ui/front/zoom.js";

const SIZE = { rows: 37, columns: 53 };
const LAYOUT = { cw: 7, ch: 5 };

function inside(part) {
  const slack = 1e-9;
  assert.ok(part.left >= -slack && part.top >= -slack);
  assert.ok(part.left + part.columns <= SIZE.columns + slack && part.top + part.rows <= SIZE.rows + slack);
}

// The same numbers every time: a linear congruence.
function* draws(count, seed = 11) {
  for (let i = 0, x = seed; i < count; i++) yield (x = (x * 48271) % 2147483647) / 2147483647;
}

test("whatever is zoomed and moved, the window stays inside", () => {
  let zoom = WHOLE;
  const random = [...draws(600)];
  for (let i = 0; i + 3 < random.length; i += 4) {
    zoom = random[i] < 0.5 ? zoomed(SIZE, LAYOUT, zoom, 0.4 + 2 * random[i + 1], random[i + 2], random[i + 3])
      : panned(SIZE, zoom, 900 * (random[i + 1] - 0.5), 900 * (random[i + 2] - 0.5), { w: 371, h: 185 });
    inside(windowOf(SIZE, zoom));
    assert.ok(zoom.zoom >= 1 && zoom.zoom <= mostZoom(LAYOUT));
  }
});

test("the point that is zoomed at stays where it is", () => {
  const [fx, fy] = [0.3, 0.6];
  const before = windowOf(SIZE, { zoom: 2, left: 9, top: 7 });
  const after = windowOf(SIZE, zoomed(SIZE, LAYOUT, { zoom: 2, left: 9, top: 7 }, 1.7, fx, fy));
  assert.ok(Math.abs(before.left + fx * before.columns - (after.left + fx * after.columns)) < 1e-9);
  assert.ok(Math.abs(before.top + fy * before.rows - (after.top + fy * after.rows)) < 1e-9);
});

test("out of a zoom is the whole again", () => {
  const there = zoomed(SIZE, LAYOUT, WHOLE, 3, 0.9, 0.1);
  assert.deepEqual(windowOf(SIZE, zoomed(SIZE, LAYOUT, there, 1 / 9, 0.2, 0.8)), windowOf(SIZE, WHOLE));
});

test("there and back is no move", () => {
  const start = { zoom: 3, left: 20, top: 11 };
  const back = panned(SIZE, panned(SIZE, start, 31, -17, { w: 371, h: 185 }), -31, 17, { w: 371, h: 185 });
  assert.ok(Math.abs(back.left - start.left) < 1e-9 && Math.abs(back.top - start.top) < 1e-9);
});

test("a cell that is shown moves nothing, one that is not comes into sight", () => {
  const zoom = { zoom: 4, left: 10, top: 5 };
  assert.deepEqual(showing(SIZE, zoom, 8, 15), zoom);
  const part = windowOf(SIZE, showing(SIZE, zoom, 36, 52));
  assert.ok(part.top + part.rows >= 37 - 1e-9 && part.left + part.columns >= 53 - 1e-9);
  assert.equal(showing(SIZE, WHOLE, 36, 52), WHOLE);
});

test("even thousands of cells can be zoomed until their numbers are read", () => {
  const pixels = 600 / 4096;
  assert.ok(pixels * mostZoom({ cw: pixels, ch: pixels }) >= 20);
});

test("the wheel moves, and with Ctrl it zooms: up is in", () => {
  const event = { deltaX: 0, deltaY: -120, deltaMode: 0, shiftKey: false, ctrlKey: false };
  assert.deepEqual(wheelled(event), { dx: 0, dy: -120, factor: 1 });
  assert.ok(wheelled({ ...event, ctrlKey: true }).factor > 1);
  assert.ok(wheelled({ ...event, deltaY: 120, ctrlKey: true }).factor < 1);
  assert.equal(wheelled({ ...event, shiftKey: true }).dx, -120);
  assert.ok(wheelled(event, { zooms: true }).factor > 1);
});

test("labels that are written have the room they need", () => {
  for (const pitch of [0.7, 1.3, 5, 11, 29]) {
    for (const need of [3, 17, 40]) {
      assert.ok(stride(pitch, need) * pitch >= need || pitch >= need);
      const indices = shownIndices(7, 90, pitch, need);
      for (let i = 1; i < indices.length; i++) assert.ok((indices[i] - indices[i - 1]) * pitch >= Math.min(need, pitch) - 1e-9);
      assert.ok(indices.every((index) => index >= 7 && index < 90));
    }
  }
});
