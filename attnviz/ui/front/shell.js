// @ts-check
// What stages have in common: they take data in the order they were made, notice another theme, and hear the keys of the
// page as long as they are on it.

import { Arrivals } from "./arrivals.js";
import { appearance } from "./theme.js";

export class Shell {
  /** @param {HTMLElement} element what the host gave @param {string} place the selector of the stage's place in it */
  constructor(element, place) {
    this.host = element;
    this.place = /** @type {HTMLElement} */ (element.querySelector(place));
    this.arrivals = new Arrivals();
    this.appeared = ""; // the theme that is drawn
    /** @type {HTMLElement} */
    this.root = this.place;
    window.addEventListener("attnviz-present", () => requestAnimationFrame(() => this.looked()));
  }

  // In a presentation type is larger.
  looked() {
    if (this.connected && this.appeared && appearance(this.place) !== this.appeared) this.retheme();
  }

  get connected() {
    return this.root.isConnected;
  }

  /** @param {Uint8Array} data @param {import("./host.js").Host} host */
  receive(data, host) {
    this.send = host.send;
    return this.arrive(data);
  }

  /** @param {Uint8Array} data @param {number | null} since of what came on a direct line (line.js) */
  arrive(data, since = null) {
    const read = (/** @type {Uint8Array} */ bytes, /** @type {object} */ parsed) => this.read(bytes, parsed);
    const show = (/** @type {any} */ made) => this.show(made);
    return this.arrivals.take(data, { read, show, same: () => this.looked() }, since);
  }

  /** What a payload says. @param {Uint8Array} _bytes @param {object} _parsed @returns {Promise<any>} */
  read(_bytes, _parsed) {
    throw new Error("a stage reads its own payload");
  }

  /** @param {any} _made */
  show(_made) {}

  retheme() {}

  /** @param {(event: KeyboardEvent) => void} heard keys that nobody on the page took */
  hearKeys(heard) {
    /** @param {KeyboardEvent} event */
    const keys = (event) => {
      if (this.connected) heard(event);
      else document.removeEventListener("keydown", keys);
    };
    document.addEventListener("keydown", keys);
  }
}
