// Formulas and arithmetic as text.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sameScreen } from "../../attnviz/ui/by_hand/front/equations.js";
import { X, cellsOf, definitionsOf, linesOf } from "../../attnviz/ui/by_hand/front/expression.js";
import { cacheVerdict } from "../../attnviz/ui/decoding/front/cache.js";
import { textOf } from "../../attnviz/ui/decoding/front/tree.js";
import { fill, printable } from "../../attnviz/ui/front/labels.js";
import { formulaText } from "../../attnviz/ui/masks/front/terms.js";

const said = (tree, result, digits = 2, longest = 0) => linesOf(tree, result, digits, longest).map((line) => line.map(({ text }) => text).join(""));
const cell = (value, column = 0) => X.cell("q", 1, column, 0, value);

test("terms are joined as the server writes them", () => {
  const terms = [{ name: "causal", arguments: "" }, { join: "&", name: "window", arguments: "3" }, { join: "|", negated: true, name: "cells", arguments: "", bracketed: true }];
  assert.equal(formulaText(terms), "causal & window(3) | ~cells()");
  assert.equal(formulaText([{ name: "", arguments: "", negated: true, inside: [{ name: "causal", arguments: "" }, { join: "|", name: "full", arguments: "" }] }]), "~(causal | full)");
  assert.equal(formulaText([]), "");
});

test("a sum of products reads as on a board, negative factors in brackets", () => {
  const tree = X.sum([X.product(cell(0.5), cell(-2, 1)), X.product(cell(1, 2), cell(3, 3))]);
  assert.deepEqual(said(tree, 2), ["0.50·(−2.00) + 1.00·3.00 = 2.00"]);
});

test("of a long sum the middle is left out, and no cell of it is lost to the light", () => {
  const tree = X.sum(Array.from({ length: 9 }, (_, i) => cell(i, i)));
  assert.deepEqual(said(tree, 36, 0, 4), ["0 + 1 + 2 + … + 8 = 36"]);
  assert.equal(cellsOf(tree).length, 9);
});

test("what has a name is defined in front, once", () => {
  const mean = X.named("μ", X.quotient(X.sum([cell(1), cell(3, 1)]), X.constant(2)));
  const tree = X.quotient(X.difference(cell(3, 1), mean), X.root(X.square(mean)));
  assert.equal(definitionsOf(tree).length, 1);
  assert.deepEqual(said(tree, 0.5)[0], "μ = (1.00 + 3.00) / 2.00 = 2.00");
});

test("a cell that is met twice is one cell", () => {
  assert.equal(cellsOf(X.product(cell(2), cell(2))).length, 1);
});

test("tokens are made visible, and nothing turns the line around", () => {
  assert.deepEqual([" ", "", "\n", "a\tb", "\u202eabc", "\u0007"].map(printable), ["␣", "∅", "⏎", "a⇥b", "abc", "\ufffd"]);
});

test("a template keeps what is not given", () => {
  assert.equal(fill("{a} of {b}", { a: 0 }), "0 of {b}");
});

test("what the cache saves is said of the attention that is shown", () => {
  const text = { cache_verdict: "self {computed}/{reused}", cache_verdict_cross: "cross {computed}/{reused}" };
  const said = (kind, n, withCache) => cacheVerdict(text, kind, { n, sources: 7, withCache });
  assert.deepEqual([said("decoder_self", 3, true), said("decoder_self", 3, false)], ["self 1/2", "self 3/0"]);
  assert.deepEqual([said("cross", 1, true), said("cross", 3, true), said("cross", 3, false)], ["cross 7/0", "cross 0/7", "cross 7/0"]);
});

test("a branch of a beam search is a text", () => {
  const nodes = [{ parent: null, token: "<s>" }, { parent: 0, token: "a" }, { parent: 1, token: "b" }];
  assert.equal(textOf({ nodes, prefix: ["x"], joint: " " }, 2), "x a b");
  assert.equal(textOf({ nodes, prefix: [], joint: "" }, 2), "ab");
});

test("another model's walk is opened where one was, whatever its number", () => {
  const screens = [{ steps: ["x"], stage: "input" }, { steps: ["q", "k"], stage: "project" }, { steps: ["weights"], stage: "softmax" }];
  assert.equal(sameScreen(screens, { name: "k", stage: "other" }), screens[1]);
  assert.equal(sameScreen(screens, { name: "other", stage: "softmax" }), screens[2]);
  assert.equal(sameScreen(screens, { name: "other", stage: "other" }), undefined);
});
