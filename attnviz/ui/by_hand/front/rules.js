// How a cell came about, out of the cells it was made from: attnviz.trace.walkthrough.arithmetic, in the browser.

import { X } from "./expression.js";

class Place {
  constructor(walk, step, row, column, head) {
    Object.assign(this, { walk, step, row, column, head });
  }

  input(place) {
    return this.walk.step(this.step.inputs[place]);
  }

  cell(place, row, column, head = this.head) {
    const source = this.input(place);
    return X.cell(source.name, row, column, source.hasHeads ? head : null, source.at(row, column, head));
  }

  wholeRow(place) {
    return Array.from({ length: this.input(place).columns }, (_, column) => this.cell(place, this.row, column));
  }
}

function affineRule(at, column) {
  const products = at.wholeRow(0).map((cell, i) => X.product(cell, at.cell(1, i, column)));
  const biases = at.step.inputs.slice(2).map((_, i) => at.cell(i + 2, 0, column));
  return X.sum([...products, ...biases]);
}

function softmaxRule(at) {
  const { temperature } = at.walk.variant;
  const row = at.wholeRow(0);
  const beside = at.step.operation === "softmax_sink" ? [at.cell(1, 0, 0)] : [];
  if (!beside.length && row.every((cell) => cell.value === -Infinity)) return X.constant(0);
  const top = Math.max(...[...row, ...beside].map((cell) => cell.value)) / temperature;
  const shift = top > 500 ? X.constant(Math.round(top)) : null;
  const power = (cell) => {
    const exponent = temperature === 1 ? cell : X.quotient(cell, X.constant(temperature));
    return X.exp(shift ? X.difference(exponent, shift) : exponent);
  };
  return X.quotient(power(row[at.column]), X.sum([...row, ...beside].map(power)));
}

function layerNormRule(at) {
  const row = at.wholeRow(0);
  const size = X.constant(row.length, String(row.length));
  const mean = X.named("μ", X.quotient(X.sum(row), size));
  const variance = X.named("σ²", X.quotient(X.sum(row.map((cell) => X.square(X.difference(cell, mean)))), size));
  const eps = at.walk.eps[at.step.name];
  const deviation = X.root(X.sum([variance, X.constant(eps, generalText(eps))]));
  return gained(at, X.quotient(X.difference(row[at.column], mean), deviation));
}

function rmsNormRule(at) {
  const row = at.wholeRow(0);
  const mean = X.named("m²", X.quotient(X.sum(row.map(X.square)), X.constant(row.length, String(row.length))));
  const eps = at.walk.eps[at.step.name];
  return gained(at, X.quotient(row[at.column], X.root(X.sum([mean, X.constant(eps, generalText(eps))]))));
}

function gained(at, quotient) {
  let normal = quotient;
  at.step.inputs.slice(1).forEach((name, i) => {
    const cell = at.cell(i + 1, 0, at.column);
    normal = name.endsWith("_gain") ? X.product(normal, cell) : X.sum([normal, cell]);
  });
  return normal;
}

// Four digits, as the library prints a scaling.
export function scaleText(value) {
  return generalText(Number(value.toPrecision(4)));
}

// Small numbers as they are written in the library: 1e-05.
export function generalText(value) {
  const text = Number(value.toPrecision(6));
  return Math.abs(text) >= 1e-4 || text === 0 ? String(text) : text.toExponential().replace(/e-(\d)$/, "e-0$1");
}

function rotateRule(at) {
  const pair = at.column >> 1;
  const angle = at.row * 10000 ** ((-2 * pair) / at.walk.headDim);
  const shown = generalText(Number(angle.toPrecision(3)));
  const cos = X.constant(Math.cos(angle), `cos ${shown}`);
  const sin = X.constant(Math.sin(angle), `sin ${shown}`);
  const [one, other] = [at.cell(0, at.row, 2 * pair), at.cell(0, at.row, 2 * pair + 1)];
  if (at.column % 2) return X.sum([X.product(one, sin), X.product(other, cos)]);
  return X.difference(X.product(one, cos), X.product(other, sin));
}

// Partners as attnviz.trace.walkthrough.head_setup has them.
function partnerOf(turn, feature) {
  if (turn.style === "pairs") return feature % 2 ? [feature - 1, 1] : [feature + 1, -1];
  const half = turn.width / 2;
  return feature < half ? [feature + half, -1] : [feature - half, 1];
}

function turnRule(at) {
  const { turn } = at.walk;
  if (at.column >= turn.width) return same(at);
  const [partner, sign] = partnerOf(turn, at.column);
  const one = X.product(same(at), at.cell(1, at.row, at.column));
  const other = X.product(at.cell(0, at.row, partner), at.cell(2, at.row, at.column));
  return sign > 0 ? X.sum([one, other]) : X.difference(one, other);
}

function softcapRule(at) {
  const cap = X.constant(at.walk.softcap, generalText(at.walk.softcap));
  return X.product(cap, X.activation("tanh", X.quotient(same(at), cap)));
}

export const same = (at) => at.cell(0, at.row, at.column);

const RULES = {
  affine: (at) => affineRule(at, at.column),
  affine_heads: (at) => affineRule(at, at.walk.firstColumn(at.step.inputs[1], at.head, at.step.columns) + at.column),
  products: (at) => X.sum(at.wholeRow(0).map((cell, i) => X.product(cell, at.cell(1, at.column, i)))),
  divide: (at) => X.quotient(same(at), X.root(X.constant(at.walk.headDim, String(at.walk.headDim)))),
  copy: same,
  mask: (at) => (at.cell(1, at.row, at.column).value ? same(at) : X.constant(-Infinity, "−∞")),
  softmax: softmaxRule,
  mask_weights: (at) => X.product(same(at), at.cell(1, at.row, at.column)),
  renormalise: (at) => {
    const row = at.wholeRow(0);
    return row.some((cell) => cell.value) ? X.quotient(row[at.column], X.sum(row)) : X.constant(0);
  },
  mix: (at) => X.sum(at.wholeRow(0).map((cell, i) => X.product(cell, at.cell(1, i, at.column)))),
  concat: (at) => at.cell(0, at.row, at.column % at.input(0).columns, Math.floor(at.column / at.input(0).columns)),
  sum_heads: (at) => X.sum(Array.from({ length: at.walk.heads }, (_, head) => at.cell(0, at.row, at.column, head))),
  layer_norm: layerNormRule,
  rotate: rotateRule,
  add: (at) => X.sum([same(at), at.cell(1, at.row, at.column)]),
  activation: (at) => X.activation(at.walk.activation, same(at)),
  rms_norm: rmsNormRule,
  turn: turnRule,
  times: (at) => X.product(same(at), X.constant(at.walk.scaling, scaleText(at.walk.scaling))),
  softcap: softcapRule,
  softmax_sink: softmaxRule,
};

// {tree, result, edited, given}: the tree of a given or edited number is the number itself.
export function arithmeticOf(walk, name, row, column, head) {
  const step = walk.step(name);
  const result = step.at(row, column, head);
  const edited = step.isEdited(row, column, head);
  const given = step.operation === "given";
  const tree = edited || given ? X.constant(result) : RULES[step.operation](new Place(walk, step, row, column, head));
  return { tree, result, edited, given };
}
