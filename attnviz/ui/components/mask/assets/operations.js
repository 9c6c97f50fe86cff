// What the user did and the server has not answered yet. Every message holds all of it, numbered, because Streamlit
// keeps only the last one; until the answer comes, painted cells stand on top of the server's mask.

const PATIENCE = 4000; // milliseconds after which an unanswered message is sent again

class Operations {
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

// The server's mask with the unanswered painting on top; undo and redo as far as the shot knows what they lead to.
function expectedCells(shot, waiting) {
  let cells = shot.array("mask").slice();
  const size = cells.length;
  const back = shot.has("mask_before") ? [shot.array("mask_before")] : [];
  const forth = shot.has("mask_after") ? [shot.array("mask_after")] : [];
  let stroke = shot.stroke;
  for (const operation of waiting) {
    if (operation.op === "paint") {
      if (operation.stroke !== stroke) {
        back.push(cells.slice());
        forth.length = 0;
        stroke = operation.stroke;
      }
      fillAreas(cells, shot.axes.columns, operation.areas, operation.visible);
    } else if (operation.op === "undo" || operation.op === "redo") {
      const [from, to] = operation.op === "undo" ? [back, forth] : [forth, back];
      const next = from.pop();
      if (!next || next.length !== size) return cells;
      to.push(cells);
      cells = next.slice();
      stroke = null;
    } else if (operation.op !== "look") return cells; // only the server knows what a formula means
  }
  return cells;
}

// Rectangles as (first row, last row, first column, last column), one after the other.
function fillAreas(cells, columns, areas, visible) {
  for (let i = 0; i < areas.length; i += 4) {
    for (let q = areas[i]; q <= areas[i + 1]; q++) {
      cells.fill(visible ? 1 : 0, q * columns + areas[i + 2], q * columns + areas[i + 3] + 1);
    }
  }
}
