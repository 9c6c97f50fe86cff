// A head's cells as colours: one pixel a cell, or a block of cells (its largest weight) when there are too many.

import { intensity } from "../attention/front/model.js";

export class Raster {
  constructor(columns, rows) {
    this.columns = columns;
    this.rows = rows;
    this.pixels = new Uint32Array(columns * rows);
    this.image = null;
  }

  canvas() {
    if (!this.image) {
      this.image = document.createElement("canvas");
      this.image.width = this.columns;
      this.image.height = this.rows;
      const bytes = new Uint8ClampedArray(this.pixels.buffer);
      this.image.getContext("2d").putImageData(new ImageData(bytes, this.columns, this.rows), 0, 0);
    }
    return this.image;
  }
}

export function rgba([r, g, b], alpha = 255) {
  return ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

// A leak (blocked, yet weight) is half see-through, so that the hatching shows beneath it.
const LEAK_ALPHA = 150;

// mode: "weights" or "mask". Blocked cells are left empty: the hatching lies underneath.
function rasterOf(kind, layer, head, { scale, theme, mode = "weights", maxColumns, maxRows }) {
  const columns = Math.min(kind.columns, Math.max(1, Math.floor(maxColumns)));
  const rows = Math.min(kind.rows, Math.max(1, Math.floor(maxRows)));
  const raster = new Raster(columns, rows);
  const peaks = kind.peaks(layer, head);
  const palette = Uint32Array.from(theme.rgb, (colour) => rgba(colour));
  const seen = rgba(theme.visibleRgb);
  const alarm = rgba(theme.alarmRgb);
  const best = new Float32Array(columns * rows);
  const column = Uint16Array.from({ length: kind.columns }, (_, k) => Math.floor((k * columns) / kind.columns));
  const start = kind.offset(layer, head);
  const maskStart = kind.maskPerHead ? start : 0;
  for (let q = 0; q < kind.rows; q++) {
    const line = Math.floor((q * rows) / kind.rows) * columns;
    for (let k = 0; k < kind.columns; k++) {
      const cell = q * kind.columns + k;
      const bit = maskStart + cell;
      const visible = (kind.mask[bit >> 3] >> (bit & 7)) & 1;
      const at = line + column[k];
      if (mode === "mask") {
        if (visible) raster.pixels[at] = seen;
        continue;
      }
      const code = kind.codes[start + cell];
      if (code > kind.top) raster.pixels[at] = alarm;
      else if (visible || code > 0) {
        const level = intensity(kind.decode(code), scale, peaks[q]);
        const old = raster.pixels[at];
        if (old === alarm || (old && best[at] >= level)) continue;
        best[at] = level;
        const colour = palette[Math.round(level * 255)];
        raster.pixels[at] = visible ? colour : ((colour & 0xffffff) | (LEAK_ALPHA << 24)) >>> 0;
      }
    }
  }
  return raster;
}

// A rectangle of cells at (x, y): each cell a rectangle with a gap when there is room, one stretched image otherwise.
// part: {left, top, columns, rows} in cells, the piece of the head that is shown; fractions are allowed.
export function paintCells(painter, kind, layer, head, box, part, options) {
  const cw = box.w / part.columns;
  const ch = box.h / part.rows;
  const fine = options.fine;
  painter.hatch(box.x, box.y, box.w, box.h, fine);
  const roomy = cw >= 5 && ch >= 5;
  const limits = roomy
    ? { maxColumns: kind.columns, maxRows: kind.rows }
    : { maxColumns: options.maxColumns || Infinity, maxRows: options.maxRows || Infinity };
  const raster = rasterOf(kind, layer, head, { ...options, ...limits });
  const sx = raster.columns / kind.columns;
  const sy = raster.rows / kind.rows;
  const piece = { left: part.left * sx, top: part.top * sy, columns: part.columns * sx, rows: part.rows * sy };
  if (!roomy) {
    const whole = part.columns === kind.columns && part.rows === kind.rows;
    painter.raster(raster, box.x, box.y, box.w, box.h, whole ? null : piece);
    return;
  }
  const first = { row: Math.max(0, Math.floor(part.top)), column: Math.max(0, Math.floor(part.left)) };
  const last = { row: Math.min(kind.rows, Math.ceil(part.top + part.rows)), column: Math.min(kind.columns, Math.ceil(part.left + part.columns)) };
  const x = (k) => crisp(painter, box.x + (k - part.left) * cw);
  const y = (q) => crisp(painter, box.y + (q - part.top) * ch);
  const gap = cw >= 26 && ch >= 20 ? 2 : 1;
  const surface = options.theme.surface;
  painter.clipped(box.x, box.y, box.w, box.h, () => {
    for (let q = first.row; q < last.row; q++) {
      const [top, height] = [y(q), y(q + 1) - y(q)];
      for (let k = first.column; k < last.column; k++) {
        const pixel = raster.pixels[q * kind.columns + k];
        const alpha = pixel >>> 24;
        if (!alpha) continue;
        const colour = `rgb(${pixel & 255},${(pixel >> 8) & 255},${(pixel >> 16) & 255})`;
        const [left, width] = [x(k), x(k + 1) - x(k)];
        painter.rect(left, top, width, height, colour, alpha / 255);
        if (gap === 1 && k + 1 < kind.columns) painter.rect(left + width - 1, top, 1, height, surface);
        if (gap === 1 && q + 1 < kind.rows) painter.rect(left, top + height - 1, width, 1, surface);
      }
    }
    if (gap === 1) return;
    for (let q = Math.max(1, first.row); q < last.row; q++) painter.rect(box.x, y(q) - 1, box.w, 2, surface);
    for (let k = Math.max(1, first.column); k < last.column; k++) painter.rect(x(k) - 1, box.y, 2, box.h, surface);
  });
}

// On the screen, the nearest edge between two device pixels.
function crisp(painter, value) {
  return painter.ratio ? Math.round(value * painter.ratio) / painter.ratio : value;
}
