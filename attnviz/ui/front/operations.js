// @ts-check
// What the user did and the server has not answered yet. Every message holds all of it, numbered, because Streamlit
// keeps only the last one; until the answer comes, painted cells stand on top of the server's mask.

const PATIENCE = 4000; // milliseconds after which an unanswered message is sent again

export class Operations {
  constructor() {
    this.waiting = [];
    this.seq = this.sent = this.answered = this.sentAt = 0;
    this.deliver = null;
    this.scope = "";
  }

  // The server's word: another scope is another session of the lab, which knows nothing of what was sent before.
  receive({ scope, seq }) {
    if (scope !== this.scope) {
      this.waiting = [];
      this.scope = scope;
      this.seq = this.sent = this.answered = seq;
    }
    this.answered = seq;
    this.seq = Math.max(this.seq, seq);
    this.waiting = this.waiting.filter((operation) => operation.seq > seq);
    if (this.waiting.length && this.waiting[this.waiting.length - 1].seq > this.sent) this.send(true);
  }

  add(operation) {
    const last = this.waiting[this.waiting.length - 1];
    const goesOn = last && last.seq > this.sent && operation.op === "paint" && last.op === "paint" &&
      last.stroke === operation.stroke && last.visible === operation.visible;
    if (goesOn) for (const number of operation.areas) last.areas.push(number);
    else this.waiting.push({ ...operation, seq: ++this.seq });
    this.send(false);
    return this.seq;
  }

  // One message at a time is under way; what is done meanwhile goes with the next one.
  send(now) {
    if (!this.waiting.length || !this.deliver) return;
    if (!now && this.sent > this.answered && performance.now() - this.sentAt < PATIENCE) return;
    this.sent = this.waiting[this.waiting.length - 1].seq;
    this.sentAt = performance.now();
    this.deliver({ scope: this.scope, operations: this.waiting });
  }

  get busy() {
    return this.waiting.length > 0;
  }
}
