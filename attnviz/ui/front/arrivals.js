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
    this.hosted = 0; // how often that was something new
    this.size = 0; // bytes of the latest payload
  }

  // `show` gets what `read` made of a payload, unless it is the one on the screen (`same` is called) or an older one.
  // `since`: of what came directly, how often Streamlit had handed over something new when it was asked for; false if it
  // has done so again by now.
  async take(bytes, { read, show, same }, since = null) {
    const direct = since !== null;
    if (!bytes) return true;
    if (direct && since !== this.hosted) return false;
    const turn = ++this.turn;
    this.size = bytes.byteLength;
    const parsed = readOutline(bytes);
    const repeated = !direct && parsed.text === this.given;
    if (!direct && !repeated) {
      this.given = parsed.text;
      this.hosted += 1;
    }
    if (repeated || parsed.text === this.text) {
      same();
      return true;
    }
    const made = await read(bytes, parsed);
    if (turn < this.shown) return !direct;
    this.shown = turn;
    this.text = parsed.text;
    show(made);
    return true;
  }
}
