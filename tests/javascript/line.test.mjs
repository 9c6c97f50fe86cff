// A direct line: its answer is drawn at once, and whatever it cannot do goes the host's way.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Arrivals } from "../../attnviz/ui/front/arrivals.js";
import { Line } from "../../attnviz/ui/front/line.js";

function talking(answer, take = () => true) {
  const heard = { taken: [], otherwise: [], settled: [], asked: [] };
  globalThis.fetch = async (path, { method, body }) => {
    heard.asked.push([method, path, JSON.parse(body)]);
    return answer(heard.asked.length);
  };
  const stage = { since: () => heard.since ?? 0, take: async (bytes, since) => take(bytes, since) && Boolean(heard.taken.push([...bytes])) };
  const line = Object.assign(new Line(stage, 20), { path: "/direct/x" });
  const ask = (message, { changes = true, more = false } = {}) => line.ask(message, {
    otherwise: () => heard.otherwise.push(message),
    ...(changes && { settle: () => heard.settled.push(message) }),
    more,
  });
  return [ask, heard, line];
}

const typed = (type, buffer) => ({ status: 200, headers: new Headers({ "Content-Type": type }), arrayBuffer: async () => buffer });
const bytes = (...numbers) => typed("application/octet-stream", new Uint8Array(numbers).buffer);
const later = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

test("the answer is taken, and the host is told when nothing more was asked for a while", async () => {
  const [ask, heard] = talking((n) => bytes(n));
  await ask({ n: 1 });
  await ask({ n: 2 });
  assert.deepEqual(heard.asked, [["POST", "/direct/x", { n: 1 }], ["POST", "/direct/x", { n: 2 }]]);
  assert.deepEqual(heard.taken, [[1], [2]]);
  assert.deepEqual(heard.settled, []);
  await later(60);
  assert.deepEqual(heard.settled, [{ n: 2 }]);
  assert.deepEqual(heard.otherwise, []);
});

test("a question that changes nothing puts off nothing", async () => {
  const [ask, heard] = talking((n) => bytes(n));
  await ask({ n: 1 });
  await ask({ n: 2 }, { changes: false, more: true });
  await later(60);
  assert.deepEqual(heard.settled, [{ n: 1 }]);
});

test("of questions that follow each other the last one is answered, in whatever order answers come", async () => {
  const [ask, heard, line] = talking((n) => later(n === 1 ? 60 : 5).then(() => bytes(n)));
  const both = [ask({ n: 1 }), ask({ n: 2 })];
  assert.equal(line.busy, true);
  await Promise.all(both);
  await later(40);
  assert.deepEqual([heard.taken, heard.otherwise, heard.settled], [[[2]], [], [{ n: 2 }]]);
  assert.equal(line.busy, false);
});

test("a question that fails says nothing where a newer one was asked", async () => {
  const [ask, heard] = talking((n) => later(n === 1 ? 60 : 5).then(() => (n === 1 ? { status: 500 } : bytes(n))));
  await Promise.all([ask({ n: 1 }), ask({ n: 2 })]);
  assert.deepEqual(heard.otherwise, []);
});

test("what was asked for before the host handed over something newer is not shown; the host is told at once", async () => {
  const [ask, heard] = talking((n) => bytes(n), (_, since) => since === 1);
  await ask({ n: 1 });
  assert.deepEqual([heard.taken, heard.otherwise, heard.settled], [[], [{ n: 1 }], []]);
});

test("an answer that cannot be shown goes the host's way", async () => {
  const [ask, heard] = talking((n) => bytes(n), () => { throw new Error("not a payload"); });
  await ask({ n: 1 });
  assert.deepEqual(heard.otherwise, [{ n: 1 }]);
});

for (const [name, answer] of Object.entries({
  "somebody else answers": () => typed("text/html", new ArrayBuffer(3)),
  "there is none": () => ({ status: 404 }),
  "the page has to see to it": () => ({ status: 204 }),
  "it fails": () => ({ status: 500 }),
  "nobody is there": () => { throw new TypeError("Failed to fetch"); },
})) {
  test(`the host's way, where ${name}; the next question is asked directly again`, async () => {
    const [ask, heard] = talking((n) => (n === 1 ? answer() : bytes(n)));
    await ask({ n: 1 });
    assert.deepEqual(heard.otherwise, [{ n: 1 }]);
    assert.deepEqual(heard.taken, []);
    await ask({ n: 2 });
    assert.deepEqual(heard.taken, [[2]]);
  });
}

test("the host's way, without asking, where no line is known or the question is as large as a file", async () => {
  const [ask, heard, line] = talking(() => bytes(1));
  await ask({ data: "x".repeat(2 ** 20) });
  line.path = "";
  await ask({ n: 1 });
  assert.deepEqual(heard.asked, []);
  assert.equal(heard.otherwise.length, 2);
});

// ---- what Streamlit repeats --------------------------------------------------------------------------------------------

function payload(text) {
  const outline = new TextEncoder().encode(JSON.stringify({ digest: text }));
  const made = new Uint8Array(8 + outline.length);
  made.set(new TextEncoder().encode("AV02"));
  new DataView(made.buffer).setUint32(4, outline.length, true);
  made.set(outline, 8);
  return made;
}

test("what came directly stays, though Streamlit hands over what it handed over before", async () => {
  const arrivals = new Arrivals();
  const shown = [];
  const handlers = { read: async (_, parsed) => parsed.outline.digest, show: (made) => shown.push(made), same: () => shown.push("same") };
  const direct = (text, since = arrivals.hosted) => arrivals.take(payload(text), handlers, since);
  await arrivals.take(payload("a"), handlers);
  assert.equal(await direct("b"), true);
  await arrivals.take(payload("a"), handlers); // another theme, say
  await arrivals.take(payload("b"), handlers); // the run that follows a direct answer
  await arrivals.take(payload("b"), handlers);
  const asked = arrivals.hosted;
  await arrivals.take(payload("c"), handlers);
  assert.equal(await direct("a", asked), false, "asked for before c came");
  assert.equal(await direct("a"), true);
  assert.deepEqual(shown, ["a", "b", "same", "same", "same", "c", "a"]);
});
