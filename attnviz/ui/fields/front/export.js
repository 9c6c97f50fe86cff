// Downloads: PNG and SVG of the sheet, CSV of the chosen head.

import { safeName, save } from "../../front/download.js";
import { pngFile, svgFile } from "../../front/picture_file.js";
import { weightsTable } from "../../front/weights_table.js";
import { paintSheet, SHEET } from "./sheet.js";
import { ROLLOUT } from "./shot.js";

export const FORMATS = ["png", "svg", "csv"];

function fileName({ shot, state }, extension) {
  const head = state.head === ROLLOUT ? "rollout" : `H${state.head + 1}`;
  const changes = state.changed.length ? `-${state.changed.length}-changed` : "";
  const off = state.off.length ? `-${state.off.length}-off` : "";
  return `${safeName(shot.name, "attention")}-L${state.layer + 1}${head}${changes}${off}.${extension}`;
}

function csvOf({ shot, state: { layer, head } }) {
  const names = shot.positions.filter((name) => name !== ""); // a small graph leaves the last ones empty
  const [weights, blocked] = [shot.matrix(layer, head), shot.blocked(layer, head)];
  return weightsTable({
    queries: names, keys: names,
    weight: (query, key) => weights[query * shot.size + key],
    visible: (query, key) => head === ROLLOUT || !blocked[query * shot.size + key],
  });
}

export async function download(stage, format) {
  const name = fileName(stage, format);
  const paint = (painter) => paintSheet(painter, stage);
  if (format === "csv") save(csvOf(stage), name);
  else save(format === "png" ? await pngFile(SHEET, stage.theme, paint) : svgFile(SHEET, stage.theme, name, paint), name);
}
