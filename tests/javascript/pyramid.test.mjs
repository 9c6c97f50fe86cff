// Weights at every size: nothing is lost when they are drawn small, and a picture is made once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_LINES, linesOf } from "../../attnviz/ui/attention/front/lines.js";
import { Levels, Pyramid, TILE, halve, levelFor } from "../../attnviz/ui/front/pyramid.js";
import { pixelsOf, rgbOf } from "../../attnviz/ui/front/raster.js";
import { shade } from "../../attnviz/ui/front/scale.js";

const RGB = Array.from({ length: 256 }, (_, i) => [i, 1, 2]);
const THEME = { rgb: RGB, pixels: pixelsOf(RGB), visibleRgb: [9, 9, 9], alarmFillRgb: [8, 7, 6] };
const [ROWS, COLUMNS] = [11, 7];

function codesOf(rows, columns, seed = 3) {
  return Uint8Array.from({ length: rows * columns }, (_, i) => (i * 7919 * seed) % 255);
}

function head({ rows = ROWS, columns = COLUMNS, codes = codesOf(rows, columns), seen = codes.map(() => 1) } = {}) {
  return new Pyramid(codes, rows, columns, 254, 1, new Levels(seen, rows, columns));
}

test("a level holds the largest of the four below it, at odd sizes too", () => {
  for (const [rows, columns] of [[1, 1], [2, 3], [5, 7], [11, 13]]) {
    const codes = codesOf(rows, columns);
    const [high, wide] = [(rows + 1) >> 1, (columns + 1) >> 1];
    const half = halve(codes, rows, columns, new Uint8Array(high * wide));
    for (let q = 0; q < high; q++) {
      for (let k = 0; k < wide; k++) {
        let best = 0;
        for (let i = 2 * q; i < Math.min(rows, 2 * q + 2); i++) for (let j = 2 * k; j < Math.min(columns, 2 * k + 2); j++) best = Math.max(best, codes[i * columns + j]);
        assert.equal(half[q * wide + k], best);
      }
    }
  }
});

test("the heaviest cell is on every level, also when levels are made in slices", () => {
  const codes = new Uint8Array(67 * 61);
  codes[1234] = 254;
  const sliced = new Levels(codes, 67, 61);
  for (const _ of sliced.halving(5));
  const whole = new Levels(codes, 67, 61);
  for (let n = 0; n < 6; n++) assert.equal(Math.max(...whole.at(n).cells), 254);
  assert.deepEqual(sliced.at(1), whole.at(1));
});

test("codes are weights again: 0 stays 0, the top is the peak, beyond it is no number", () => {
  const one = head();
  assert.equal(one.decode(0), 0);
  assert.equal(one.decode(254), 1);
  assert.ok(Number.isNaN(one.decode(255)));
  for (let code = 1; code <= 254; code++) assert.ok(one.decode(code) > one.decode(code - 1));
});

test("every cell has the colour of its weight, on the linear and on the root scale", () => {
  const one = head();
  for (const scale of ["linear", "sqrt"]) {
    const painted = one.look({ scale, mode: "weights", theme: THEME });
    const [piece] = painted.pieces({ left: 0, top: 0, columns: COLUMNS, rows: ROWS }, 20, 20);
    for (let i = 0; i < ROWS * COLUMNS; i++) {
      assert.equal(rgbOf(piece.raster.pixels[i])[0], shade(one.decode(one.codes[i]), scale));
      assert.equal(piece.raster.pixels[i], painted.pixel(Math.floor(i / COLUMNS), i % COLUMNS));
    }
  }
});

test("by row, the largest of each row has the last colour", () => {
  const painted = head().look({ scale: "row", mode: "weights", theme: THEME });
  for (let q = 0; q < ROWS; q++) {
    const colours = Array.from({ length: COLUMNS }, (_, k) => rgbOf(painted.pixel(q, k))[0]);
    assert.equal(Math.max(...colours), 255);
  }
});

test("blocked is left to the hatching, a leak shows through, NaN is an alarm, and the mask is the mask", () => {
  const codes = Uint8Array.from([0, 40, 255, 0, 40]);
  const seen = Uint8Array.from([0, 0, 1, 1, 1]);
  const one = head({ rows: 1, columns: 5, codes, seen });
  const weights = one.look({ scale: "sqrt", mode: "weights", theme: THEME });
  assert.equal(weights.pixel(0, 0), 0);
  assert.ok(weights.pixel(0, 1) >>> 24 < 255 && weights.pixel(0, 1) >>> 24 > 0);
  assert.deepEqual(rgbOf(weights.pixel(0, 2)), [8, 7, 6]);
  assert.equal(weights.pixel(0, 3) >>> 24, 255);
  const mask = one.look({ scale: "sqrt", mode: "mask", theme: THEME });
  assert.deepEqual([0, 1, 2, 3, 4].map((k) => mask.pixel(0, k) !== 0), [false, false, true, true, true]);
});

test("the pieces of a part cover it, at the level that suits the pixels", () => {
  const size = 3 * TILE + 5;
  const one = head({ rows: size, columns: size });
  const painted = one.look({ scale: "sqrt", mode: "weights", theme: THEME });
  for (const [part, pixels] of [[{ left: 0, top: 0, columns: size, rows: size }, 0.3], [{ left: 200.5, top: 300.25, columns: 90, rows: 70 }, 6]]) {
    const pieces = painted.pieces(part, pixels, pixels, 1);
    const covered = pieces.reduce((sum, piece) => {
      const w = Math.min(piece.left + piece.columns, part.left + part.columns) - Math.max(piece.left, part.left);
      const h = Math.min(piece.top + piece.rows, part.top + part.rows) - Math.max(piece.top, part.top);
      return sum + w * h;
    }, 0);
    assert.ok(Math.abs(covered - part.columns * part.rows) < 1e-6);
    for (const { raster, columns } of pieces) assert.ok((columns / raster.columns) * pixels >= 0.98 || raster.columns <= 8);
  }
});

test("what cannot be made in time comes with later calls, and a coarser picture stands in for it", () => {
  const size = 2 * TILE + 5;
  const one = head({ rows: size, columns: size });
  const look = { scale: "sqrt", mode: "weights", theme: THEME };
  const whole = { left: 0, top: 0, columns: size, rows: size };
  const painted = one.look(look);
  const [stand] = painted.pieces(whole, 0.3, 0.3);
  const counts = [];
  do {
    const pieces = painted.pieces(whole, 1, 1, 1, -Infinity);
    counts.push(pieces.length);
    assert.equal(pieces[0].raster === stand.raster, painted.late);
  } while (painted.late);
  assert.deepEqual(counts, [2, 3, 4, 5, 6, 7, 8, 9, 9]);
  const patient = head({ rows: size, columns: size }).look(look).pieces(whole, 1, 1);
  assert.deepEqual(painted.pieces(whole, 1, 1).map(({ left, top }) => [left, top]), patient.map(({ left, top }) => [left, top]));
});

test("a picture is made once for a scale, and again for another theme", () => {
  const one = head();
  const look = { scale: "sqrt", mode: "weights", theme: THEME };
  const whole = { left: 0, top: 0, columns: COLUMNS, rows: ROWS };
  const first = one.look(look).pieces(whole, 9, 9)[0].raster;
  one.look({ ...look, scale: "linear" });
  assert.equal(one.look(look).pieces(whole, 9, 9)[0].raster, first);
  assert.notEqual(one.look({ ...look, theme: { ...THEME } }).pieces(whole, 9, 9)[0].raster, first);
});

test("cells of a pixel or more are drawn as they are", () => {
  assert.equal(levelFor(1, 9), 0);
  assert.equal(levelFor(0.5, 9), 1);
  assert.equal(levelFor(0.01, 3), 3);
});

test("lines: the lightest first, those that cannot be seen left out, of very many the heaviest", () => {
  const one = head();
  const { order, levels } = linesOf(one, "linear");
  for (let i = 1; i < order.length; i++) assert.ok(levels[order[i]] >= levels[order[i - 1]]);
  const drawn = new Set(order);
  for (let at = 0; at < one.codes.length; at++) assert.equal(drawn.has(at), one.decode(one.codes[at]) >= 0.015);
  const many = head({ rows: 101, columns: 97 });
  const some = linesOf(many, "sqrt");
  assert.equal(some.order.length, MOST_LINES);
  const weakest = Math.min(...Array.from(some.order, (at) => some.levels[at]));
  const left = some.levels.filter((level, at) => level > weakest && !some.order.includes(at));
  assert.equal(left.length, 0);
});

test("lines: attention that is the same everywhere is drawn, too", () => {
  assert.equal(linesOf(head({ rows: 61, columns: 59, codes: new Uint8Array(61 * 59).fill(33) }), "sqrt").order.length, MOST_LINES);
});
