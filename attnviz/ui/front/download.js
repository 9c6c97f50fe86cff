// Downloads, made in the browser: PNG and SVG of the sheet, CSV of the chosen head, JSON of all heads of the kind.

import { paintSheet, sheetSize } from "../attention/front/sheet.js";
import { SvgPainter } from "../attention/front/svg.js";
import { CanvasPainter } from "./painter.js";

export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function fileName(stage, extension, wholeKind = false) {
  const { state, picture } = stage;
  const name = picture.name.normalize("NFKC").replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "");
  const head = wholeKind ? "" : `-L${state.layer + 1}H${state.head + 1}`;
  const off = picture.heads_off.length ? `-${picture.heads_off.length}-off` : "";
  return `${name || "attention"}-${state.kind.id.replace("_", "-")}${head}${off}.${extension}`;
}

// Six significant digits: finer than the payload itself.
function plainNumber(weight) {
  return Number.isNaN(weight) ? null : Number(weight.toPrecision(6));
}

// Quoted; a cell that a spreadsheet would take for a formula gets an apostrophe.
export function csvCell(value) {
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]./u.test(value) ? `'${value}` : value;
  return `"${text.replace(/"/g, '""')}"`;
}

function csvOf({ kind, layer, head }) {
  const lines = ["query_index,query,next,key_index,key,weight,visible"];
  for (let q = 0; q < kind.rows; q++) {
    for (let k = 0; k < kind.columns; k++) {
      const weight = plainNumber(kind.weight(layer, head, q, k));
      const cells = [
        q, kind.raw.rows[q], kind.raw.next[q] || "", k, kind.raw.columns[k], weight === null ? "NaN" : weight,
        kind.visible(layer, head, q, k) ? 1 : 0,
      ];
      lines.push(cells.map(csvCell).join(","));
    }
  }
  return new Blob(["\ufeff", lines.join("\r\n"), "\r\n"], { type: "text/csv;charset=utf-8" });
}

// Written head by head: all numbers of a long text at once would not fit into one string.
function jsonOf({ kind }, { name, heads_off: off }) {
  const about = {
    name, heads_off: off.map(([site, head]) => ({ site, head: head + 1 })), kind: kind.id, sites: kind.sites, rows: kind.raw.rows, next: kind.raw.next, columns: kind.raw.columns,
    statistics: kind.stats, polarity: "visible: true = may attend",
  };
  const parts = [JSON.stringify(about).slice(0, -1), ',"heads":['];
  for (let layer = 0; layer < kind.layers; layer++) {
    for (let head = 0; head < kind.heads; head++) {
      const rows = (read) => Array.from({ length: kind.rows }, (_, q) => Array.from({ length: kind.columns }, (_, k) => read(q, k)));
      const one = {
        layer: layer + 1, head: head + 1, off: off.some(([site, h]) => site === kind.sites[layer] && h === head),
        weights: rows((q, k) => plainNumber(kind.weight(layer, head, q, k))),
        visible: rows((q, k) => kind.visible(layer, head, q, k)),
      };
      parts.push(layer + head ? "," : "", JSON.stringify(one));
    }
  }
  parts.push("]}");
  return new Blob(parts, { type: "application/json" });
}

async function pngOf(stage) {
  const size = sheetSize(stage.state, stage.theme);
  const canvas = document.createElement("canvas");
  const painter = CanvasPainter.on(canvas, size.width, size.height, stage.theme, 2);
  paintSheet(painter, stage, size);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

function svgOf(stage) {
  const size = sheetSize(stage.state, stage.theme);
  const painter = new SvgPainter(size.width, size.height, stage.theme);
  paintSheet(painter, stage, size);
  return new Blob([painter.document(fileName(stage, "svg"))], { type: "image/svg+xml;charset=utf-8" });
}

export async function download(stage, format) {
  if (format === "png") save(await pngOf(stage), fileName(stage, "png"));
  else if (format === "svg") save(svgOf(stage), fileName(stage, "svg"));
  else if (format === "csv") save(csvOf(stage.state), fileName(stage, "csv"));
  else save(jsonOf(stage.state, stage.picture), fileName(stage, "json", true));
}
