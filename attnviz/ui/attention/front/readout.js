// Sentences about what is lit. A sentence is a list of pieces {text, role}; roles become colours, text stays text.

import { fill } from "../../front/labels.js";
import { numberText } from "../../front/numbers.js";
import { lowerLabels } from "./lines.js";

// A template's words and its values as pieces.
function pieces(template, values) {
  return template
    .split(/(\{\w+\})/)
    .filter((part) => part !== "")
    .map((part) => {
      const name = /^\{(\w+)\}$/.exec(part);
      return name && values[name[1]] ? values[name[1]] : { text: part, role: "plain" };
    });
}

function queryPieces(kind, q, text, short) {
  const row = { text: kind.rowLabels[q], role: "query" };
  if (!kind.nextLabels.length) return [row];
  return pieces(short ? "{row} → {next}" : text.readout_next, { row, next: { text: kind.nextLabels[q], role: "query" } });
}

function weighed(label, weight, role) {
  return [{ text: label, role }, { text: ` ${numberText(weight)}`, role: "number" }];
}

function joined(parts) {
  return parts.flatMap((part, i) => (i ? [{ text: " · ", role: "plain" }, ...part] : part));
}

// "háng ← 行 0.81 · 银 0.09 · rest 0.10"; the key pointed at comes along even when it is light.
function rowSentence(kind, layer, head, q, pointed, text, { count, short }) {
  const start = [...queryPieces(kind, q, text, short), { text: " ← ", role: "plain" }];
  const ranked = kind.ranked(layer, head, q, true).filter((entry) => entry.visible || entry.weight > 0);
  if (!ranked.length) return [...start, { text: text.dead_row, role: "plain" }];
  const total = ranked.reduce((sum, entry) => sum + (entry.weight || 0), 0);
  let told = ranked.slice(0, count);
  const asked = pointed === null ? null : ranked.find((entry) => entry.index === pointed);
  if (asked && !told.includes(asked)) told = [...told.slice(0, count - 1), asked];
  const parts = told.map((entry) => weighed(kind.columnLabels[entry.index], entry.weight, entry.index === pointed ? "pointed" : "key"));
  const rest = total - told.reduce((sum, entry) => sum + (entry.weight || 0), 0);
  if (ranked.length > told.length) parts.push(weighed(text.rest, Math.max(0, rest), "plain"));
  return [...start, ...joined(parts)];
}

// "行 → háng 0.81 · xíng 0.12": who looks at this key most.
function columnSentence(kind, layer, head, k, text, { count }) {
  const start = [{ text: kind.columnLabels[k], role: "key" }, { text: " → ", role: "plain" }];
  const ranked = kind.ranked(layer, head, k, false).filter((entry) => entry.visible || entry.weight > 0);
  if (!ranked.length) return [...start, { text: text.nobody, role: "plain" }];
  const names = lowerLabels(kind);
  return [...start, ...joined(ranked.slice(0, count).map((entry) => weighed(names[entry.index], entry.weight, "query")))];
}

// What the readout says, with `size.count` tokens and, if `size.short`, few words; a head that is not the chosen one is
// named.
export function sentence(state, lit, text, size) {
  const { kind } = state;
  const elsewhere = lit.layer !== state.layer || lit.head !== state.head;
  const name = fill(text.head_short, { layer: lit.layer + 1, head: lit.head + 1 });
  const start = elsewhere ? [{ text: `${name}  `, role: "plain" }] : [];
  if (!kind.has(lit.layer, lit.head)) return [...start, { text: text.pending, role: "plain" }];
  if (lit.lead === "column") return [...start, ...columnSentence(kind, lit.layer, lit.head, lit.column, text, size)];
  return [...start, ...rowSentence(kind, lit.layer, lit.head, lit.row, lit.label ? null : lit.column, text, size)];
}

// "Σ to + ask ← sure 1.32 · it 0.41": what several queries put on the keys together.
export function severalSentence(state, rows, text, count) {
  const { kind, layer, head } = state;
  if (!kind.has(layer, head)) return [{ text: text.pending, role: "plain" }];
  const names = joined(rows.map((q) => [{ text: kind.rowLabels[q], role: "query" }]));
  const totals = Array.from({ length: kind.columns }, (_, k) => ({ k, sum: rows.reduce((sum, q) => sum + (kind.weight(layer, head, q, k) || 0), 0) }));
  const told = totals.sort((a, b) => b.sum - a.sum || a.k - b.k).slice(0, count);
  return [{ text: "Σ ", role: "plain" }, ...names, { text: " ← ", role: "plain" }, ...joined(told.map(({ k, sum }) => weighed(kind.columnLabels[k], sum, "key")))];
}

// The lines of the tooltip: full labels, the exact number, and what is special about the cell.
export function tooltip(state, lit, text) {
  const { kind } = state;
  const about = (label, index, unknown) => label === kind.columnLabels[kind.sink] ? [text.sink_hint] : [
    `${label} · ${fill(text.position, { position: index + 1 })}`,
    ...(unknown.has(index) ? [text.unknown] : []),
  ];
  if (lit.label) {
    return lit.lead === "row"
      ? about(kind.nextLabels.length ? `${kind.rowLabels[lit.row]} → ${kind.nextLabels[lit.row]}` : kind.rowLabels[lit.row], lit.row, kind.unknownRows)
      : about(kind.columnLabels[lit.column], lit.column, kind.unknownColumns);
  }
  const known = kind.has(lit.layer, lit.head);
  const weight = known ? kind.weight(lit.layer, lit.head, lit.row, lit.column) : 0;
  const visible = known ? kind.visible(lit.layer, lit.head, lit.row, lit.column) : true;
  const next = kind.nextLabels.length ? ` → ${kind.nextLabels[lit.row]}` : "";
  const lines = [`${kind.rowLabels[lit.row]}${next} ← ${kind.columnLabels[lit.column]}`];
  if (!known) lines.push(text.pending);
  else if (visible) lines.push(`${text.weight} ${numberText(weight, 4)}`);
  else lines.push(weight > 0 ? `${text.blocked} · ${text.leak} ${numberText(weight, 4)}` : text.blocked);
  if (kind.unknownRows.has(lit.row) || kind.unknownColumns.has(lit.column)) lines.push(text.unknown);
  return lines;
}

// Pieces into an element, as text only; tokens of any direction stay in their place.
export function writePieces(element, list) {
  element.replaceChildren(
    ...list.map(({ text, role }) => {
      const part = document.createElement(role === "plain" || role === "number" ? "span" : "bdi");
      part.className = `said-${role}`;
      part.textContent = text;
      return part;
    })
  );
}
