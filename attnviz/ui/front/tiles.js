// A matrix of numbers for the painter (cells.js), and how its numbers look: what most pictures are made of.

import { Raster, rgba } from "./raster.js";

export class Tiles {
  // `paint(value, i)` → [r, g, b]; `write(value, i)` → text; `blocked` (one byte a cell) is hatched, `marked` framed.
  constructor({ rows, columns, values, paint, write = null, short = null, heavy = null, blocked = null, marked = null, hatchNumbers = false }) {
    Object.assign(this, { rows, columns, values, paint, blocked, marked, hatchNumbers });
    const said = (words) => (q, k) => {
      const i = q * columns + k;
      return blocked && blocked[i] && !hatchNumbers ? "" : words(values[i], i);
    };
    this.text = write && said(write);
    this.short = short && said(short);
    this.heavy = heavy && ((q, k) => heavy(values[q * columns + k]));
    this.made = null;
  }

  at(q, k) {
    return this.values[q * this.columns + k];
  }

  pixel(q, k) {
    return this.raster().pixels[q * this.columns + k];
  }

  raster() {
    if (!this.made) {
      this.made = new Raster(this.columns, this.rows);
      const { pixels } = this.made;
      for (let i = 0; i < pixels.length; i++) {
        if (!this.blocked || !this.blocked[i]) pixels[i] = rgba(this.paint(this.values[i], i));
      }
    }
    return this.made;
  }

  pieces() {
    return [{ raster: this.raster(), left: 0, top: 0, columns: this.columns, rows: this.rows }];
  }
}
