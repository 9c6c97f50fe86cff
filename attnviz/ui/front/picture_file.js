// @ts-check
// A sheet as a file: the same drawing code on a canvas of twice the size, or as vectors.

import { CanvasPainter } from "./painter.js";
import { SvgPainter } from "./svg.js";

/** @typedef {{ width: number, height: number }} Size */

/** @param {Size} size @param {any} theme @param {(painter: CanvasPainter) => void} paint @returns {Promise<Blob>} */
export function pngFile({ width, height }, theme, paint) {
  const canvas = document.createElement("canvas");
  paint(CanvasPainter.on(canvas, width, height, theme, 2));
  return new Promise((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("no picture"))), "image/png"));
}

/** @param {Size} size @param {any} theme @param {string} title @param {(painter: SvgPainter) => void} paint */
export function svgFile({ width, height }, theme, title, paint) {
  const painter = new SvgPainter(width, height, theme);
  paint(painter);
  return new Blob([painter.document(title)], { type: "image/svg+xml;charset=utf-8" });
}
