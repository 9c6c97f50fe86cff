// @ts-check
// What a stage asks the server directly, past a run of the script (frame/direct.py); where nobody answers there, in the
// host's way. When nothing was asked for a while the host is told, so that what stands around the stage follows.

const LONGEST = 2 ** 20; // characters of a question; more goes the host's way
const PATIENCE = 60_000; // milliseconds until the host's way is taken

export class Line {
  /**
   * `since` says how often the host has handed over something new, `take` shows an answer to a question asked then; it
   * says false where the host has handed over something newer.
   * @param {{ since: () => number, take: (bytes: Uint8Array, since: number) => Promise<boolean> }} stage
   * @param {number} quiet milliseconds until the host is told
   */
  constructor(stage, quiet = 400) {
    this.stage = stage;
    this.quiet = quiet;
    this.path = ""; // where to ask; "": nowhere
    this.asked = this.newest = this.open = 0;
    /** @type {ReturnType<typeof setTimeout> | null} */
    this.timer = null;
  }

  // Whether the host does not know yet what was asked here.
  get busy() {
    return this.open > 0 || this.timer !== null;
  }

  /**
   * Every question says all that the one before it said: of several only the last one is answered. But those for `more`
   * of what is on screen change nothing, and stand behind. `settle` tells the host what a direct answer has changed.
   * @param {object} message @param {{ otherwise: () => void, settle?: () => void, more?: boolean }} host
   */
  async ask(message, { otherwise, settle, more = false }) {
    const number = ++this.asked;
    if (!more) this.newest = number;
    if (settle) this.wait(null);
    const question = JSON.stringify(message);
    const direct = this.path && question.length <= LONGEST;
    const since = this.stage.since();
    this.open += 1;
    const answer = direct ? await this.answer(question) : null;
    this.open -= 1;
    if (number < this.newest) return;
    if (!answer || !(await this.taken(answer, since))) otherwise();
    else if (settle && number === this.newest) this.wait(settle);
  }

  /** @param {(() => void) | null} settle */
  wait(settle) {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = settle && setTimeout(() => {
      this.timer = null;
      settle();
    }, this.quiet);
  }

  /** @param {Uint8Array} bytes @param {number} since */
  async taken(bytes, since) {
    try {
      return await this.stage.take(bytes, since);
    } catch (error) {
      console.warn(error); // the host's way shows what can be shown
      return false;
    }
  }

  /** @param {string} body @returns {Promise<Uint8Array | null>} */
  async answer(body) {
    try {
      const headers = { "Content-Type": "application/json" };
      const answer = await fetch(this.path, { method: "POST", headers, body, redirect: "error", signal: AbortSignal.timeout(PATIENCE) });
      const ours = answer.status === 200 && answer.headers.get("Content-Type") === "application/octet-stream";
      return ours ? new Uint8Array(await answer.arrayBuffer()) : null;
    } catch {
      return null; // no way to the server, or none for this
    }
  }
}
