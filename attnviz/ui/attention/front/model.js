// The payload as the drawing code reads it: a Picture of one Kind or several.

import { printable } from "../../front/labels.js";
import { readBody, unpackedBits } from "../../front/payload.js";
import { Levels, Pyramid } from "../../front/pyramid.js";
import { Worth } from "./worth.js";

// `known` is the picture on screen: an answer that only brings further heads of it goes on with what is there.
export async function readPicture(bytes, parsed, known = null) {
  const { header, blocks, body } = await readBody(bytes, parsed);
  const block = (name) => {
    const [offset, length] = blocks[name];
    return body.subarray(offset, offset + length);
  };
  const goesOn = Boolean(known) && header.identity !== "" && known.identity === header.identity; // a small one comes whole
  const kinds = [];
  for (const meta of header.kinds) {
    const before = goesOn ? known.kinds.find(({ id }) => id === meta.kind) : null;
    const kind = new Kind(meta, block, before);
    await kind.take(meta, block);
    kinds.push(kind);
  }
  return { ...header, kinds };
}

// Work of many milliseconds gives way to the screen.
export async function unhurried(slices, budget = 6) {
  let began = performance.now();
  for (const _ of slices) {
    if (performance.now() - began < budget) continue;
    await new Promise((done) => setTimeout(done));
    began = performance.now();
  }
}

// All layers × heads of one kind of attention. A row is a query, a column a key. Of a large stage there are thumbnails of
// all heads and some whole heads; `cells` is null where a head has not come yet.
export class Kind {
  constructor(meta, block, before = null) {
    this.id = meta.kind;
    [this.layers, this.heads, this.rows, this.columns] = meta.shape;
    this.peak = meta.peak;
    this.maskPerHead = meta.mask === "heads";
    this.rowLabels = meta.rows.map(printable);
    this.columnLabels = meta.columns.map(printable);
    this.nextLabels = meta.next.map(printable);
    this.raw = { rows: meta.rows, columns: meta.columns, next: meta.next };
    this.unknownRows = new Set(meta.unknown_rows);
    this.unknownColumns = new Set(meta.unknown_columns);
    this.sites = meta.sites;
    this.stats = meta.stats;
    this.estimated = meta.estimated || null; // by layer and head: whether its Δloss is an estimate
    this.sink = meta.sink ? this.columns - 1 : null; // the column that is no key
    this.isSelf = meta.kind !== "cross" && this.rows === this.columns - (meta.sink ? 1 : 0);
    this.worth = meta.worth ? worthOf(meta, block(`${meta.kind}/worth`)) : before ? before.worth : null;
    this.whole = before ? before.whole : new Map();
    this.small = before ? before.small : new Map();
    this.shared = before ? before.shared : this.maskPerHead ? null : this.mask(meta, block, `${this.id}/mask`);
  }

  // One byte a cell, from bits or from what the mask is called.
  mask({ mask }, block, name) {
    const cells = new Uint8Array(this.rows * this.columns);
    if (mask === "causal") for (let q = 0; q < this.rows; q++) cells.fill(1, q * this.columns, q * this.columns + Math.min(this.columns, q + 1));
    else cells.set(unpackedBits(block(name), cells.length));
    return new Levels(cells, this.rows, this.columns);
  }

  // Thumbnails and whole heads that this payload brings.
  async take(meta, block) {
    if (meta.thumbs) {
      const [rows, columns] = meta.thumbs;
      const codes = block(`${this.id}/thumbs`);
      const bits = this.maskPerHead ? unpackedBits(block(`${this.id}/thumb_masks`), codes.length) : null;
      const size = rows * columns;
      const seen = bits ? null : new Levels(pooled(this.shared.all[0].cells, this.rows, this.columns, rows, columns), rows, columns);
      for (let i = 0; i < this.layers * this.heads; i++) {
        const mask = seen || new Levels(bits.slice(i * size, (i + 1) * size), rows, columns);
        this.small.set(i, new Pyramid(codes.subarray(i * size, (i + 1) * size), rows, columns, 254, this.peak, mask));
      }
    }
    for (const { head, half } of meta.whole) {
      const name = `${this.id}/${head}`;
      const seen = this.maskPerHead ? this.mask(meta, block, `${name}/mask`) : this.shared;
      const codes = block(name);
      const top = (meta.bits === 16 ? 65535 : 255) - 1;
      const cells = meta.bits === 16 ? new Uint16Array(codes.buffer, codes.byteOffset, codes.byteLength / 2) : codes;
      const all = half ? new cells.constructor(this.rows * this.columns) : cells;
      if (half) await unhurried(spread(cells, all, this.rows, this.columns));
      const pyramid = new Pyramid(all, this.rows, this.columns, top, this.peak, seen);
      if (all.length > 2 ** 20) {
        for (let n = 1; n <= pyramid.most; n++) {
          if (seen.all.length <= n) await unhurried(seen.halving(64));
          await unhurried(pyramid.levels.halving(64));
        }
      }
      this.whole.set(head, pyramid);
    }
  }

  index(layer, head) {
    return layer * this.heads + head;
  }

  has(layer, head) {
    return this.whole.has(this.index(layer, head));
  }

  // The whole head, or null.
  cells(layer, head) {
    return this.whole.get(this.index(layer, head)) || null;
  }

  // The head as it is drawn small.
  thumb(layer, head) {
    const i = this.index(layer, head);
    return this.small.get(i) || this.whole.get(i);
  }

  // Weight of row q on column k; NaN stays NaN.
  weight(layer, head, q, k) {
    return this.cells(layer, head).weight(q, k);
  }

  visible(layer, head, q, k) {
    return this.maskPerHead ? this.cells(layer, head).visible(q, k) : this.shared.all[0].cells[q * this.columns + k] === 1;
  }

  // The largest weight of every row of a head.
  peaks(layer, head) {
    return this.cells(layer, head).peaks();
  }

  statistic(name, layer, head) {
    const table = this.stats[name];
    return table ? table[layer][head] : undefined;
  }

  isEstimated(layer, head) {
    return Boolean(this.estimated && this.estimated[layer][head]);
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

function worthOf(meta, bytes) {
  const [layers, heads] = meta.shape;
  return new Worth(meta.worth, new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4), layers, heads);
}

// The lower half, row after row, into all cells.
function* spread(half, into, rows, columns) {
  for (let q = 0, at = 0; q < rows; q++) {
    const count = Math.min(columns, q + 1);
    into.set(half.subarray(at, at + count), q * columns);
    at += count;
    if (q % 256 === 255) yield;
  }
}

// Whether anything of a block may be seen; the blocks are those of the thumbnails (payload.py).
function pooled(cells, rows, columns, fewRows, fewColumns) {
  const [high, wide] = [Math.ceil(rows / fewRows), Math.ceil(columns / fewColumns)];
  const found = new Uint8Array(fewRows * fewColumns);
  for (let q = 0; q < rows; q++) {
    const line = Math.floor(q / high) * fewColumns;
    for (let k = 0; k < columns; k++) if (cells[q * columns + k]) found[line + Math.floor(k / wide)] = 1;
  }
  return found;
}
