// Numbers are printed the same everywhere: laws of numbers.js.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as numbers from "../../attnviz/ui/front/numbers.js";

const { accuracyText, axisText, bare, cellText, clamp, lossChange, lossText, numberText, percentText, pointText, probabilityText, shortText, signedText, thousands, weightShort } = numbers;

test("what is no number has one name, wherever it is printed", () => {
  for (const print of [numberText, signedText, lossText, lossChange, probabilityText, percentText, shortText]) {
    assert.equal(print(NaN), "NaN");
    assert.equal(print(null), "NaN");
  }
});

test("infinities are signs", () => {
  for (const print of [numberText, signedText, lossText, shortText, percentText]) {
    assert.match(print(-Infinity), /^−∞$/);
    assert.match(print(Infinity), /∞$/);
  }
});

test("nothing is ever printed as −0", () => {
  for (const value of [-0, -0.001, -0.004999]) {
    assert.equal(numberText(value), "0.00");
    assert.equal(signedText(value), "0.00");
  }
});

test("halves go to the even digit, as in Python", () => {
  assert.deepEqual([0.125, 0.375, 0.625, 0.875].map((value) => numberText(value)), ["0.12", "0.38", "0.62", "0.88"]);
  assert.deepEqual([0.5, 1.5, 2.5, -0.5, -1.5].map((value) => numberText(value, 0)), ["0", "2", "2", "0", "−2"]);
});

test("a difference carries its sign, and none where it is none", () => {
  assert.deepEqual([0.25, -0.25, 0, 0.0004].map((value) => lossChange(value)), ["+0.250", "−0.250", "0.000", "0.000"]);
});

test("a loss is a loss: the same digits as its change", () => {
  for (const loss of [0.04, 0.0397, 1, 12.3456]) assert.equal(`+${lossText(loss)}`, lossChange(loss));
  assert.equal(lossText(0.04), "0.040");
});

test("only nothing is called 0, and what rounds to 1 is 1.00", () => {
  assert.deepEqual([0, 1e-9, 0.0004, 0.0006, 0.05, 0.5, 0.9996, 1].map(probabilityText), ["0", "<.001", "<.001", "0.001", "0.050", "0.50", "1.00", "1.00"]);
});

test("shares: a decimal where the number is small", () => {
  assert.deepEqual([0, 0.0001, 0.034, 0.0995, 0.5, 1].map(percentText), ["0%", "0%", "3.4%", "10%", "50%", "100%"]);
  assert.deepEqual([0, 0.975, 0.5, 1].map(accuracyText), ["0%", "97.5%", "50%", "100%"]);
});

test("at most four characters fit a cell", () => {
  for (const value of [0, 1, -1, 9.94, 9.96, -9.96, 123.4, -123.4, 5e4, NaN, Infinity, -Infinity]) {
    assert.ok(shortText(value).length <= 4, shortText(value));
  }
});

test("small cells leave out the 0 before the point, and what is nothing", () => {
  assert.deepEqual(["0.12", "−0.12", "1.00", "10.5"].map(bare), [".12", "−.12", "1.00", "10.5"]);
  assert.deepEqual([0.003, 0.006, 1, NaN].map(weightShort), ["", ".01", "1.00", "NaN"]);
});

test("large numbers in a cell give up decimals, one after the other", () => {
  assert.deepEqual([99.994, 123.456, 1234.56, 123456].map((value) => cellText(value, 2)), ["99.99", "123.5", "1235", "1.2e5"]);
  assert.equal(cellText(-123456, 2), "−1.2e5");
});

test("thousands stand apart", () => {
  assert.deepEqual([0, 999, 1000, 1234567, -1000].map(thousands), ["0", "999", "1,000", "1,234,567", "−1,000"]);
});

test("a point of a curve reads as the loss it is; small rates keep their digits", () => {
  for (const loss of [0.04, 0.1234, 2.3456]) assert.equal(pointText(loss), lossText(loss));
  assert.equal(pointText(0.0003), "3.0e−4");
  assert.equal(axisText(0.75), "0.75");
  assert.equal(axisText(-20), "−20");
});

test("clamp keeps within, and is its own fixed point", () => {
  for (const value of [-7, 0, 3, 11]) {
    const once = clamp(value, 0, 5);
    assert.ok(once >= 0 && once <= 5);
    assert.equal(clamp(once, 0, 5), once);
  }
});
