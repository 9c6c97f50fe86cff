import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { MOTION, fadeFrom } from "../../attnviz/ui/front/motion.js";

const quiet = (matches) => (globalThis.matchMedia = () => ({ matches }));
afterEach(() => delete globalThis.matchMedia);

// A canvas that notes what is done to it.
function canvas() {
  const one = { isConnected: true, width: 7, height: 5, offsetLeft: 3, offsetTop: 2, style: {}, dataset: {}, attributes: {}, removed: 0, after: (ghost) => (one.behind = ghost) };
  one.animate = (frames, options) => ((one.moved = { frames, options }), { finished: new Promise((done) => (one.end = done)) });
  one.setAttribute = (name, value) => (one.attributes[name] = value);
  one.getContext = () => ({ drawImage: (what) => (one.drawn = what) });
  one.remove = () => one.removed++;
  one.cloneNode = canvas;
  return one;
}

test("what was drawn fades out over what is drawn now, between 150 and 250 ms", async () => {
  quiet(false);
  const one = canvas();
  fadeFrom(one);
  assert.equal(one.behind.drawn, one);
  assert.deepEqual(one.behind.moved.frames, [{ opacity: 1 }, { opacity: 0 }]);
  assert.ok(MOTION >= 150 && MOTION <= 250);
  assert.equal(one.behind.moved.options.duration, MOTION);
  assert.equal(one.behind.style.pointerEvents, "none");
  one.behind.end();
  await new Promise(setImmediate);
  assert.equal(one.behind.removed, 1);
});

test("a second change does not wait for the first", () => {
  quiet(false);
  const one = canvas();
  fadeFrom(one);
  const first = one.ghost;
  fadeFrom(one);
  assert.equal(first.removed, 1);
  assert.notEqual(one.ghost, first);
});

test("what is not on the page does not move", () => {
  quiet(false);
  const one = canvas();
  one.isConnected = false;
  fadeFrom(one);
  assert.equal(one.behind, undefined);
});

test("nothing moves for those who ask for it", () => {
  quiet(true);
  const one = canvas();
  fadeFrom(one);
  assert.equal(one.behind, undefined);
});
