// The arithmetic of a number as a tree, printed as pieces: {text, cell} where a piece is a cell's number.
// It prints exactly as attnviz.trace.walkthrough.expression does; a test compares every cell of the examples.

import { numberText } from "../../front/numbers.js";

export const ACTIVATION_NAMES = { gelu: "GELU", relu: "ReLU", tanh: "tanh" };

export const X = {
  cell: (step, row, column, head, value) => ({ op: "cell", step, row, column, head, value, of: [] }),
  constant: (value, symbol = "") => ({ op: "constant", value, symbol, of: [] }),
  sum: (terms) => ({ op: "sum", of: terms }),
  difference: (left, right) => ({ op: "difference", of: [left, right] }),
  product: (...factors) => ({ op: "product", of: factors }),
  quotient: (top, bottom) => ({ op: "quotient", of: [top, bottom] }),
  exp: (of) => ({ op: "exp", of: [of] }),
  root: (of) => ({ op: "root", of: [of] }),
  square: (of) => ({ op: "square", of: [of] }),
  activation: (name, of) => ({ op: "activation", name, of: [of] }),
  named: (symbol, of) => ({ op: "named", symbol, of: [of] }),
};

// Only what the definitions in front need.
function evaluated(tree) {
  const parts = tree.of.map(evaluated);
  switch (tree.op) {
    case "sum": return parts.reduce((total, part) => total + part, 0);
    case "difference": return parts[0] - parts[1];
    case "quotient": return parts[0] / parts[1];
    case "square": return parts[0] ** 2;
    case "named": return parts[0];
    default: return tree.value;
  }
}

export function cellsOf(tree, found = new Map()) {
  if (tree.op === "cell") found.set(`${tree.step}|${tree.head}|${tree.row}|${tree.column}`, tree);
  for (const part of tree.of) cellsOf(part, found);
  return [...found.values()];
}

// The intermediate results, each once, those needed by others first.
export function definitionsOf(tree, found = new Map()) {
  for (const part of tree.of) definitionsOf(part, found);
  if (tree.op === "named" && !found.has(tree.symbol)) found.set(tree.symbol, tree);
  return [...found.values()];
}

// Writes trees as pieces. `longest`: of longer sums the middle is left out.
class Writer {
  constructor(digits, longest) {
    Object.assign(this, { digits, longest, pieces: [] });
  }

  plain(text) {
    const last = this.pieces[this.pieces.length - 1];
    if (last && !last.cell) last.text += text;
    else this.pieces.push({ text, cell: null });
  }

  bracketed(needed, inside) {
    if (needed) this.plain("(");
    inside();
    if (needed) this.plain(")");
  }

  joined(parts, between, place) {
    parts.forEach((part, i) => {
      if (i) this.plain(between);
      if (part === "…") this.plain("…");
      else this.write(part, place);
    });
  }

  // place: how tightly the form around binds: 0 a whole line, 1 a term of a sum, 2 a factor.
  write(tree, place = 0) {
    const [one, other] = tree.of;
    switch (tree.op) {
      case "cell":
        return this.bracketed(place > 0 && tree.value < 0, () => this.pieces.push({ text: numberText(tree.value, this.digits), cell: tree }));
      case "constant":
        if (tree.symbol) return this.plain(tree.symbol);
        return this.bracketed(place > 0 && tree.value < 0, () => this.plain(numberText(tree.value, this.digits)));
      case "named":
        return this.plain(tree.symbol);
      case "sum": {
        const { length } = tree.of;
        const long = this.longest && length > this.longest;
        const shown = long ? [...tree.of.slice(0, this.longest - 1), "…", tree.of[length - 1]] : tree.of;
        return this.bracketed(place > 0, () => (shown.length ? this.joined(shown, " + ", 1) : this.plain("0")));
      }
      case "difference":
        return this.bracketed(place > 0, () => this.joined(tree.of, " − ", 1));
      case "product":
        return this.joined(tree.of, "·", 2);
      case "quotient":
        return this.bracketed(place === 2, () => this.joined([one, other], " / ", 2));
      case "exp":
        this.plain("e^");
        return this.bracketed(one.op !== "cell" || one.value < 0, () => this.write(one));
      case "root":
        this.plain("√");
        return this.bracketed(one.op !== "constant" && one.op !== "named", () => this.write(one));
      case "square":
        this.bracketed(true, () => this.write(one));
        return this.plain("²");
      default:
        this.plain(ACTIVATION_NAMES[tree.name]);
        return this.bracketed(true, () => this.write(one));
    }
  }
}

// Lines of pieces: the definitions in front, then the number itself.
export function linesOf(tree, result, digits, longest) {
  const line = (symbol, of, value) => {
    const writer = new Writer(digits, longest);
    if (symbol) writer.plain(`${symbol} = `);
    writer.write(of);
    writer.plain(` = ${numberText(value, digits)}`);
    return writer.pieces;
  };
  return [...definitionsOf(tree).map((named) => line(named.symbol, named.of[0], evaluated(named))), line("", tree, result)];
}
