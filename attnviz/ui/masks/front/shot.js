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
  }
}
