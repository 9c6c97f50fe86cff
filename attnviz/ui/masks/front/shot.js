// One answer of the server: the header's values, its arrays, and the axes as the drawing code reads them.

import { printable } from "../../front/labels.js";
import { Payload } from "../../front/payload.js";

export class Shot extends Payload {
  constructor(read) {
    super(read);
    const { header } = read;
    const [rows, columns] = [header.rows.map(printable), header.columns.map(printable)];
    // What the drawing code calls a kind: labels and sizes of the rows (queries) and columns (keys).
    this.axes = {
      rows: rows.length, columns: columns.length, rowLabels: rows, columnLabels: columns, nextLabels: [],
      unknownRows: new Set(header.unknown_rows), unknownColumns: new Set(header.unknown_columns),
      isSelf: header.target.kind !== "cross",
    };
    // What is read at every position, what should come, and what comes now and came before: [name, probability].
    this.steps = header.read.map((read, q) => {
      const [now, own] = [this.likely("now", q, 0), this.likely("own", q, header.own_first[q])];
      return { read, target: header.targets[q] ?? null, now, own };
    });
  }

  // One of the candidates at a position; a probability that is none has no name either.
  likely(when, q, place) {
    const among = this.candidates[q];
    const probability = this.array(`likely_${when}`)[q * among.length + place];
    return Number.isNaN(probability) ? ["NaN", null] : [this.names[among[place]], probability];
  }

  // All of a position: [name, probability now, before].
  choices(q) {
    return this.candidates[q].map((token, place) => [this.names[token], this.likely("now", q, place)[1], this.likely("own", q, place)[1]]);
  }
}
