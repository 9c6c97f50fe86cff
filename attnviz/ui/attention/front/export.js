// Downloads: PNG and SVG of the sheet, CSV of the chosen head, JSON of all heads of the kind.

import { safeName, save } from "../../front/download.js";
import { pngFile, svgFile } from "../../front/picture_file.js";
import { plainNumber, weightsTable } from "../../front/weights_table.js";
import { paintSheet, sheetSize } from "./sheet.js";

function fileName(stage, extension, wholeKind = false) {
  const { state, picture } = stage;
  const head = wholeKind ? "" : `-L${state.layer + 1}H${state.head + 1}`;
  const off = picture.heads_off.length ? `-${picture.heads_off.length}-off` : "";
  return `${safeName(picture.name, "attention")}-${state.kind.id.replace("_", "-")}${head}${off}.${extension}`;
}

function csvOf({ kind, layer, head }) {
  const { rows, columns, next } = kind.raw;
  return weightsTable({
    queries: rows, keys: columns, next,
    weight: (q, k) => kind.weight(layer, head, q, k), visible: (q, k) => kind.visible(layer, head, q, k),
  });
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

export async function download(stage, format) {
  const { state, theme } = stage;
  const name = fileName(stage, format, format === "json");
  if (format === "csv") save(csvOf(state), name);
  else if (format === "json") save(jsonOf(state, stage.picture), name);
  else {
    const size = sheetSize(state, theme);
    const paint = (painter) => paintSheet(painter, stage, size);
    save(format === "png" ? await pngFile(size, theme, paint) : svgFile(size, theme, name, paint), name);
  }
}
