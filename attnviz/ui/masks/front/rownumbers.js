// The chosen row in numbers: every key's score, masked score and weight, as one would write the softmax on a board.

import { element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { clamp, numberText, shortText } from "../../front/numbers.js";

export function writeRowNumbers(lab) {
  const { refs, shot } = lab;
  const { text, axes } = shot;
  const row = lab.shownRow();
  const flow = lab.flow.blocks();
  const keys = tellingKeys(lab, row, flow);
  const cell = (tag, value, name = "") => element(tag, { class: name, text: value });
  const line = (label, write, name) =>
    element("tr", { class: name }, [cell("th", label), ...keys.map((k) => { const [value, style] = write(k); return cell("td", value, style); })]);
  const hidden = (k) => flow[1].tiles.blocked[row * axes.columns + k] === 1;
  const weight = (k) => flow[2].tiles.at(row, k);
  const own = shot.array("own_weights");
  const head = element("tr", {}, [
    element("th", { class: "query", text: fill(text.row_of, { row: row + 1, token: axes.rowLabels[row] }) }),
    ...keys.map((k) => element("th", { class: `key${hidden(k) ? " blocked" : ""}`, text: axes.columnLabels[k], title: hidden(k) ? text.blocked : text.visible })),
  ]);
  const table = element("table", {}, [
    element("thead", {}, [head]),
    element("tbody", {}, [
      line(text.scores, (k) => [scoreText(flow[0].tiles.at(row, k)), ""]),
      line(text.masked_scores, (k) => [scoreText(flow[1].tiles.at(row, k)), hidden(k) ? "blocked" : ""]),
      line(text.weights, (k) => [numberText(weight(k), 3), weightStyle(weight(k), hidden(k))], "strong"),
      line(text.own_weights, (k) => [numberText(own[row * axes.columns + k], 3), ""], "faint"),
    ]),
  ]);
  const sum = shot.array("row_sums")[row] + (shot.has("sinks") ? shot.array("sinks")[row] : 0);
  const note = element("p", { class: "row-note" }, [
    element("span", { text: `Σ = ${numberText(shot.array("row_sums")[row], 3)}`, class: Math.abs(sum - 1) < 0.005 ? "" : "alarm" }),
    element("span", { text: rowRemark(lab, row, sum) }),
    element("span", { class: "faint", text: keys.length < axes.columns ? fill(text.keys_shown, { shown: keys.length, all: axes.columns }) : "" }),
  ]);
  refs.row.replaceChildren(element("div", { class: "scroll" }, [table]), note);
}

// All keys while there is room; otherwise the heaviest, and always the one pointed at.
function tellingKeys(lab, row, flow) {
  const { columns } = lab.shot.axes;
  const all = Array.from({ length: columns }, (_, k) => k);
  const room = clamp(Math.floor((lab.rowWidth - lab.base * 8) / (lab.base * 4)), 5, 30);
  if (columns <= room) return all;
  const pointed = lab.lit ? lab.lit.column ?? null : null;
  const hidden = flow[1].tiles.blocked;
  const rank = (k) => {
    const weight = flow[2].tiles.at(row, k);
    return k === pointed ? Infinity : weight > 0 ? weight : hidden[row * columns + k] ? -1 : 0;
  };
  return all.sort((a, b) => rank(b) - rank(a) || a - b).slice(0, room).sort((a, b) => a - b);
}

function weightStyle(weight, hidden) {
  if (Number.isNaN(weight)) return "alarm";
  return hidden ? (weight > 0 ? "alarm" : "blocked") : "";
}

// What a fully blocked row, or a row that does not add up, means.
function rowRemark(lab, row, sum) {
  const { shot } = lab;
  const { columns } = shot.axes;
  const blocked = lab.flow.blocks()[1].tiles.blocked;
  let visible = 0;
  for (let k = 0; k < columns; k++) visible += 1 - blocked[row * columns + k];
  if (visible === 0) {
    if (Number.isNaN(sum)) return shot.text.dead_nan;
    return sum < 0.005 ? shot.text.dead_zero : shot.text.dead_leaks;
  }
  if (Number.isNaN(sum)) return shot.text.sum_nan;
  if (Math.abs(sum - 1) >= 0.005) return shot.text.sum_wrong;
  return shot.has("sinks") ? fill(shot.text.sum_sink, { share: numberText(shot.array("sinks")[row], 3) }) : "";
}

function scoreText(value) {
  return Math.abs(value) >= 1e4 ? shortText(value) : numberText(value);
}
