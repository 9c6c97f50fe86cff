// What a step looks like as an equation: matrices with signs between them.

import { element } from "../../front/dom.js";
import { numberText } from "../../front/numbers.js";
import { ACTIVATION_NAMES } from "./expression.js";
import { generalText, scaleText } from "./rules.js";

const WHOLE_WEIGHTS = 8; // up to so many columns a projection is shown whole, with the head's own columns marked

// A matrix on screen: which part of a step, for which head, and whether it is turned on its side.
function shownMatrix(step, head, changes = {}) {
  const [rowAxis, columnAxis] = step.axes;
  return {
    kind: "matrix", step, head: step.hasHeads ? head : 0, turned: false, symbol: step.symbol, result: false,
    rowAxis, columnAxis, columnBase: 0, rowCount: step.rows, columnCount: step.columns, owned: null, ...changes,
  };
}

function turned(view) {
  return { ...view, turned: true, symbol: `${view.symbol}ᵀ`, rowAxis: view.columnAxis, columnAxis: view.rowAxis, rowCount: view.columnCount, columnCount: view.rowCount };
}

// Of the parameters of a projection the columns that make this head.
export function ofHead(view, walk, head) {
  const letter = view.step.name.slice(-1);
  const made = walk.step(`${letter}_projected`) || walk.step(`${letter}_unrotated`) || walk.step(letter);
  const width = made.columns;
  const first = walk.firstColumn(view.step.name, head, width);
  if (view.columnCount <= WHOLE_WEIGHTS) return walk.heads > 1 ? { ...view, owned: [first, first + width] } : view;
  return { ...view, columnAxis: "head_feature", columnBase: first, columnCount: width };
}

function equationOf(walk, step, head) {
  const view = (place, changes) => shownMatrix(walk.step(step.inputs[place]), head, changes);
  const sign = (text, hint) => ({ kind: "sign", text, hint });
  const result = shownMatrix(step, head, { result: true });
  const rest = (from, before) => step.inputs.slice(from).flatMap((name, i) => [sign(before(name)), view(from + i)]);
  const { variant } = walk;
  const warm = variant.temperature === 1 ? "" : ` / ${numberText(variant.temperature, 2)}`;
  switch (step.operation) {
    case "affine": {
      const { columns, axes } = walk.step(step.inputs[0]); // summed heads are narrower than W_O is high
      return [view(0), sign("·"), view(1, { rowCount: columns, rowAxis: axes[1] }), ...rest(2, () => "+"), sign("="), result];
    }
    case "affine_heads": {
      const parameters = step.inputs.slice(1).map((name, i) => [sign(i ? "+" : "·"), ofHead(view(i + 1), walk, head)]);
      // The rows of K and V are keys, and so are those of what they are made from.
      return [view(0, { rowAxis: step.axes[0] }), ...parameters.flat(), sign("="), result];
    }
    case "products":
      return [view(0), sign("·"), turned(view(1)), sign("="), result];
    case "divide":
      return [view(0), sign(`÷ √${walk.headDim}`), sign("="), result];
    case "mask":
      return [view(0), sign("■→−∞"), view(1), sign("="), result];
    case "softmax":
      return [sign("softmax("), view(0), sign(`${warm})`), sign("="), result];
    case "mask_weights":
      return [view(0), sign("⊙"), view(1), sign("="), result];
    case "renormalise":
      return [view(0), sign("÷ Σ"), sign("="), result];
    case "mix":
      return [view(0), sign("·"), view(1), sign("="), result];
    case "concat":
    case "sum_heads": {
      const source = walk.step(step.inputs[0]);
      const between = step.operation === "concat" ? "‖" : "+";
      const heads = Array.from({ length: walk.heads }, (_, h) => [...(h ? [sign(between)] : []), shownMatrix(source, h, { ofHead: h })]);
      return [...heads.flat(), sign("="), result];
    }
    case "layer_norm":
      return [sign("LN("), view(0), sign(")"), ...stacked(rest(1, (name) => (name.endsWith("_gain") ? "⊙" : "+"))), sign("="), result];
    case "rms_norm":
      return [sign("RMS("), view(0), sign(")"), ...stacked(rest(1, (name) => (name.endsWith("_gain") ? "⊙" : "+"))), sign("="), result];
    case "turn":
      return [view(0), sign("⊙"), view(1), sign("+"), sign("⤨", walk.text.partners), sign("⊙"), view(2), sign("="), result];
    case "times":
      return [view(0), sign(`· ${scaleText(walk.scaling)}`), sign("="), result];
    case "softcap": {
      const cap = generalText(walk.softcap);
      return [sign(`${cap}·tanh(`), view(0), sign(`/ ${cap})`), sign("="), result];
    }
    case "softmax_sink":
      return [sign("softmax("), view(0), sign("‖"), view(1), sign(`${warm})`), sign("="), result];
    case "rotate":
      return [sign("R("), view(0), sign(")"), sign("="), result];
    case "add":
      return [view(0), sign("+"), view(1), sign("="), result];
    case "activation":
      return [sign(`${ACTIVATION_NAMES[walk.activation]}(`), view(0), sign(")"), sign("="), result];
    default:
      return [view(0), sign("="), result];
  }
}

// Gain and bias are one row each: one above the other they leave the rest more room.
function stacked(parts) {
  return parts.length > 2 ? [{ kind: "stack", lines: [parts.slice(0, 2), parts.slice(2)] }] : parts;
}

export function viewsOf(equations) {
  return equations.flat().flatMap((part) => (part.kind === "stack" ? part.lines.flat() : part)).filter((part) => part.kind === "matrix");
}

// The equations of a screen; what is only given there stands alone.
export function equationsOf(walk, screen, head) {
  const computed = screen.all.filter((step) => step.operation !== "given");
  if (computed.length) return computed.map((step) => equationOf(walk, step, head));
  return [screen.all.flatMap((step) => [shownMatrix(step, head, { result: true })])];
}

// Every matrix of a screen once, for the view of all steps.
export function matricesOf(walk, screen, head) {
  return screen.all.map((step) => {
    const view = shownMatrix(step, head, { result: step.operation !== "given" });
    const parameter = /^[wb]_[qkv]$/.test(step.name);
    return parameter ? ofHead(view, walk, head) : view;
  });
}

// The last matrix that is made on a screen.
export function lastMade(screen) {
  const computed = screen.all.filter((step) => step.operation !== "given");
  return computed[computed.length - 1] || screen.all[0];
}

// What to look at first there: of the queries where there are several, so that one token is followed all the way.
export function lookedAt(screen) {
  const ofQueries = screen.all.filter((step) => step.operation !== "given" && step.axes[0] === "query");
  return ofQueries[ofQueries.length - 1] || lastMade(screen);
}

// W_Q with its index set low.
export function symbolOf(symbol) {
  const [letter, index] = symbol.split("_");
  return index ? element("b", { "aria-label": symbol }, [letter, element("sub", { text: index })]) : element("b", { text: symbol });
}

// What a screen is about: the last thing it makes, and its part of the computation.
export function placeOf(screen) {
  return { name: lastMade(screen).name, stage: screen.stage };
}

// The screen of another walk that is about the same thing; undefined where it has none.
export function sameScreen(screens, { name, stage }) {
  return screens.find((screen) => screen.steps.includes(name)) ?? screens.find((screen) => screen.stage === stage);
}
