import assert from "node:assert/strict";
import { test } from "node:test";
import { ownParts } from "../../attnviz/ui/masks/front/paint.js";
import { changed, formulaText } from "../../attnviz/ui/masks/front/terms.js";
import { lossChange, lossDigits, lossText } from "../../attnviz/ui/front/numbers.js";

const term = (name, given = {}) => ({ join: "", negated: false, name, arguments: "", bracketed: false, count: 0, inside: [], ...given });
const row = [
  term("", { negated: true, inside: [term("causal"), term("window", { join: "&", arguments: "3" })] }),
  term("prefix", { join: "|", arguments: "2" }),
];

test("chips with brackets are one text", () => {
  assert.equal(formulaText(row), "~(causal & window(3)) | prefix(2)");
});

test("a number in a bracket is changed where it stands", () => {
  assert.equal(formulaText(changed(row, [0, 1], { arguments: "5" })), "~(causal & window(5)) | prefix(2)");
  assert.equal(formulaText(row), "~(causal & window(3)) | prefix(2)");
});

test("what is taken out leaves no empty brackets and no lonely sign", () => {
  assert.equal(formulaText(changed(row, [0, 0], null)), "~(window(3)) | prefix(2)");
  assert.equal(formulaText(changed(changed(row, [0, 0], null), [0, 0], null)), "prefix(2)");
});

test("a label gives back what the model sees there, and all of it where that is nothing", () => {
  const own = Uint8Array.from([1, 0, 0, 1, 1, 0, 1, 0, 1]);
  assert.deepEqual(ownParts([0, 2, 0, 0], own, 3), [0, 0, 0, 0, 1, 1, 0, 0, 2, 2, 0, 0]);
  assert.deepEqual(ownParts([1, 2, 0, 2], own, 3), [1, 1, 0, 1, 2, 2, 0, 0, 2, 2, 2, 2]);
  assert.deepEqual(ownParts([0, 1, 2, 2], own, 3), [0, 1, 2, 2]);
});

test("a change that is none in three decimals gets a fourth", () => {
  const digits = lossDigits(0.1043 - 0.1046);
  assert.equal(`${lossText(0.1046, digits)} ${lossText(0.1043, digits)} ${lossChange(0.1043 - 0.1046, digits)}`, "0.1046 0.1043 −0.0003");
  assert.equal(lossDigits(0), 3);
  assert.equal(lossDigits(0.2), 3);
});
