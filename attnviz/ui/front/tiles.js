// @ts-check
// A matrix of numbers for the painter (cells.js), and how its numbers look: what most pictures are made of.

import { Raster } from "./raster.js";

export class Tiles {
  /**
   * @param {object} given
   * @param {number} given.rows
   * @param {number} given.columns
   * @param {ArrayLike<number>} given.values row by row
   * @param {((value: number, i: number) => number) | null} [given.paint] to a pixel: see `rgba`
   * @param {Uint32Array | null} [given.pixels] or all of them, 0 where hatched: many are made faster together
   * @param {((value: number, i: number) => string) | null} [given.write] the number in the cell
   * @param {((value: number, i: number) => string) | null} [given.short] the same for less room
   * @param {((value: number) => boolean) | null} [given.heavy] in bold
   * @param {ArrayLike<number> | null} [given.blocked] 1 where hatched
   * @param {ArrayLike<number> | null} [given.marked] 1 where framed
   * @param {boolean} [given.hatchNumbers] whether blocked cells have numbers too
   */
  constructor({ rows, columns, values, paint = null, pixels = null, write = null, short = null, heavy = null, blocked = null, marked = null, hatchNumbers = false }) {
    this.rows = rows;
    this.columns = columns;
    this.values = values;
    this.paint = paint;
    this.blocked = blocked;
    this.marked = marked;
    /** @param {(value: number, i: number) => string} words */
    const said = (words) => (/** @type {number} */ q, /** @type {number} */ k) => {
      const i = q * columns + k;
      return blocked && blocked[i] && !hatchNumbers ? "" : words(values[i], i);
    };
    this.text = write && said(write);
    this.short = short && said(short);
    this.heavy = heavy && ((/** @type {number} */ q, /** @type {number} */ k) => heavy(values[q * columns + k]));
    /** @type {Raster | null} */
    this.made = pixels && new Raster(columns, rows, pixels);
  }

  /** @param {number} q @param {number} k */
  at(q, k) {
    return this.values[q * this.columns + k];
  }

  /** @param {number} q @param {number} k */
  pixel(q, k) {
    return this.raster().pixels[q * this.columns + k];
  }

  raster() {
    if (!this.made) {
      this.made = new Raster(this.columns, this.rows);
      const { pixels } = this.made;
      const { blocked, values, paint } = this;
      for (let i = 0; i < pixels.length; i++) if (!blocked || !blocked[i]) pixels[i] = paint(values[i], i);
    }
    return this.made;
  }

  pieces() {
    return [{ raster: this.raster(), left: 0, top: 0, columns: this.columns, rows: this.rows }];
  }
}
