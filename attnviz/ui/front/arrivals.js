// @ts-check
// What Streamlit hands over, in the order it was made: it calls a component anew for the same data, too, and unpacking
// takes a moment, in which a newer payload may arrive. What came on a direct line Streamlit knows nothing of.

import { readOutline } from "./payload.js";

export class Arrivals {
  constructor() {
    this.turn = this.shown = 0;
    /** @type {string | null} */
    this.text = null;
    /** @type {string | null} */
    this.given = null; // what Streamlit handed over last
    this.size = 0; // bytes of the latest payload
  }

  // `show` gets what `read` made of a payload, unless it is the one on the screen (`same` is called) or an older one.
  async take(bytes, { read, show, same }, direct = false) {
    if (!bytes) return;
    const turn = ++this.turn;
    this.size = bytes.byteLength;
    const parsed = readOutline(bytes);
    const repeated = !direct && parsed.text === this.given;
    if (!direct) this.given = parsed.text;
    if (repeated || parsed.text === this.text) {
      same();
      return;
    }
    const made = await read(bytes, parsed);
    if (turn < this.shown) return;
    this.shown = turn;
    this.text = parsed.text;
    show(made);
  }
}
