// @ts-check
// Zoom and pan of a matrix: a window of cells. Pure: a zoom goes in, another one comes out.

import { clamp } from "./numbers.js";

/** @typedef {{ zoom: number, left: number, top: number }} Zoom in cells; zoom 1 is the whole */
/** @typedef {{ rows: number, columns: number }} Size in cells */
/** @typedef {{ left: number, top: number, columns: number, rows: number }} Part what is shown, in cells; fractions are allowed */

/** @type {Zoom} */
export const WHOLE = { zoom: 1, left: 0, top: 0 };

/** The part of a matrix that is shown. @param {Size} size @param {Zoom} zoom @returns {Part} */
export function windowOf(size, zoom) {
  const columns = size.columns / zoom.zoom;
  const rows = size.rows / zoom.zoom;
  return {
    columns, rows,
    left: clamp(zoom.left, 0, size.columns - columns),
    top: clamp(zoom.top, 0, size.rows - rows),
  };
}

/** Until cells are large. @param {{ cw: number, ch: number }} layout pixels a cell at zoom 1 */
export function mostZoom(layout) {
  const pixels = Math.min(layout.cw, layout.ch * 1.6);
  return Math.max(1, pixels < 0.5 ? 32 / pixels : Math.min(64, 64 / pixels));
}

/**
 * Zoom by a factor around a point given as fractions of the cells' box.
 * @param {Size} size @param {{ cw: number, ch: number }} layout @param {Zoom} zoom @param {number} factor @param {number} fx @param {number} fy
 * @returns {Zoom}
 */
export function zoomed(size, layout, zoom, factor, fx, fy) {
  const next = clamp(zoom.zoom * factor, 1, mostZoom(layout));
  const part = windowOf(size, zoom);
  const after = { columns: size.columns / next, rows: size.rows / next };
  return {
    zoom: next,
    left: clamp(part.left + fx * (part.columns - after.columns), 0, size.columns - after.columns),
    top: clamp(part.top + fy * (part.rows - after.rows), 0, size.rows - after.rows),
  };
}

/** Moved by pixels of a box of w × h. @param {Size} size @param {Zoom} zoom @param {number} dx @param {number} dy @param {{ w: number, h: number }} box @returns {Zoom} */
export function panned(size, zoom, dx, dy, box) {
  const part = windowOf(size, zoom);
  const moved = { zoom: zoom.zoom, left: part.left + (dx / box.w) * part.columns, top: part.top + (dy / box.h) * part.rows };
  const { left, top } = windowOf(size, moved);
  return { zoom: zoom.zoom, left, top };
}

/** Moved no further than needed for a cell to be seen. @param {Size} size @param {Zoom} zoom @param {number} row @param {number} column @returns {Zoom} */
export function showing(size, zoom, row, column) {
  if (zoom.zoom <= 1) return zoom;
  const part = windowOf(size, zoom);
  /** @param {number} value @param {number} low @param {number} count */
  const into = (value, low, count) => (value < low ? value : value + 1 > low + count ? value + 1 - count : low);
  return { zoom: zoom.zoom, left: into(column, part.left, part.columns), top: into(row, part.top, part.rows) };
}

/** What a turn of the wheel asks for: pixels to move by, or a factor. @param {{ deltaX: number, deltaY: number, deltaMode: number, shiftKey: boolean, ctrlKey: boolean }} event */
export function wheelled(event, { zooms = event.ctrlKey } = {}) {
  const pixels = event.deltaMode === 1 ? event.deltaY * 32 : event.deltaY;
  const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
  if (sideways && !event.ctrlKey) return { dx: event.deltaX || pixels, dy: 0, factor: 1 };
  if (!zooms) return { dx: 0, dy: pixels, factor: 1 };
  const speed = event.ctrlKey ? 0.01 : 0.0022;
  return { dx: 0, dy: 0, factor: Math.exp(-clamp(pixels, -240, 240) * speed) };
}

/** Which of the indices low … high are written when one needs `need` pixels and they stand `pitch` apart. @param {number} low @param {number} high @param {number} pitch @param {number} need */
export function shownIndices(low, high, pitch, need) {
  const step = stride(pitch, need);
  const indices = [];
  for (let i = Math.ceil(low / step - 1e-9) * step; i < high; i += step) indices.push(i);
  return indices;
}

/** Every how many can be written. @param {number} pitch @param {number} need */
export function stride(pitch, need) {
  if (pitch >= need) return 1;
  const step = need / pitch;
  const steps = [2, 5, 10, 20, 25, 50, 100, 200];
  return steps.find((s) => s >= step) || Math.ceil(step / 100) * 100;
}
