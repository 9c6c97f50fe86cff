// How large numbers may be written, and how much of every axis then fits: all in units of the letter's size.

import { cellText } from "../../front/numbers.js";
import { viewsOf } from "./equations.js";

const CAPTION = 2.45;
const HEADING = 1.45;
const ROW = 1.72;
const SCROLLER = 1.75;
const MOVER = 7.2; // arrows and what is shown of an axis
const SIGN_GAP = 0.9;
const BETWEEN = 0.55;

// About how wide a text is: signs and narrow letters are told apart, Chinese characters are square.
function letters(text) {
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0);
    width += code > 0x2e80 ? 1.05 : ".,:;'|!il ".includes(character) ? 0.3 : 0.58;
  }
  return width;
}

// Widths of a matrix's cells and row labels, whatever part of it is shown.
export function measureView(view, walk, digits) {
  const { step } = view;
  let longest = 0;
  const count = step.rows * step.columns;
  const every = Math.max(1, Math.floor(count / 4096));
  const start = step.place(0, 0, view.head);
  if (view.step.role === "mask") longest = 1.6;
  else for (let i = 0; i < count; i += every) longest = Math.max(longest, letters(cellText(step.values[start + i], digits)));
  const widest = (labels, most) => (labels ? Math.min(most, Math.max(...labels.map(letters))) : 0);
  const columnLabels = walk.labels(view.columnAxis);
  view.cell = Math.max(2.2, longest + 0.62, widest(columnLabels, 4.1) * 0.95 + 0.4);
  const rowLabels = walk.labels(view.rowAxis);
  view.label = view.rowAxis === "one" ? 0.3 : rowLabels ? widest(rowLabels, 5.6) * 0.98 + 0.6 : 1.5;
  view.captionWidth = letters(`${view.symbol} ${view.rowCount}×${view.columnCount} `) + 1.2;
}

export function shownOf(view, caps) {
  return { rows: Math.min(view.rowCount, caps[view.rowAxis]), columns: Math.min(view.columnCount, caps[view.columnAxis]) };
}

function extentOf(view, caps) {
  const { rows, columns } = shownOf(view, caps);
  const part = rows < view.rowCount || columns < view.columnCount;
  const movers = (view.movesRows && rows < view.rowCount ? MOVER : 0) + (columns < view.columnCount ? MOVER : 0);
  const sums = view.sums ? 3.1 : 0;
  return {
    width: Math.max(view.label + columns * view.cell + sums, view.captionWidth, movers) + 0.3,
    height: CAPTION + HEADING + rows * ROW + (part ? SCROLLER : 0),
  };
}

function equationExtent(parts, caps) {
  let width = 0;
  let height = 0;
  for (const part of parts) {
    if (part.kind === "sign") width += letters(part.text) * 1.18 + SIGN_GAP;
    else if (part.kind === "stack") {
      const lines = part.lines.map((line) => equationExtent(line, caps));
      width += Math.max(...lines.map((line) => line.width));
      height = Math.max(height, lines.reduce((total, line) => total + line.height, 0));
    }
    else {
      const extent = extentOf(part, caps);
      width += extent.width;
      height = Math.max(height, extent.height);
    }
  }
  return { width, height };
}

function screenExtent(equations, caps) {
  const extents = equations.map((parts) => equationExtent(parts, caps));
  return {
    width: Math.max(...extents.map((extent) => extent.width)),
    height: extents.reduce((total, extent) => total + extent.height, 0) + BETWEEN * (equations.length - 1),
  };
}

// The rows of one line move together: only the last matrix that has them says which are shown.
function placeMovers(lines) {
  for (const parts of lines) {
    const last = new Map();
    for (const view of viewsOf([parts])) {
      view.movesRows = false;
      last.set(view.rowAxis, view);
    }
    for (const view of last.values()) view.movesRows = true;
  }
}

// Each equation on one line, or with its result on a line of its own: whichever shows more, and larger.
export function fitEquations(equations, walk, width, height, base, digits) {
  const broken = equations.flatMap((parts) => {
    const equals = parts.findIndex((part) => part.text === "=");
    return equals > 0 ? [parts.slice(0, equals), parts.slice(equals)] : [parts];
  });
  const tried = [equations, broken].map((lines) => {
    placeMovers(lines);
    const fit = fitScreen(lines, walk, width, height, base, digits);
    const cells = viewsOf(lines).reduce((total, view) => {
      const { rows, columns } = shownOf(view, fit.caps);
      return total + rows * columns;
    }, 0);
    return { ...fit, lines, shown: cells * fit.size ** 2 };
  });
  // Side by side reads best, as long as it is large enough to be read from afar.
  const smaller = tried[0].size < smallestOf(base) && tried[1].size > tried[0].size;
  const best = smaller || (tried[0].size < base * 1.2 && tried[1].shown > tried[0].shown * 1.25) ? tried[1] : tried[0];
  placeMovers(best.lines);
  return best;
}

function smallestOf(base) {
  return Math.max(11.5, base * 0.8);
}

// {size, caps}: the largest letters with which everything fits; where nothing readable does, parts of the axes.
function fitScreen(equations, walk, width, height, base, digits) {
  const caps = { one: 1 };
  const views = viewsOf(equations);
  for (const view of views) {
    measureView(view, walk, digits);
    caps[view.rowAxis] = Math.max(caps[view.rowAxis] || 0, view.rowCount);
    caps[view.columnAxis] = Math.max(caps[view.columnAxis] || 0, view.columnCount);
  }
  const sizeFor = () => {
    const extent = screenExtent(equations, caps);
    return Math.min(width / extent.width, height / extent.height);
  };
  const smallest = smallestOf(base);
  const wanted = sizeFor() >= smallest ? smallest : Math.max(12.5, base * 0.86);
  for (let i = 0; i < 2000 && sizeFor() < wanted; i++) {
    const extent = screenExtent(equations, caps);
    const wide = width / extent.width < height / extent.height;
    const axis = largestAxis(equations, caps, wide, height / wanted);
    if (!axis) break;
    caps[axis] -= 1;
  }
  return { size: Math.min(sizeFor(), base * 1.75), caps };
}

// The axis whose shortening helps: the longest one of those that make the widest or the highest equation.
function largestAxis(equations, caps, wide) {
  const extents = equations.map((parts) => equationExtent(parts, caps));
  const worst = wide
    ? [equations[extents.indexOf(extents.reduce((a, b) => (b.width > a.width ? b : a)))]]
    : equations;
  let best = null;
  for (const view of viewsOf(worst)) {
    const axis = wide ? view.columnAxis : view.rowAxis;
    const shown = wide ? shownOf(view, caps).columns : shownOf(view, caps).rows;
    if (shown > 1 && (!best || caps[axis] > caps[best])) best = axis;
  }
  return best;
}
