// What was done and is not answered yet: nothing is lost, nothing comes twice.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Operations } from "../../attnviz/ui/front/operations.js";
import { Wanted } from "../../attnviz/ui/attention/front/wanted.js";

function talking(make) {
  const sent = [];
  return [make((message) => sent.push(structuredClone(message))), sent];
}

function operations() {
  return talking((deliver) => Object.assign(new Operations(), { deliver, scope: "s" }));
}

test("one message is under way; what is done meanwhile goes with the next, none is lost", () => {
  const [queue, sent] = operations();
  queue.add({ op: "undo" });
  queue.add({ op: "redo" });
  queue.add({ op: "reset" });
  assert.equal(sent.length, 1);
  queue.receive({ scope: "s", seq: 1 });
  assert.deepEqual(sent[1].operations.map(({ op, seq }) => [op, seq]), [["redo", 2], ["reset", 3]]);
  queue.receive({ scope: "s", seq: 3 });
  assert.equal(queue.busy, false);
});

test("every message repeats what is not answered", () => {
  const [queue, sent] = operations();
  queue.add({ op: "a" });
  queue.receive({ scope: "s", seq: 0 });
  queue.add({ op: "b" });
  queue.send(true);
  assert.deepEqual(sent.at(-1).operations.map(({ op }) => op), ["a", "b"]);
});

test("one stroke is one operation as long as it has not left", () => {
  const [queue, sent] = operations();
  queue.add({ op: "look" });
  for (const cell of [3, 4, 5]) queue.add({ op: "paint", stroke: 9, visible: true, areas: [cell, cell, 0, 0] });
  queue.add({ op: "paint", stroke: 10, visible: true, areas: [7, 7, 0, 0] });
  queue.receive({ scope: "s", seq: 1 });
  assert.deepEqual(sent.at(-1).operations.map(({ areas }) => areas.length / 4), [3, 1]);
});

test("another scope knows nothing of what was asked before", () => {
  const [queue] = operations();
  queue.add({ op: "a" });
  queue.receive({ scope: "other", seq: 40 });
  assert.equal(queue.busy, false);
  assert.equal(queue.add({ op: "b" }), 41);
});

const place = (layer, head, kind = "cross") => ({ kind, layer, head });
const answer = (identity, asked, has = () => false) => ({ identity, asked, kinds: [{ id: "cross", heads: 12, has }] });

test("a head is asked for once, and with all that are still owed", () => {
  const [wanted, sent] = talking((send) => new Wanted(send));
  wanted.receive(answer("p", 0));
  wanted.ask([place(1, 2)]);
  wanted.ask([place(1, 2)]);
  wanted.ask([place(1, 3)]);
  assert.deepEqual(sent.map(({ heads }) => heads), [[["cross", 1, 2]], [["cross", 1, 2], ["cross", 1, 3]]]);
  assert.equal(wanted.receive(answer("p", 1, (_, head) => head === 2)), true);
  assert.deepEqual([...wanted.owed.values()], [place(1, 3)]);
});

test("what an answer to the last question lacks does not exist", () => {
  const [wanted] = talking((send) => new Wanted(send));
  wanted.receive(answer("p", 0));
  wanted.ask([place(1, 2)]);
  wanted.receive(answer("p", 1));
  assert.equal(wanted.owed.size, 0);
});

test("another picture owes nothing, and a small one, which has no name, is never more of the same", () => {
  const [wanted] = talking((send) => new Wanted(send));
  wanted.receive(answer("p", 0));
  wanted.ask([place(1, 2)]);
  assert.equal(wanted.receive(answer("q", 0)), false);
  assert.equal(wanted.owed.size, 0);
  wanted.receive(answer("", 0));
  assert.equal(wanted.receive(answer("", 0)), false);
});
