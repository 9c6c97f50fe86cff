// One answer of the server: the steps with their numbers, as the drawing code reads them.

import { printable } from "../../front/labels.js";
import { Payload, readBody } from "../../front/payload.js";

// Sentences and numbers, or the page of wrong shapes, which has no arrays.
export async function readAnswer(bytes, parsed) {
  const read = await readBody(bytes, parsed);
  return read.header.mode === "walk" ? new Walk(read) : read.header;
}

const ROLES = { q: "query", k: "key", v: "value" };

function roleOf(name) {
  if (name === "mask") return "mask";
  if (name.startsWith("weights")) return "weights";
  const letter = /^(?:[wb]_)?([qkv])(?:_unrotated|_projected)?(?:_gain|_bias)?$/.exec(name);
  return letter ? ROLES[letter[1]] : "plain";
}

class Step {
  constructor(described, values, before, index) {
    Object.assign(this, described, { values, before, index });
    this.hasHeads = this.shape.length === 3;
    [this.rows, this.columns] = this.shape.slice(-2);
    this.role = roleOf(this.name);
    this.edited = new Set(this.edits.map((place) => place.join("|")));
  }

  place(row, column, head) {
    return ((this.hasHeads ? head : 0) * this.rows + row) * this.columns + column;
  }

  at(row, column, head = 0) {
    return this.values[this.place(row, column, head)];
  }

  was(row, column, head = 0) {
    return this.before ? this.before[this.place(row, column, head)] : this.at(row, column, head);
  }

  isEdited(row, column, head = 0) {
    return this.edited.has([this.hasHeads ? head : 0, row, column].join("|"));
  }

  hasMoved(row, column, head = 0) {
    return Boolean(this.before) && !Object.is(this.was(row, column, head), this.at(row, column, head));
  }

  // The largest finite size of a head's numbers: what the deepest colour stands for.
  peak(head = 0) {
    this.peaks = this.peaks || new Map();
    if (!this.peaks.has(head)) {
      let best = 0;
      const start = this.place(0, 0, head);
      for (let i = start; i < start + this.rows * this.columns; i++) {
        const size = Math.abs(this.values[i]);
        if (size > best && Number.isFinite(size)) best = size;
      }
      this.peaks.set(head, best || 1);
    }
    return this.peaks.get(head);
  }
}

class Walk extends Payload {
  constructor(read) {
    super(read);
    const { header } = read;
    this.headDim = header.head_dim;
    this.each = header.heads / header.groups; // heads that share keys and values
    this.rowLabels = header.rows.map(printable);
    this.columnLabels = header.columns.map(printable);
    const numbers = (name) => (this.has(name) ? this.array(name) : null);
    this.byName = new Map(header.steps.map((step, i) => [step.name, new Step(step, numbers(step.name), numbers(`before/${step.name}`), i)]));
    this.screens = header.screens.map((screen, index) => ({ ...screen, index, all: screen.steps.map((name) => this.byName.get(name)) }));
  }

  // Where the columns of a projection begin that make a head: of keys and values those of its group.
  firstColumn(name, head, width) {
    return (/_[kv]$/.test(name) ? Math.floor(head / this.each) : head) * width;
  }

  step(name) {
    return this.byName.get(name);
  }

  // Whether the model has never seen the token at this place of an axis.
  isUnknown(kind, index) {
    return (this.unknown[kind] || []).includes(index);
  }

  // Labels of an axis: tokens for queries and keys, else numbers from 1.
  labels(kind) {
    return kind === "query" ? this.rowLabels : kind === "key" ? this.columnLabels : null;
  }
}
