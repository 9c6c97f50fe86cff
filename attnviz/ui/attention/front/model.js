// The payload as the drawing code reads it: a Picture of one Kind or several.

import { printable } from "../../front/labels.js";
import { readBody } from "../../front/payload.js";

export async function readPicture(bytes, parsed) {
  const { header } = parsed;
  const body = await readBody(bytes, parsed);
  const block = (name) => {
    const [offset, length] = header.blocks[name];
    return body.subarray(offset, offset + length);
  };
  return { ...header, kinds: header.kinds.map((meta) => new Kind(meta, block)) };
}

// All layers × heads of one kind of attention. A row is a query, a column a key.
class Kind {
  constructor(meta, block) {
    const weights = block(`${meta.kind}/weights`);
    this.id = meta.kind;
    [this.layers, this.heads, this.rows, this.columns] = meta.shape;
    this.codes =
      meta.bits === 16
        ? new Uint16Array(weights.buffer, weights.byteOffset, weights.byteLength / 2)
        : weights;
    this.top = (meta.bits === 16 ? 65535 : 255) - 1;
    this.peak = meta.peak;
    this.mask = block(`${meta.kind}/mask`);
    this.maskPerHead = meta.mask_per_head;
    this.rowLabels = meta.rows.map(printable);
    this.columnLabels = meta.columns.map(printable);
    this.nextLabels = meta.next.map(printable);
    this.raw = { rows: meta.rows, columns: meta.columns, next: meta.next };
    this.unknownRows = new Set(meta.unknown_rows);
    this.unknownColumns = new Set(meta.unknown_columns);
    this.sites = meta.sites;
    this.stats = meta.stats;
    this.isSelf = meta.kind !== "cross" && this.rows === this.columns;
    this.rowPeaks = new Map();
  }

  offset(layer, head) {
    return (layer * this.heads + head) * this.rows * this.columns;
  }

  // Weight of row q on column k; NaN stays NaN.
  weight(layer, head, q, k) {
    return this.decode(this.codes[this.offset(layer, head) + q * this.columns + k]);
  }

  decode(code) {
    if (code > this.top) return NaN;
    const root = code / this.top;
    return root * root * this.peak;
  }

  visible(layer, head, q, k) {
    const index = (this.maskPerHead ? this.offset(layer, head) : 0) + q * this.columns + k;
    return ((this.mask[index >> 3] >> (index & 7)) & 1) === 1;
  }

  // The largest weight of every row of a head.
  peaks(layer, head) {
    const key = layer * this.heads + head;
    let peaks = this.rowPeaks.get(key);
    if (!peaks) {
      peaks = new Float32Array(this.rows);
      let index = this.offset(layer, head);
      for (let q = 0; q < this.rows; q++) {
        let best = 0;
        for (let k = 0; k < this.columns; k++, index++) {
          const code = this.codes[index];
          if (code <= this.top && code > best) best = code;
        }
        peaks[q] = this.decode(best);
      }
      this.rowPeaks.set(key, peaks);
    }
    return peaks;
  }

  statistic(name, layer, head) {
    const table = this.stats[name];
    return table ? table[layer][head] : undefined;
  }

  // One row (or column) as {index, weight, visible}, heaviest first.
  ranked(layer, head, index, alongRow) {
    const count = alongRow ? this.columns : this.rows;
    const entries = [];
    for (let i = 0; i < count; i++) {
      const [q, k] = alongRow ? [index, i] : [i, index];
      entries.push({ index: i, weight: this.weight(layer, head, q, k), visible: this.visible(layer, head, q, k) });
    }
    return entries.sort((a, b) => (b.weight || 0) - (a.weight || 0) || a.index - b.index);
  }
}

// A weight as a colour intensity from 0 to 1.
export function intensity(weight, scale, rowPeak) {
  if (scale === "sqrt") return Math.min(1, Math.sqrt(weight));
  if (scale === "row") return rowPeak > 0 ? weight / rowPeak : 0;
  return Math.min(1, weight);
}
