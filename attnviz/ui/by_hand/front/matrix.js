// One matrix as a table: numbers on colours, labels on both axes, and a part of it where it is too large.

import { element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { cellText, clamp, numberText } from "../../front/numbers.js";
import { shade, usualScale } from "../../front/scale.js";
import { symbolOf } from "./equations.js";
import { shownOf } from "./room.js";

export const colours = {
  signed(theme, value, peak) {
    const place = clamp(Math.round(127.5 + (value / peak) * 84), 0, 255);
    return [theme.signedCss[place], theme.signedInk[place]];
  },
  weight(theme, value, step) {
    const place = shade(value, usualScale(step.rows, step.columns));
    return [theme.css[place], theme.inkOn[place]];
  },
  tinted(theme, value, peak, hue) {
    const share = Math.round(5 + (Math.abs(value) / peak) * 42);
    return [`color-mix(in srgb, ${value < 0 ? theme.muted : hue} ${value < 0 ? share * 0.62 : share}%, ${theme.surface})`, theme.ink];
  },
};

export function isBlocked(walk, step, row, column, head) {
  if (step.role === "mask") return !step.at(row, column, head);
  if (step.name === "masked_scores") return step.at(row, column, head) === -Infinity;
  if (step.role !== "weights" || step.name === "weights_before_mask") return false;
  return !walk.step("mask").at(row, column, head) && step.at(row, column, head) === 0;
}

export class MatrixTable {
  constructor(board, view, caps) {
    Object.assign(this, { board, view, caps });
    this.walk = board.sheet.walk;
    this.cells = [];
    this.node = element("figure", { class: "matrix", "data-step": view.step.name, "data-role": view.step.role, "data-result": String(view.result) });
    this.table = element("table", { role: "grid" });
    this.scroller = element("div", { class: "scroller" });
    this.node.append(this.caption(), this.table, this.scroller);
    this.node.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.fill();
  }

  get text() {
    return this.walk.text;
  }

  // The step's cell at a place on screen.
  source(row, column) {
    const { view } = this;
    const [r, c] = view.turned ? [column, row] : [row, column];
    return { name: view.step.name, row: r, column: c + (view.turned ? 0 : view.columnBase), head: view.step.hasHeads ? view.head : 0 };
  }

  caption() {
    const { view, text } = this;
    const shape = `${view.rowCount}×${view.columnCount}`;
    const head = view.step.hasHeads && this.walk.heads > 1 ? fill(text.of_head, { head: view.head + 1 }) : "";
    const axes = `${text[`axis_${view.rowAxis}`]} × ${text[`axis_${view.columnAxis}`]}`;
    this.table.setAttribute("aria-label", fill(text.matrix_label, { name: view.symbol, shape: `${shape} ${axes}` }));
    return element("figcaption", { title: `${view.step.name} ${view.step.shape.join("×")} · ${axes}` }, [
      element("span", { class: "named" }, [symbolOf(view.symbol), element("i", { text: shape }), element("em", { text: head })]),
      element("small", { text: axes }),
    ]);
  }

  fill() {
    const { view, caps } = this;
    const shown = shownOf(view, caps);
    const offsets = this.board.offsets;
    const first = (axis, count, most) => clamp(offsets[axis] || 0, 0, Math.max(0, count - most));
    this.rowsFrom = first(view.rowAxis, view.rowCount, shown.rows);
    this.columnsFrom = first(view.columnAxis, view.columnCount, shown.columns);
    this.shown = shown;
    this.table.style.setProperty("--cell", `${view.cell}em`);
    this.table.style.setProperty("--label", `${view.label}em`);
    const [rowLabels, columnLabels] = [this.walk.labels(view.rowAxis), this.walk.labels(view.columnAxis)];
    const label = (labels, index) => (labels ? labels[index] : String(index + 1));
    const top = element("tr", { "data-tokens": String(Boolean(columnLabels)) }, [element("td", { class: "corner" })]);
    for (let c = 0; c < shown.columns; c++) {
      const column = this.columnsFrom + c;
      const text = view.columnAxis === "one" ? "" : label(columnLabels, column + (columnLabels ? 0 : view.columnBase));
      top.append(this.heading(text, view.columnAxis, column));
    }
    if (view.sums) top.append(element("th", { text: this.text.row_sum, title: this.text.row_sum_about, class: "sum" }));
    const rows = [top];
    this.cells = [];
    for (let r = 0; r < shown.rows; r++) {
      const row = this.rowsFrom + r;
      const text = view.rowAxis === "one" ? "" : label(rowLabels, row);
      const line = element("tr", { role: "row" }, [this.heading(text, view.rowAxis, row)]);
      for (let c = 0; c < shown.columns; c++) line.append(this.cell(row, this.columnsFrom + c));
      if (view.sums) line.append(this.sum(row));
      rows.push(line);
    }
    this.table.replaceChildren(...rows);
    this.writeScroller();
  }

  heading(text, axis, index) {
    const kind = [this.walk.labels(axis) ? "token" : "", this.walk.isUnknown(axis, index) ? "unknown" : ""].join(" ").trim();
    return text ? element("th", { text, title: text, class: kind }) : element("td", { class: "corner" });
  }

  cell(row, column) {
    const { view, walk } = this;
    const { theme, digits } = this.board.sheet;
    const { step } = view;
    const source = this.source(row, column);
    const value = step.at(source.row, source.column, source.head);
    const node = element("td", { role: "gridcell", tabindex: "-1" });
    node.attnvizCell = { ...source, table: this, at: [row, column] };
    const blocked = isBlocked(walk, step, source.row, source.column, source.head);
    if (blocked) node.classList.add("blocked");
    if (step.role === "mask") {
      node.textContent = value ? "□" : "■";
      if (value) node.classList.add("visible");
    } else {
      node.textContent = cellText(value, digits);
      if (Number.isNaN(value)) {
        node.style.background = theme.alarm_fill;
        node.style.color = theme.alarm;
      } else if (!blocked) {
        const hue = theme[step.role];
        const peak = step.peak(source.head);
        const [background, ink] = step.role === "weights" ? colours.weight(theme, value, step)
          : hue ? colours.tinted(theme, value, peak, hue) : colours.signed(theme, value, peak);
        node.style.background = background;
        node.style.color = ink;
      }
    }
    if (step.isEdited(source.row, source.column, source.head)) node.classList.add("edited");
    else if (step.hasMoved(source.row, source.column, source.head)) node.classList.add("moved");
    if (view.owned && !view.turned && (column < view.owned[0] || column >= view.owned[1])) node.classList.add("foreign");
    this.cells.push(node);
    return node;
  }

  sum(row) {
    const { view } = this;
    let total = 0;
    for (let c = 0; c < view.columnCount; c++) total += view.step.at(row, c, view.head);
    const [text, one] = [total, 1].map((value) => numberText(value, this.board.sheet.digits));
    return element("td", { class: text === one ? "sum" : "sum off", text });
  }

  // -- parts of large matrices ---------------------------------------------------------------------------------------
  writeScroller() {
    const { view, shown } = this;
    const parts = [];
    if (shown.columns < view.columnCount) parts.push(this.mover("column", view.columnAxis, this.columnsFrom, shown.columns, view.columnCount, view.columnBase));
    if (shown.rows < view.rowCount && view.movesRows !== false) parts.push(this.mover("row", view.rowAxis, this.rowsFrom, shown.rows, view.rowCount, 0));
    this.scroller.hidden = shown.rows === view.rowCount && shown.columns === view.columnCount; // an empty one keeps its height: lines stay level
    this.scroller.replaceChildren(...parts);
  }

  mover(way, axis, from, shown, count, base) {
    const { text } = this;
    const [less, more] = way === "row" ? ["▲", "▼"] : ["◀", "▶"];
    const button = (sign, label, by, off) =>
      element("button", { type: "button", text: sign, title: text[label], "aria-label": text[label], ...(off ? { disabled: "" } : {}), click: () => this.board.shift(axis, from + by, shown, count) });
    const said = fill(text.part_shown, { from: base + from + 1, to: base + from + shown, count: base ? base + count : count });
    return element("span", { class: "mover" }, [button(less, "earlier", -shown, from === 0), element("span", { text: said }), button(more, "later", shown, from + shown >= count)]);
  }

  wheel(event) {
    const { view, shown } = this;
    const across = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY) || shown.rows >= view.rowCount;
    const [axis, from, part, count] = across
      ? [view.columnAxis, this.columnsFrom, shown.columns, view.columnCount]
      : [view.rowAxis, this.rowsFrom, shown.rows, view.rowCount];
    if (part >= count) return;
    event.preventDefault();
    const by = event.deltaX + event.deltaY > 0 ? 1 : -1;
    this.board.shift(axis, from + by, part, count);
  }

  // The cell next to a cell on screen, scrolled into sight.
  step(at, down, right) {
    const { view, shown } = this;
    const row = clamp(at[0] + down, 0, view.rowCount - 1);
    const column = clamp(at[1] + right, 0, view.columnCount - 1);
    const into = (value, from, part) => (value < from ? value : value >= from + part ? value + 1 - part : from);
    this.board.offsets[view.rowAxis] = into(row, this.rowsFrom, shown.rows);
    this.board.offsets[view.columnAxis] = into(column, this.columnsFrom, shown.columns);
    this.board.refill();
    return this.cells.find((node) => node.attnvizCell.at[0] === row && node.attnvizCell.at[1] === column);
  }
}
