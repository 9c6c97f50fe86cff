// @ts-check
// The matrix painter: cells of colour, gaps between them, hatching under what is blocked, numbers as soon as they fit.
//
// Whatever is painted — tiles.js, pyramid.js — says what its pictures and its numbers are; how they look is said here.

import { fontOf, textWidth } from "./labels.js";
import { clamp } from "./numbers.js";
import { rgbOf } from "./raster.js";
import { numberOver } from "./theme.js";

/** @typedef {import("./zoom.js").Part} Part */
/** @typedef {import("./painter.js").CanvasPainter | import("./svg.js").SvgPainter} Painter */
/** @typedef {{ x: number, y: number, w: number, h: number }} Box pixels */
/** @typedef {{ raster: import("./raster.js").Raster, left: number, top: number, columns: number, rows: number }} Piece a picture and the cells it covers */
/**
 * @typedef {object} Cells
 * @property {number} rows
 * @property {number} columns
 * @property {(part: Part, cw: number, ch: number, ratio: number, until?: number) => Piece[]} pieces what is not made by `until` is left out, and the cells are late
 * @property {boolean} [late]
 * @property {(q: number, k: number) => number} pixel 0 where hatched
 * @property {((q: number, k: number) => string) | null} [text] the number in a cell
 * @property {((q: number, k: number) => string) | null} [short] the same for less room
 * @property {((q: number, k: number) => boolean) | null} [heavy] in bold
 * @property {((q: number, k: number) => boolean) | null} [alarming] in the alarm colour
 * @property {ArrayLike<number> | null} [marked] framed cells
 */

const ROOMY = 5; // pixels from which cells have gaps

/**
 * Cells into a box; `part` is the window that is shown. `lattice`: gaps between blocked cells, too.
 * @param {Painter} painter @param {Cells} cells @param {Box} box @param {Part} part @param {any} theme
 */
export function paintCells(painter, cells, box, part, theme, { fine = false, lattice = false } = {}) {
  const cw = box.w / part.columns;
  const ch = box.h / part.rows;
  painter.hatch(box.x, box.y, box.w, box.h, fine);
  for (const piece of cells.pieces(part, cw, ch, painter.ratio || 2, painter.until)) paintPiece(painter, piece, cells, box, part);
  if (cells.late) painter.late = true;
  if (cw >= ROOMY && ch >= ROOMY) painter.rects(gaps(painter, cells, box, part, lattice), theme.surface);
}

/** @param {Painter} painter @param {Piece} piece @param {Cells} cells @param {Box} box @param {Part} part */
function paintPiece(painter, piece, cells, box, part) {
  const left = Math.max(piece.left, part.left);
  const top = Math.max(piece.top, part.top);
  const right = Math.min(piece.left + piece.columns, part.left + part.columns);
  const bottom = Math.min(piece.top + piece.rows, part.top + part.rows);
  if (right <= left || bottom <= top) return;
  const { x, y } = edges(painter, box, part);
  const sx = piece.raster.columns / piece.columns;
  const sy = piece.raster.rows / piece.rows;
  const whole = left === piece.left && top === piece.top && right === piece.left + piece.columns && bottom === piece.top + piece.rows;
  const source = whole ? null : { left: (left - piece.left) * sx, top: (top - piece.top) * sy, columns: (right - left) * sx, rows: (bottom - top) * sy };
  painter.raster(piece.raster, x(left), y(top), x(right) - x(left), y(bottom) - y(top), source);
}

/** On the screen an edge lies between two device pixels; the outer ones are those of the box. @param {Painter} painter @param {Box} box @param {Part} part */
function edges(painter, box, part) {
  const crisp = (value) => (painter.ratio ? Math.round(value * painter.ratio) / painter.ratio : value);
  const at = (start, size, low, count) => (i) =>
    i <= low ? start : i >= low + count ? start + size : crisp(start + ((i - low) * size) / count);
  return { x: at(box.x, box.w, part.left, part.columns), y: at(box.y, box.h, part.top, part.rows) };
}

/** @param {Cells} cells @param {Part} part */
export function shownCells(cells, part) {
  return {
    top: Math.max(0, Math.floor(part.top)), left: Math.max(0, Math.floor(part.left)),
    bottom: Math.min(cells.rows, Math.ceil(part.top + part.rows)),
    right: Math.min(cells.columns, Math.ceil(part.left + part.columns)),
  };
}

/** All gaps as rectangles [x, y, w, h]: between large cells 2 pixels wide, else 1 at the right and the lower edge. @param {Painter} painter @param {Cells} cells @param {Box} box @param {Part} part @param {boolean} lattice */
function gaps(painter, cells, box, part, lattice) {
  const { x, y } = edges(painter, box, part);
  const { top, bottom, left, right } = shownCells(cells, part);
  const found = [];
  const wide = box.w / part.columns >= 26 && box.h / part.rows >= 20;
  if (wide || lattice) {
    const [width, before] = wide ? [2, 1] : [1, 1];
    for (let q = Math.max(1, top); q < bottom; q++) if (q > part.top) found.push([box.x, y(q) - before, box.w, width]);
    for (let k = Math.max(1, left); k < right; k++) if (k > part.left) found.push([x(k) - before, box.y, width, box.h]);
    return found;
  }
  for (let q = top; q < bottom; q++) {
    const height = y(q + 1) - y(q);
    for (let k = left; k < right; k++) {
      if (!cells.pixel(q, k)) continue;
      if (k + 1 < cells.columns) found.push([x(k + 1) - 1, y(q), 1, height]);
      if (q + 1 < cells.rows) found.push([x(k), y(q + 1) - 1, x(k + 1) - x(k), 1]);
    }
  }
  return found;
}

/** Frames around marked cells; where cells are too small for frames, a veil, and a lone cell is never lost to the eye. @param {Painter} painter @param {Cells} cells @param {Box} box @param {Part} part @param {any} theme */
export function paintMarks(painter, cells, box, part, theme) {
  if (!cells.marked) return;
  const cw = box.w / part.columns;
  const ch = box.h / part.rows;
  const width = clamp(Math.min(cw, ch) * 0.09, 1, 3);
  const framed = Math.min(cw, ch) >= 14;
  const shown = shownCells(cells, part);
  for (let q = shown.top; q < shown.bottom; q++) {
    for (let k = shown.left; k < shown.right; k++) {
      const i = q * cells.columns + k;
      if (!cells.marked[i]) continue;
      const [x, y] = [box.x + (k - part.left) * cw, box.y + (q - part.top) * ch];
      const alone = !cells.marked[i - 1] && !cells.marked[i + 1];
      const [w, h] = alone ? [Math.max(cw, 5), Math.max(ch, 5)] : [cw, ch];
      if (framed) painter.frame(x + width / 2 + 1, y + width / 2 + 1, cw - width - 2, ch - width - 2, theme.alarm, width);
      else painter.rect(x - (w - cw) / 2, y - (h - ch) / 2, w, h, theme.alarm, alone ? 1 : cells.pixel(q, k) ? 0.6 : 0.2);
    }
  }
}

/** Numbers, all of one matrix in one size; where the full ones have no room the short ones, where those have none, none. @param {Painter} painter @param {Cells} cells @param {Box} box @param {Part} part @param {any} theme */
export function paintTexts(painter, cells, box, part, theme, { breadth = 0.36, largest = 17, least = 9 } = {}) {
  const { text: full, short: brief } = cells;
  if (!full) return;
  // In a presentation a number can be read from the back row, or is not there.
  if (theme.least) [least, largest] = [Math.max(least, theme.least), Math.max(largest, 1.6 * theme.least)];
  const cw = box.w / part.columns;
  const ch = box.h / part.rows;
  const wished = Math.min(cw * breadth, ch * 0.56, largest);
  const short = brief && (wished < 10 || cw < 30) ? brief : null;
  const most = short ? Math.min(cw * 0.5, ch * 0.55, Math.max(12, 1.3 * (theme.least || 0))) : wished;
  /** @param {number} q @param {number} k */
  const said = (q, k) => (short || full).call(cells, q, k);
  if (most < least) return;
  const shown = shownCells(cells, part);
  const texts = [];
  let longest = 1;
  for (let q = shown.top; q < shown.bottom; q++) {
    for (let k = shown.left; k < shown.right; k++) {
      const text = said(q, k);
      if (!text) continue;
      longest = Math.max(longest, textWidth(text, fontOf(theme, 10)) / 10);
      texts.push([q, k, text]);
    }
  }
  const size = Math.min(most, (cw - 2.5) / longest);
  if (size < Math.max(Math.min(least, 8), theme.least || 0)) return;
  painter.clipped(box.x, box.y, box.w, box.h, () => {
    for (const [q, k, text] of texts) {
      const [x, y] = [box.x + (k + 0.5 - part.left) * cw, box.y + (q + 0.5 - part.top) * ch];
      const pixel = cells.pixel(q, k);
      const alarm = text === "NaN" || Boolean(cells.alarming && cells.alarming(q, k));
      if (!pixel) {
        const width = textWidth(text, fontOf(theme, size)) + 4;
        painter.pill(x - width / 2, y - size * 0.62, width, size * 1.24, 3, theme.blocked_fill, 0.92);
      }
      const colour = alarm ? theme.alarm : pixel ? numberOver(rgbOf(pixel)) : theme.muted;
      const weight = text === "NaN" ? 700 : cells.heavy && cells.heavy(q, k) ? 600 : 400;
      painter.text(text, x, y, { size, colour, align: "center", weight });
    }
  });
}
