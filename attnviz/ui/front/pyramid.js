// @ts-check
// Weights as codes (packing.py) at every size: level 0 is a code a cell, every further level halves both sides and keeps
// the largest of four, so that what is drawn small loses no peak. Colours come from a table, one entry a code, and
// pictures are kept tile by tile, so that choosing, zooming and moving paint only what has not been painted before.

import { numberText, weightShort } from "./numbers.js";
import { Raster, rgba } from "./raster.js";
import { shade } from "./scale.js";

/** @typedef {import("./zoom.js").Part} Part */
/** @typedef {Uint8Array | Uint16Array} Array_ */
/** @typedef {{ rows: number, columns: number, cells: Uint8Array }} Seen one byte a cell: 1 where a query may look */
/** @typedef {{ scale: import("./scale.js").Scale, mode: "weights" | "mask", theme: any }} Look */

export const TILE = 256;
const LEAK_ALPHA = 150; // a leak (blocked, yet weight) is half see-through, so that the hatching shows beneath it

/** Half as many rows and columns, the largest of four. @template {Array_} T @param {T} cells @param {number} rows @param {number} columns @param {T} into @param {number} [from] @param {number} [to] rows of the result */
export function halve(cells, rows, columns, into, from = 0, to = (rows + 1) >> 1) {
  const half = (columns + 1) >> 1;
  for (let q = from; q < to; q++) {
    const upper = 2 * q * columns;
    const lower = 2 * q + 1 < rows ? upper + columns : upper;
    for (let k = 0, at = q * half; k < half; k++, at++) {
      const a = 2 * k;
      const b = a + 1 < columns ? a + 1 : a;
      let best = cells[upper + a];
      if (cells[upper + b] > best) best = cells[upper + b];
      if (cells[lower + a] > best) best = cells[lower + a];
      if (cells[lower + b] > best) best = cells[lower + b];
      into[at] = best;
    }
  }
  return into;
}

// All levels of one array, made when they are first asked for or ahead, in slices.
export class Levels {
  /** @param {Array_} cells @param {number} rows @param {number} columns */
  constructor(cells, rows, columns) {
    this.all = [{ cells, rows, columns }];
  }

  /** @param {number} n */
  at(n) {
    while (this.all.length <= n) for (const _ of this.halving(Infinity));
    return this.all[n];
  }

  /** The next level, `slice` rows at a time. @param {number} slice */
  *halving(slice) {
    const { cells, rows, columns } = this.all[this.all.length - 1];
    const [halfRows, halfColumns] = [(rows + 1) >> 1, (columns + 1) >> 1];
    const into = cells instanceof Uint8Array ? new Uint8Array(halfRows * halfColumns) : new Uint16Array(halfRows * halfColumns);
    for (let from = 0; from < halfRows; from += slice) {
      halve(/** @type {any} */ (cells), rows, columns, /** @type {any} */ (into), from, Math.min(halfRows, from + slice));
      yield;
    }
    this.all.push({ cells: into, rows: halfRows, columns: halfColumns });
  }
}

/** The level whose cells are a device pixel or more. @param {number} pixels of a cell at level 0 @param {number} most */
export function levelFor(pixels, most) {
  let level = 0;
  for (let size = pixels; size < 0.99 && level < most; size *= 2) level++;
  return level;
}

export class Pyramid {
  /** @param {Array_} codes @param {number} top the code of `peak`; the next one is NaN @param {number} peak @param {Levels} seen */
  constructor(codes, rows, columns, top, peak, seen) {
    this.levels = new Levels(codes, rows, columns);
    Object.assign(this, { rows, columns, codes, top, peak, seen });
    this.rows = rows;
    this.columns = columns;
    this.codes = codes;
    this.top = top;
    this.peak = peak;
    this.seen = seen;
    /** @type {Map<string, Painted>} */
    this.painted = new Map();
    /** @type {Float32Array | null} */
    this.rowPeaks = null;
    this.most = Math.max(0, Math.ceil(Math.log2(Math.max(rows, columns) / 8)));
  }

  /** @param {number} code */
  decode(code) {
    if (code > this.top) return NaN;
    const root = code / this.top;
    return root * root * this.peak;
  }

  /** NaN stays NaN. @param {number} q @param {number} k */
  weight(q, k) {
    return this.decode(this.codes[q * this.columns + k]);
  }

  /** @param {number} q @param {number} k */
  visible(q, k) {
    return this.seen.all[0].cells[q * this.columns + k] === 1;
  }

  // The largest weight of every row.
  peaks() {
    if (!this.rowPeaks) this.rowPeaks = Float32Array.from(this.largest(this.codes, this.rows, this.columns), (code) => this.decode(code));
    return this.rowPeaks;
  }

  /** The largest code of every row that is a number. @param {Array_} cells @param {number} rows @param {number} columns */
  largest(cells, rows, columns) {
    const found = new Uint16Array(rows);
    for (let q = 0, at = 0; q < rows; q++) {
      let best = 0;
      for (const end = at + columns; at < end; at++) if (cells[at] > best && cells[at] <= this.top) best = cells[at];
      found[q] = best;
    }
    return found;
  }

  /** What the matrix painter paints; made once for a scale, a mode and a theme. @param {Look} look */
  look({ scale, mode, theme }) {
    const key = `${scale}/${mode}`;
    const kept = this.painted.get(key);
    if (kept && kept.theme === theme) return kept;
    const made = new Painted(this, { scale, mode, theme });
    this.painted.set(key, made);
    return made;
  }
}

/** One colour a code; of the scale by row, one a share of the row's largest. @type {WeakMap<object, Map<string, Uint32Array>>} */
const tables = new WeakMap();

/** @param {any} theme @param {import("./scale.js").Scale} scale @param {number} top @param {number} peak */
function colourTable(theme, scale, top, peak) {
  let ofTheme = tables.get(theme);
  if (!ofTheme) tables.set(theme, (ofTheme = new Map()));
  const key = `${scale}/${top}/${peak}`;
  let table = ofTheme.get(key);
  if (!table) {
    const palette = theme.pixels;
    table = scale === "row" ? palette : Uint32Array.from({ length: top + 1 }, (_, code) => palette[shade((code / top) ** 2 * peak, scale)]);
    ofTheme.set(key, table);
  }
  return table;
}

/** @param {number} n level @param {number} x @param {number} y */
function keyOf(n, x, y) {
  return (n * 4096 + y) * 4096 + x;
}

/** @param {Raster} raster @param {number} n @param {number} x @param {number} y */
function pieceOf(raster, n, x, y) {
  const size = TILE << n;
  return { raster, left: x * size, top: y * size, columns: raster.columns << n, rows: raster.rows << n };
}

class Painted {
  /** @param {Pyramid} of @param {Look} look */
  constructor(of, { scale, mode, theme }) {
    this.of = of;
    this.theme = theme;
    this.scale = scale;
    this.mode = mode;
    this.rows = of.rows;
    this.columns = of.columns;
    this.table = colourTable(theme, scale, of.top, of.peak);
    this.nan = rgba(theme.alarmFillRgb);
    this.open = rgba(theme.visibleRgb);
    this.late = false;
    /** @type {Map<number, Raster>} */
    this.tiles = new Map();
    /** @type {Map<number, Uint16Array>} */
    this.peaks = new Map();
  }

  /** The largest code of every row at a level. @param {number} n */
  peaksAt(n) {
    let found = this.peaks.get(n);
    if (!found) {
      const { cells, rows, columns } = this.of.levels.at(n);
      this.peaks.set(n, (found = this.of.largest(cells, rows, columns)));
    }
    return found;
  }

  /** @param {number} code @param {number} seen @param {number} rowPeak */
  colour(code, seen, rowPeak) {
    if (this.mode === "mask") return seen ? this.open : 0;
    if (code > this.of.top) return this.nan;
    if (!seen && !code) return 0;
    const share = rowPeak ? code / rowPeak : 0;
    const colour = this.scale === "row" ? this.table[Math.round(share * share * 255)] : this.table[code];
    return seen ? colour : ((colour & 0xffffff) | (LEAK_ALPHA << 24)) >>> 0;
  }

  /** @param {number} q @param {number} k */
  pixel(q, k) {
    const at = q * this.columns + k;
    return this.colour(this.of.codes[at], this.of.seen.all[0].cells[at], this.scale === "row" ? this.peaksAt(0)[q] : 0);
  }

  /** @param {number} q @param {number} k */
  text(q, k) {
    return this.empty(q, k) ? "" : numberText(this.of.weight(q, k));
  }

  /** @param {number} q @param {number} k */
  short(q, k) {
    return this.empty(q, k) ? "" : weightShort(this.of.weight(q, k));
  }

  /** @param {number} q @param {number} k */
  empty(q, k) {
    return this.mode === "mask" || (!this.of.visible(q, k) && this.of.codes[q * this.columns + k] === 0);
  }

  /** @param {number} q @param {number} k */
  heavy(q, k) {
    return this.of.weight(q, k) >= 0.3;
  }

  /** @param {number} q @param {number} k */
  alarming(q, k) {
    return !this.of.visible(q, k);
  }

  /** The pictures that a part needs, at the level that suits `cw` × `ch` pixels a cell. Those that are not there by
   *  `until` are left out, but for the first; a coarser one that is there stands in, below the others.
   *  @param {Part} part @param {number} cw @param {number} ch */
  pieces(part, cw, ch, ratio = 1, until = Infinity) {
    const n = levelFor(Math.min(cw, ch) * ratio, this.of.most);
    const size = TILE << n;
    const found = [];
    const coarse = new Map();
    this.late = false;
    let made = 0;
    for (let y = Math.floor(part.top / size); y * size < Math.min(this.rows, part.top + part.rows); y++) {
      for (let x = Math.floor(part.left / size); x * size < Math.min(this.columns, part.left + part.columns); x++) {
        if (!this.tiles.has(keyOf(n, x, y)) && made++ && performance.now() > until) {
          this.late = true;
          const stand = this.coarser(n, x, y);
          if (stand) coarse.set(stand.raster, stand);
        } else found.push(pieceOf(this.tile(n, x, y), n, x, y));
      }
    }
    return [...coarse.values(), ...found];
  }

  /** A tile of a higher level that covers one. @param {number} n @param {number} x @param {number} y */
  coarser(n, x, y) {
    for (let up = 1; n + up <= this.of.most; up++) {
      const raster = this.tiles.get(keyOf(n + up, x >> up, y >> up));
      if (raster) return pieceOf(raster, n + up, x >> up, y >> up);
    }
    return null;
  }

  /** @param {number} n @param {number} x @param {number} y */
  tile(n, x, y) {
    const key = keyOf(n, x, y);
    let tile = this.tiles.get(key);
    if (!tile) {
      if (this.tiles.size > 96) this.tiles.delete(/** @type {number} */ (this.tiles.keys().next().value)); // the oldest
      this.tiles.set(key, (tile = this.drawn(n, x * TILE, y * TILE)));
    }
    return tile;
  }

  /** @param {number} n @param {number} left @param {number} top */
  drawn(n, left, top) {
    const { cells, rows, columns } = this.of.levels.at(n);
    const seen = this.of.seen.at(n).cells;
    const tile = new Raster(Math.min(TILE, columns - left), Math.min(TILE, rows - top));
    const peaks = this.scale === "row" ? this.peaksAt(n) : null;
    const plain = this.mode === "weights" && !peaks;
    const { pixels } = tile;
    const { table, nan } = this;
    const highest = this.of.top;
    for (let q = 0, to = 0; q < tile.rows; q++) {
      let at = (top + q) * columns + left;
      const rowPeak = peaks ? peaks[top + q] : 0;
      for (const end = at + tile.columns; at < end; at++, to++) {
        const code = cells[at];
        if (plain && seen[at]) pixels[to] = code > highest ? nan : table[code];
        else if (code || seen[at]) pixels[to] = this.colour(code, seen[at], rowPeak);
      }
    }
    return tile;
  }
}
