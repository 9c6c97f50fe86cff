// @ts-check
// A weight as an intensity: the same weight has the same colour on every page, and in attnviz/figures (scales.py).

/** @typedef {"linear" | "sqrt" | "row"} Scale */

/** @type {Scale[]} */
export const SCALES = ["linear", "sqrt", "row"];
export const LONG = 32; // tokens; of longer texts every weight is small

/**
 * From 0 to 1; `rowPeak` is the largest weight of its row, which "row" calls 1.
 * @param {number} weight @param {Scale} scale @param {number} rowPeak
 */
export function intensity(weight, scale, rowPeak = 1) {
  if (scale === "sqrt") return Math.min(1, Math.sqrt(weight));
  if (scale === "row") return rowPeak > 0 ? Math.min(1, weight / rowPeak) : 0;
  return Math.min(1, weight);
}

/**
 * Until somebody chooses: the weights themselves, or their square root where all would look like nothing.
 * @param {number} rows @param {number} columns @returns {Scale}
 */
export function usualScale(rows, columns) {
  return Math.max(rows, columns) > LONG ? "sqrt" : "linear";
}

/** The place of a weight among the 256 colours; of what is no number, and of none, the first. @param {number} weight @param {Scale} scale @param {number} rowPeak */
export function shade(weight, scale, rowPeak = 1) {
  return Math.round(Math.max(0, intensity(weight, scale, rowPeak) || 0) * 255);
}
