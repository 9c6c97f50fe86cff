// @ts-check
// A picture of one pixel a cell, made once and stretched when it is drawn. A pixel is 0 where the hatching shows.

export class Raster {
  /** @param {number} columns @param {number} rows @param {Uint32Array} pixels */
  constructor(columns, rows, pixels = new Uint32Array(columns * rows)) {
    this.columns = columns;
    this.rows = rows;
    this.pixels = pixels;
    /** @type {HTMLCanvasElement | null} */
    this.image = null;
  }

  canvas() {
    if (!this.image) {
      this.image = document.createElement("canvas");
      this.image.width = this.columns;
      this.image.height = this.rows;
      const bytes = new Uint8ClampedArray(/** @type {ArrayBuffer} */ (this.pixels.buffer));
      const context = /** @type {CanvasRenderingContext2D} */ (this.image.getContext("2d"));
      context.putImageData(new ImageData(bytes, this.columns, this.rows), 0, 0);
    }
    return this.image;
  }
}

/** A colour as a pixel. @param {number[]} rgb */
export function rgba([r, g, b], alpha = 255) {
  return ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/** @param {number[][]} colours */
export function pixelsOf(colours) {
  return Uint32Array.from(colours, (rgb) => rgba(rgb));
}

/** @param {number} pixel */
export function rgbOf(pixel) {
  return [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
}
