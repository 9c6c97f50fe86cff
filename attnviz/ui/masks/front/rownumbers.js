// The chosen row in numbers: every key's score, masked score and weight, as one would write the softmax on a board.

import { element, refill, say } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { clamp, numberText, shortText } from "../../front/numbers.js";

export function writeRowNumbers(lab) {
  const { refs, shot } = lab;
  const { text, axes } = shot;
  const row = lab.shownRow();
  const flow = lab.flow.blocks();
  const keys = tellingKeys(lab, row, flow);
  const hidden = (k) => flow[1].tiles.blocked[row * axes.columns + k] === 1;
  const weight = (k) => flow[2].tiles.at(row, k);
  const own = shot.part("own_weights", row * axes.columns, axes.columns);
  const lines = [
    ["", text.scores, (k) => [scoreText(flow[0].tiles.at(row, k)), ""]],
    ["", text.masked_scores, (k) => [scoreText(flow[1].tiles.at(row, k)), hidden(k) ? "blocked" : ""]],
    ["strong", text.weights, (k) => [numberText(weight(k), 3), weightStyle(weight(k), hidden(k))]],
    ["faint", text.own_weights, (k) => [numberText(own[k], 3), ""]],
  ];
  const words = (value, name, title = "") => ({ value, name, title });
  const cells = [
    [words(fill(text.row_of, { row: row + 1, token: axes.rowLabels[row] }), "query"),
      ...keys.map((k) => words(axes.columnLabels[k], `key${hidden(k) ? " blocked" : ""}`, hidden(k) ? text.blocked : text.visible))],
    ...lines.map(([, label, write]) => [words(label, ""), ...keys.map((k) => words(...write(k)))]),
  ];
  refill(refs.row, [keys.length], () => [element("div", { class: "scroll" }, [table(lines, keys.length)]), element("p", { class: "row-note" })]);
  const [{ firstChild: made }, note] = refs.row.children;
  // The same cells get other words: hundreds of new ones would be styled and laid out anew.
  cells.forEach((line, i) => line.forEach((one, k) => rewrite(made.rows[i].cells[k], one)));
  const sum = shot.array("row_sums")[row] + (shot.has("sinks") ? shot.array("sinks")[row] : 0);
  const said = [
    [`Σ = ${numberText(shot.array("row_sums")[row], 3)}`, Math.abs(sum - 1) < 0.005 ? "" : "alarm"], [rowRemark(lab, row, sum), ""],
    [keys.length < axes.columns ? fill(text.keys_shown, { shown: keys.length, all: axes.columns }) : "", "faint"],
  ];
  refill(note, said, () => said.map(([value, name]) => element("span", { text: value, class: name })));
}

function table(lines, columns) {
  const line = (name, other) => element("tr", { class: name }, [element("th"), ...Array.from({ length: columns }, () => element(other))]);
  return element("table", {}, [
    element("thead", {}, [line("", "th")]),
    element("tbody", {}, lines.map(([name]) => line(name, "td"))),
  ]);
}

function rewrite(cell, { value, name, title }) {
  say(cell, value);
  if (cell.className !== name) cell.className = name;
  if (cell.title !== title) cell.title = title;
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
