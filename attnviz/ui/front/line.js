// @ts-check
// What a stage asks the server directly, past a run of the script (frame/direct.py); where nobody answers there, in the
// host's way. When nothing was asked for a while the host is told, so that what stands around the stage follows.

const LONGEST = 2 ** 20; // characters of a question; more goes the host's way

export class Line {
  /** @param {(bytes: Uint8Array) => unknown} take shows an answer @param {number} quiet milliseconds until the host is told */
  constructor(take, quiet = 400) {
    this.take = take;
    this.quiet = quiet;
    this.path = ""; // where to ask; "": nowhere
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /**
   * `settle` tells the host what a direct answer has changed; questions that change nothing have none.
   * @param {object} message @param {{ otherwise: () => void, settle?: () => void }} host
   */
  async ask(message, { otherwise, settle }) {
    if (settle) clearTimeout(this.timer);
    const question = JSON.stringify(message);
    const answer = this.path && question.length <= LONGEST ? await this.answer(question) : null;
    if (!answer) {
      otherwise();
      return;
    }
    await this.take(answer);
    if (!settle) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(settle, this.quiet);
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
