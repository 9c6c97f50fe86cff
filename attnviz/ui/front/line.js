// @ts-check
// What a stage asks the server directly, past a run of the script (frame/direct.py); where nobody answers there, in the
// host's way. When nothing was asked for a while the host is told, so that what stands around the stage follows.

const QUIET = 400; // milliseconds until the host is told
const LONGEST = 2 ** 20; // characters of a question; more goes the host's way

export class Line {
  /** @param {{ take: (bytes: Uint8Array) => unknown, otherwise: (message: object) => void, settle: (message: object) => void }} stage */
  constructor(stage, quiet = QUIET) {
    this.stage = stage;
    this.quiet = quiet;
    this.path = ""; // where to ask; "": nowhere
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** @param {object} message */
  async ask(message) {
    clearTimeout(this.timer);
    const question = JSON.stringify(message);
    const answer = this.path && question.length <= LONGEST ? await this.answer(question) : null;
    if (!answer) {
      this.stage.otherwise(message);
      return;
    }
    await this.stage.take(answer);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.stage.settle(message), this.quiet);
  }

  /** @param {string} body @returns {Promise<Uint8Array | null>} */
  async answer(body) {
    try {
      const answer = await fetch(this.path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
      return answer.status === 200 ? new Uint8Array(await answer.arrayBuffer()) : null;
    } catch {
      return null; // no way to the server, or none for this
    }
  }
}
