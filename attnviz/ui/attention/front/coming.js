// Heads of a large stage that have not come yet: asked for when they are looked at, and a few ahead.

import { Stage } from "./stage.js";

const HUGE = 2 ** 21; // cells (payload.py)

Object.assign(Stage.prototype, {
  ask(heads, soon = 0) {
    const known = (one) => this.picture && this.picture.kinds.find(({ id }) => id === one.kind)?.has(one.layer, one.head);
    this.wanted.ask(heads.filter((one) => !known(one)), soon);
  },

  // A head that is looked at, and those of its layer, nearest first.
  askFor(layer, head, soon = 0) {
    const { kind } = this.state;
    if (kind.has(layer, head)) return;
    this.ask(neighbours(kind, layer, head).map((one) => ({ kind: kind.id, layer, head: one })), soon);
  },

  lookAhead() {
    const { kind, layer, head } = this.state;
    if (kind.rows * kind.columns > HUGE) return; // comes when it is zoomed or pointed at
    this.ask(neighbours(kind, layer, head).map((one) => ({ kind: kind.id, layer, head: one })), 400);
  },

  // Whether an answer brought heads and changed nothing else of what is on screen.
  nothingElse(picture) {
    const said = ({ kinds, chosen, height, theme, text, seq, heads_off: off }) =>
      JSON.stringify([kinds.map(({ id, stats }) => [id, stats]), chosen, height, theme, text, seq, off]);
    return said(picture) === said(this.picture);
  },

  headsCame(picture) {
    this.picture = picture;
    this.state.kind = picture.kinds.find(({ id }) => id === this.state.kind.id);
    if (this.coarse && this.state.kind.has(this.state.layer, this.state.head)) this.paintHead(this.layouts.head);
    this.light();
    const { kind } = this.state;
    if (this.afterAll && kind.whole.size === kind.layers * kind.heads) {
      this.download(this.afterAll);
      this.afterAll = null;
    }
  },
});

// The heads of a layer, the nearest first, as many as make up an answer of some 300 kB.
function neighbours(kind, layer, head) {
  const most = Math.max(1, Math.floor(300_000 / (kind.rows * kind.columns)));
  const heads = Array.from({ length: kind.heads }, (_, i) => i).filter((i) => !kind.has(layer, i));
  return heads.sort((a, b) => Math.abs(a - head) - Math.abs(b - head)).slice(0, most);
}
