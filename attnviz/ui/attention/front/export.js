// Downloads: PNG and SVG of the sheet, CSV of the chosen head, JSON of all heads of the kind.

import { csvFile, safeName, save } from "../../front/download.js";
import { CanvasPainter } from "../../front/painter.js";
import { SvgPainter } from "../../front/svg.js";
import { paintSheet, sheetSize } from "./sheet.js";

function fileName(stage, extension, wholeKind = false) {
  const { state, picture } = stage;
  const head = wholeKind ? "" : `-L${state.layer + 1}H${state.head + 1}`;
  const off = picture.heads_off.length ? `-${picture.heads_off.length}-off` : "";
  return `${safeName(picture.name, "attention")}-${state.kind.id.replace("_", "-")}${head}${off}.${extension}`;
}

// Six significant digits: finer than the payload itself.
function plainNumber(weight) {
  return Number.isNaN(weight) ? null : Number(weight.toPrecision(6));
}

function csvOf({ kind, layer, head }) {
  const lines = [["query_index", "query", "next", "key_index", "key", "weight", "visible"]];
  for (let q = 0; q < kind.rows; q++) {
    for (let k = 0; k < kind.columns; k++) {
      const weight = plainNumber(kind.weight(layer, head, q, k));
      lines.push([
        q, kind.raw.rows[q], kind.raw.next[q] || "", k, kind.raw.columns[k], weight === null ? "NaN" : weight,
        kind.visible(layer, head, q, k) ? 1 : 0,
      ]);
    }
  }
  return csvFile(lines);
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
