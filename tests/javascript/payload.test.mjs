// What the library packs, read back: tests/test_javascript.py packs it into the folder ATTNVIZ_FIXTURES.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Payload, readOutline } from "../../attnviz/ui/front/payload.js";
import { fakeBrowser } from "./fake_dom.mjs";

fakeBrowser();

const folder = process.env.ATTNVIZ_FIXTURES;
const read = async (name) => {
  const bytes = new Uint8Array(await readFile(join(folder, name)));
  return Payload.read(bytes, readOutline(bytes));
};
const told = JSON.parse(await readFile(join(folder, "arrays.json"), "utf-8"), (_, value) => (value === "NaN" ? NaN : value === "∞" ? Infinity : value));

for (const name of ["arrays.bin", "arrays-compressed.bin"]) {
  test(`${name}: values, arrays of every type and a file`, async () => {
    const payload = await read(name);
    assert.equal(payload.word, "词 word");
    for (const [array, { shape, values }] of Object.entries(told)) {
      assert.deepEqual(payload.shape(array), shape);
      assert.deepEqual(Array.from(payload.array(array)), values);
    }
    assert.equal(new TextDecoder().decode(payload.raw("file")), "a,b\n");
    assert.equal(payload.has("nothing"), false);
  });
}

test("equal payloads have one identity, others another", async () => {
  const outline = async (name) => readOutline(new Uint8Array(await readFile(join(folder, name)))).text;
  assert.equal(await outline("arrays.bin"), await outline("arrays.bin"));
  assert.notEqual(await outline("arrays.bin"), await outline("small.bin"));
});

test("foreign bytes are refused", () => {
  assert.throws(() => readOutline(new TextEncoder().encode("PK\u0003\u0004 a zip file, say")), /not a payload/);
});

test("every component is one module whose default export takes a component", async () => {
  const bundles = (await readdir(folder)).filter((name) => name.endsWith(".mjs"));
  assert.ok(bundles.length >= 7);
  for (const name of bundles) {
    const source = await readFile(join(folder, name), "utf-8");
    assert.equal(typeof (await import(join(folder, name))).default, "function", name);
    assert.ok(!/^\s*import\b/m.test(source), name);
  }
});
