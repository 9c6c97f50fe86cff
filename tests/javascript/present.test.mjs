// Presentation: which keys are letters, and which panel is meant.

import assert from "node:assert/strict";
import { test } from "node:test";
import { panelAt, typing } from "../../attnviz/ui/frame/presenting/front/present.js";

const node = (tagName, more = {}) => ({ tagName, classList: { contains: (name) => name === more.className }, ...more });

test("while somebody types, a letter is a letter", () => {
  assert.equal(typing([node("SPAN"), node("DIV")]), false);
  for (const tag of ["INPUT", "TEXTAREA", "SELECT"]) assert.equal(typing([node(tag), node("DIV")]), true);
  assert.equal(typing([node("B"), node("DIV", { isContentEditable: true })]), true);
});

test("the panel under the pointer is the stage, else the component that the point lies in", () => {
  const frame = node("DIV", { className: "stage-frame" });
  const host = node("DIV", { shadowRoot: {} });
  assert.equal(panelAt([node("CANVAS"), frame, host]), frame);
  assert.equal(panelAt([node("CANVAS"), host, node("BODY")]), host);
  assert.equal(panelAt([node("P"), node("BODY")]), null);
  assert.equal(panelAt([{}]), null);
});
