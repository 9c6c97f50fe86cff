// What models from elsewhere do in their own way, as arithmetic: laws of rotation, RMSNorm, soft cap, sink and shared keys.

import assert from "node:assert/strict";
import { test } from "node:test";

import { arithmeticOf } from "../../attnviz/ui/by_hand/front/rules.js";

const near = (one, other) => assert.ok(Math.abs(one - other) < 1e-9, `${one} is not ${other}`);

function valueOf(tree) {
  const parts = tree.of.map(valueOf);
  switch (tree.op) {
    case "cell": case "constant": return tree.value;
    case "sum": return parts.reduce((a, b) => a + b, 0);
    case "difference": return parts[0] - parts[1];
    case "product": return parts.reduce((a, b) => a * b, 1);
    case "quotient": return parts[0] / parts[1];
    case "exp": return Math.exp(parts[0]);
    case "root": return Math.sqrt(parts[0]);
    case "square": return parts[0] ** 2;
    case "activation": return Math.tanh(parts[0]);
    default: return parts[0];
  }
}

// A step of one matrix (or one a head), its cells given row by row.
function step(name, operation, inputs, matrices) {
  const heads = Array.isArray(matrices[0][0]) ? matrices : [matrices];
  return {
    name, operation, inputs, rows: heads[0].length, columns: heads[0][0].length, hasHeads: heads.length > 1,
    at: (row, column, head = 0) => heads[heads.length > 1 ? head : 0][row][column], isEdited: () => false,
  };
}

function walkOf(steps, more = {}) {
  const byName = new Map(steps.map((one) => [one.name, one]));
  return {
    variant: { temperature: 1 }, eps: { n: 0 }, heads: 2, each: 2, scaling: 0.3, softcap: 5, turn: { width: 4, style: "half" },
    firstColumn: (name, head, width) => (/_[kv]$/.test(name) ? Math.floor(head / 2) : head) * width,
    step: (name) => byName.get(name), ...more,
  };
}

const at = (walk, name, row, column, head = 0) => valueOf(arithmeticOf(walk, name, row, column, head).tree);
const X = [[0.5, -1.25, 2, 0.75, 3]];
const angles = [0.3, 1.1, 0.3, 1.1];

for (const style of ["half", "pairs"]) {
  test(`turning ${style} keeps the length, and what is not turned`, () => {
    const own = style === "half" ? angles : [0.3, 0.3, 1.1, 1.1];
    const given = [step("u", "given", [], X), step("cos", "given", [], [own.map(Math.cos)]), step("sin", "given", [], [own.map(Math.sin)])];
    const walk = walkOf([...given, step("q", "turn", ["u", "cos", "sin"], X)], { turn: { width: 4, style } });
    const turned = X[0].map((_, column) => at(walk, "q", 0, column));
    near(Math.hypot(...turned), Math.hypot(...X[0]));
    near(turned[4], X[0][4]);
    assert.ok(Math.abs(turned[0] - X[0][0]) > 0.1);
  });
}

test("RMSNorm makes the mean square 1, before its gain", () => {
  const gain = [[2, 2, 2, 2, 2]];
  const walk = walkOf([step("x", "given", [], X), step("n_gain", "given", [], gain), step("n", "rms_norm", ["x", "n_gain"], X)]);
  const normed = X[0].map((_, column) => at(walk, "n", 0, column) / 2);
  near(normed.reduce((sum, one) => sum + one * one, 0) / normed.length, 1);
});

test("a soft cap bounds, and hardly moves what is small", () => {
  const walk = walkOf([step("s", "given", [], [[0.01, 100, -100]]), step("c", "softcap", ["s"], [[0, 0, 0]])]);
  assert.ok(Math.abs(at(walk, "c", 0, 0) - 0.01) < 1e-6);
  near(at(walk, "c", 0, 1), 5);
  near(at(walk, "c", 0, 2), -5);
});

test("a sink takes its share", () => {
  const walk = walkOf([step("m", "given", [], [[0, -Infinity, 0]]), step("sink", "given", [], [[0]]), step("w", "softmax_sink", ["m", "sink"], [[0, 0, 0]])]);
  near(at(walk, "w", 0, 0), 1 / 3);
  near(at(walk, "w", 0, 1), 0);
});

test("heads of a group take the same columns of the keys' matrix, and their own of the queries'", () => {
  const wide = [[1, 2, 3, 4]];
  const steps = [step("x", "given", [], [[1]]), step("w_k", "given", [], wide), step("w_q", "given", [], wide)];
  const both = [[[0, 0]], [[0, 0]]];
  const walk = walkOf([...steps, step("k", "affine_heads", ["x", "w_k"], both), step("q", "affine_heads", ["x", "w_q"], both)]);
  near(at(walk, "k", 0, 1, 0), at(walk, "k", 0, 1, 1));
  near(at(walk, "q", 0, 1, 0), 2);
  near(at(walk, "q", 0, 1, 1), 4);
});

test("another scaling is a product", () => {
  const walk = walkOf([step("p", "given", [], [[2]]), step("s", "times", ["p"], [[0]])]);
  near(at(walk, "s", 0, 0), 0.6);
});
