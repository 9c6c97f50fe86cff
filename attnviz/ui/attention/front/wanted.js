// @ts-check
// Which heads of a large stage the server still owes us. Every message names all of them, because only the last one is
// sure to be read, and the picture they belong to: if that has changed, the server sends the new one instead.

/** @typedef {{ kind: string, layer: number, head: number }} Place */

/** @param {Place} place */
const keyOf = ({ kind, layer, head }) => `${kind}/${layer}/${head}`;

export class Wanted {
  /** @param {(message: { seq: number, identity: string, heads: [string, number, number][] }) => void} send */
  constructor(send) {
    this.send = send;
    /** @type {Map<string, Place>} */
    this.owed = new Map();
    this.identity = "";
    this.seq = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** What an answer brought; true if it is more of the same picture. @param {{ identity: string, asked: number, kinds: { id: string, heads: number, has: (layer: number, head: number) => boolean }[] }} picture */
  receive(picture) {
    const same = picture.identity !== "" && picture.identity === this.identity;
    this.identity = picture.identity;
    if (!same) this.owed.clear();
    for (const [key, { kind, layer, head }] of this.owed) {
      const here = picture.kinds.find(({ id }) => id === kind);
      if (!here || here.has(layer, head) || picture.asked >= this.seq) this.owed.delete(key);
    }
    this.seq = Math.max(this.seq, picture.asked);
    return same;
  }

  // The picture is not here: whatever comes next must be whole.
  forget() {
    this.owed.clear();
    this.identity = "";
  }

  /** @param {Place[]} places @param {number} [soon] milliseconds to gather more in */
  ask(places, soon = 0) {
    const fresh = places.filter((place) => !this.owed.has(keyOf(place)));
    if (!fresh.length) return;
    for (const place of fresh) this.owed.set(keyOf(place), place);
    clearTimeout(this.timer);
    if (soon) this.timer = setTimeout(() => this.tell(), soon);
    else this.tell();
  }

  tell() {
    clearTimeout(this.timer);
    if (!this.owed.size) return;
    this.seq += 1;
    this.send({ seq: this.seq, identity: this.identity, heads: [...this.owed.values()].map(({ kind, layer, head }) => [kind, layer, head]) });
  }
}
