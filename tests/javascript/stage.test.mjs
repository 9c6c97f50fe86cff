// The attention stage under a host that is no Streamlit: data in, answers out. The payloads are packed by the library;
// ATTNVIZ_FIXTURES names the folder where tests/test_javascript.py put them.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fakeBrowser } from "./fake_dom.mjs";

const element = fakeBrowser();
const { serve } = await import("../../attnviz/ui/front/host.js");
const { Stage } = await import("../../attnviz/ui/attention/front/stage.js");
await import("../../attnviz/ui/attention/front/screen.js");
await import("../../attnviz/ui/attention/front/coming.js");
await import("../../attnviz/ui/attention/front/telling.js");
await import("../../attnviz/ui/attention/front/token.js");

const payload = async (name) => new Uint8Array(await readFile(join(process.env.ATTNVIZ_FIXTURES, name)));
const sent = [];
const host = { element, send: (name, value) => sent.push([name, structuredClone(value)]) };
const give = async (name) => serve(host, await payload(name), "stage", Stage);

test("a small stage has every head, and tells of a switch", async () => {
  await give("small.bin");
  const { stage } = element;
  const { kind } = stage.state;
  assert.deepEqual([kind.layers, kind.heads, kind.rows, kind.columns], [2, 3, 5, 7]);
  assert.equal(kind.whole.size, 6);
  stage.toggle(1, 2);
  const [name, message] = sent.pop();
  assert.equal(name, "heads_off");
  assert.deepEqual(message, { seq: 1, scope: "model", heads: [[kind.sites[1], 2]], chosen: ["cross", 0, 0] });
  assert.equal(stage.state.isOff(1, 2), true);
});

test("weights arrive as they were packed", async () => {
  const { numbers } = JSON.parse(await readFile(join(process.env.ATTNVIZ_FIXTURES, "small.json"), "utf-8"));
  const { kind } = element.stage.state;
  for (let layer = 0; layer < 2; layer++) {
    for (let head = 0; head < 3; head++) {
      for (let q = 0; q < 5; q++) for (let k = 0; k < 7; k++) assert.ok(Math.abs(kind.weight(layer, head, q, k) - numbers[layer][head][q][k]) < 2e-5);
    }
  }
});

test("another sentence comes with its own mask", async () => {
  const { mask } = JSON.parse(await readFile(join(process.env.ATTNVIZ_FIXTURES, "longer.json"), "utf-8"));
  for (const before of ["small.bin", "longer.bin"]) {
    await give(before);
    await give("longer.bin");
    const { kind } = element.stage.state;
    assert.deepEqual([kind.rows, kind.columns], [7, 11]);
    for (let layer = 0; layer < 2; layer++) {
      for (let head = 0; head < 3; head++) {
        for (let q = 0; q < 7; q++) for (let k = 0; k < 11; k++) assert.equal(kind.visible(layer, head, q, k), mask[layer][head][q][k]);
      }
    }
  }
});

test("a large stage brings thumbnails and the chosen head; the heads that are looked at are asked for and come", async () => {
  sent.length = 0;
  await give("large.bin");
  const { stage } = element;
  const { kind } = stage.state;
  assert.equal(kind.whole.size, 1);
  assert.equal(kind.small.size, 16);
  stage.choose(2, 3);
  const [name, message] = sent.at(-1);
  assert.equal(name, "wanted");
  assert.ok(message.heads.some((one) => one.join() === "decoder_self,2,3"));
  assert.equal(message.identity, stage.picture.identity);
  assert.equal(stage.coarse, true);
  await give("further.bin");
  assert.equal(stage.coarse, false);
  assert.ok(stage.state.kind.has(2, 3));
  assert.ok(stage.state.kind.has(0, 0), "what was there stays");
  assert.deepEqual([stage.state.layer, stage.state.head], [2, 3]);
  const { row } = JSON.parse(await readFile(join(process.env.ATTNVIZ_FIXTURES, "further.json"), "utf-8"));
  row.forEach((weight, k) => assert.ok(Math.abs(stage.state.kind.weight(2, 3, 130, k) - weight) < 0.004));
});

test("heads of a picture that is not here any more: everything is asked for again", async () => {
  sent.length = 0;
  delete element.stage;
  await give("further.bin");
  const [name, message] = sent.at(-1);
  assert.equal(name, "wanted");
  assert.equal(message.identity, "");
});

test("a stage that was thrown out is made anew", async () => {
  await give("small.bin");
  const before = element.stage;
  before.refs.root.isConnected = false;
  await give("small.bin");
  assert.notEqual(element.stage, before);
});

test("a component of words and numbers draws what it is told and asks by a name", async () => {
  const { showTimeline } = await import("../../attnviz/ui/runs/timeline/front/timeline.js");
  const asked = [];
  const line = fakeBrowser();
  const text = { timeline_label: "l", timeline_live: "live", timeline_live_help: "h", timeline_step: "step {step}", timeline_none: "-" };
  const data = { scope: "run", steps: [0, 10, 1500], total: 2000, done: 1500, at: null, moving: true, marks: [{ step: 10, what: "induction", label: "x" }], text };
  showTimeline(data, { element: line, send: (name, value) => asked.push([name, value]) });
  const track = line.querySelector(".line").querySelector(".track");
  assert.equal(track.attributes["aria-valuetext"], "step 1,500");
  track.onkeydown({ key: "Home", preventDefault() {} });
  assert.deepEqual(asked, [["chosen", { scope: "run", step: 0 }]]);
});
