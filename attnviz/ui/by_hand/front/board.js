// The matrices on screen: laid out to fit, lit together, pointed at, scrolled in step.

import { element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { clamp, numberText } from "../../front/numbers.js";
import { equationsOf, matricesOf, viewsOf } from "./equations.js";
import { MatrixTable } from "./matrix.js";
import { screenName } from "./names.js";
import { fitEquations, measureView } from "./room.js";

const ROW = 1.66; // a row's height in letter sizes, as in the style sheet

// Whether what ends at one begins at the other, on the same line.
function near(one, other) {
  return one.width > 0 && one.right + 4 > other.left && one.left < other.right && one.top < other.bottom && one.bottom > other.top;
}

export class Board {
  constructor(sheet) {
    this.sheet = sheet;
    this.node = element("div", { class: "board" });
    this.offsets = {};
    this.tables = [];
    this.lit = [];
    this.node.addEventListener("pointerover", (event) => this.point(event));
    this.node.addEventListener("pointerleave", () => this.sheet.hover(null));
    this.node.addEventListener("click", (event) => this.click(event));
    this.node.addEventListener("dblclick", (event) => this.edit(event));
    this.node.addEventListener("focusin", (event) => this.focused(event));
  }

  cellOf(event) {
    const node = event.target.closest("td");
    return node && node.attnvizCell ? node.attnvizCell : null;
  }

  point(event) {
    const { stillAt } = this.sheet;
    if (event.pointerType === "touch" || (stillAt && stillAt.x === event.clientX && stillAt.y === event.clientY)) return;
    this.sheet.stillAt = null;
    const cell = this.cellOf(event);
    if (cell || !event.target.closest("table")) this.sheet.hover(cell);
  }

  click(event) {
    const cell = this.cellOf(event);
    if (!cell || this.sheet.editor.open) return;
    if (this.sheet.walk.step(cell.name).role === "mask") {
      this.sheet.hold(cell);
      this.sheet.editor.start(cell);
    } else this.sheet.hold(cell);
  }

  edit(event) {
    const cell = event.target.closest("input") ? null : this.cellOf(event);
    if (cell && this.sheet.walk.step(cell.name).role !== "mask") this.sheet.editor.start(cell);
  }

  focused(event) {
    const cell = this.cellOf(event);
    if (cell) event.target.setAttribute("aria-label", this.spoken(cell));
  }

  spoken({ name, row, column, head }) {
    const { walk, digits } = this.sheet;
    const step = walk.step(name);
    const value = step.role === "mask" ? walk.text[step.at(row, column, head) ? "visible" : "blocked"] : numberText(step.at(row, column, head), digits);
    return fill(walk.text.cell_label, { name: step.symbol, row: row + 1, column: column + 1, value });
  }

  // -- layout --------------------------------------------------------------------------------------------------------
  layout() {
    const { sheet, node } = this;
    const { walk, view, screen, head } = sheet;
    node.dataset.view = view;
    node.style.removeProperty("--row"); // rows stretched for another step would count as too high for this one
    this.tables = [];
    node.replaceChildren();
    if (view === "all") this.layoutAll();
    else {
      const equations = equationsOf(walk, screen, head);
      for (const view of viewsOf(equations)) view.sums = view.result && view.step.role === "weights";
      const room = { width: node.clientWidth - 8, height: node.clientHeight - 4 };
      const { size, caps, lines } = fitEquations(equations, walk, room.width, room.height, sheet.base, sheet.digits);
      node.style.fontSize = `${size}px`;
      this.caps = caps;
      this.showFocus();
      node.append(...lines.map((parts) => this.equation(parts)));
      for (let i = 0, now = size; i < 12 && (node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 1); i++) {
        node.style.fontSize = `${(now *= 0.96)}px`;
      }
      this.stretch();
    }
    this.index();
  }

  // What room is left over goes to the rows of the results, up to square cells.
  stretch() {
    const { node } = this;
    const size = parseFloat(getComputedStyle(node).fontSize);
    const lines = [...node.children].map((line) => line.getBoundingClientRect());
    if (!lines.length) return;
    const free = node.clientHeight - (lines.at(-1).bottom - lines[0].top) - size;
    const rows = [...node.children].reduce((sum, line) => sum + Math.max(0, ...[...line.querySelectorAll("table")].map((table) => table.rows.length - 1)), 0);
    if (rows && free > 0) node.style.setProperty("--row", `${Math.min(2.7, ROW + free / rows / size).toFixed(2)}em`);
  }

  equation(parts) {
    const line = element("div", { class: "equation" });
    for (const part of parts) {
      if (part.kind === "sign") line.append(element("span", { class: "sign", text: part.text }));
      else if (part.kind === "stack") line.append(element("div", { class: "stack" }, part.lines.map((one) => this.equation(one))));
      else {
        const table = new MatrixTable(this, part, this.caps);
        this.tables.push(table);
        line.append(table.node);
      }
    }
    return line;
  }

  layoutAll() {
    const { sheet, node } = this;
    const { walk, head } = sheet;
    const groups = walk.screens.map((screen) => ({ screen, views: matricesOf(walk, screen, head) }));
    const views = groups.flatMap((group) => group.views);
    const full = {};
    for (const view of views) {
      measureView(view, walk, sheet.digits);
      full[view.rowAxis] = Math.max(full[view.rowAxis] || 1, view.rowCount);
      full[view.columnAxis] = Math.max(full[view.columnAxis] || 1, view.columnCount);
    }
    const most = Math.max(...Object.values(full));
    const least = Math.max(9, sheet.base * 0.6, sheet.theme.least);
    for (const part of most <= 8 && !sheet.theme.least ? [8] : [Math.min(8, most), 5, 4, 3]) {
      this.caps = Object.fromEntries(Object.entries(full).map(([axis, size]) => [axis, Math.min(size, part)]));
      this.tables = [];
      this.showFocus();
      node.replaceChildren(...groups.map((group) => this.group(group)));
      delete node.dataset.wrapped;
      if (this.shrinkToFit(Math.max(least, sheet.base * 1.05), least)) break;
      node.dataset.wrapped = "true"; // a step wider than the board goes on in a second line
    }
    this.shortenTitles();
    // What does not fit in type for the back row scrolls, and the step that is chosen is in sight.
    const now = node.querySelector('[data-now="true"]');
    if (now && node.scrollHeight > node.clientHeight) node.scrollTop = now.offsetTop - (node.clientHeight - now.offsetHeight) / 2;
  }

  // A step's name never lies over its last matrix's: narrow cards lose the head's number (it is chosen above), then the name.
  shortenTitles() {
    for (const card of this.node.children) {
      const title = card.querySelector(".group-title");
      const parts = [...card.querySelectorAll("figcaption .named > *")];
      const collide = () => parts.some((part) => near(part.getBoundingClientRect(), title.getBoundingClientRect()));
      if (collide()) card.dataset.narrow = "true";
      if (collide()) title.textContent = title.textContent.split(" ")[0];
    }
  }

  group({ screen, views }) {
    const { sheet } = this;
    const number = screen.index + 1;
    const chosen = screen.index === sheet.step;
    const title = element("button", { type: "button", class: "group-title", text: `${number} ${screenName(sheet.walk, screen, "rail")}`, title: screenName(sheet.walk, screen, "rail"), click: () => sheet.go(screen.index) });
    const node = element("section", { class: "group-card", "data-screen": screen.index, "data-now": String(chosen), "data-later": String(screen.index > sheet.step) }, [element("div", { class: "group-head" }, [title])]);
    const line = element("div", { class: "group-line" });
    for (const view of views) {
      const table = new MatrixTable(this, view, this.caps);
      this.tables.push(table);
      line.append(table.node);
    }
    node.append(line);
    return node;
  }

  shrinkToFit(largest, smallest) {
    const { node } = this;
    for (let size = largest; size >= smallest; size -= 0.25) {
      node.style.fontSize = `${size}px`;
      if (node.scrollHeight <= node.clientHeight + 1 && node.scrollWidth <= node.clientWidth + 1) return true;
    }
    return false;
  }

  // Scrolled so that the cell looked at is in sight.
  showFocus() {
    const { walk, focus } = this.sheet;
    const into = (axis, index) => {
      const part = this.caps[axis];
      const from = this.offsets[axis] || 0;
      if (part && (index < from || index >= from + part)) this.offsets[axis] = Math.max(0, index - (part >> 1));
    };
    const step = walk.step(focus.name);
    if (this.rowShown !== focus.row) into("query", Math.min(focus.row, walk.rowLabels.length - 1));
    const place = `${focus.name} ${focus.row} ${focus.head}`;
    if (this.columnShown !== place && step.axes[1] !== "one") into(step.axes[1], focus.column);
    this.rowShown = focus.row;
    this.columnShown = place;
  }

  shift(axis, from, shown, count) {
    this.offsets[axis] = clamp(from, 0, Math.max(0, count - shown));
    this.refill();
  }

  refill() {
    for (const table of this.tables) table.fill();
    this.index();
    this.sheet.light();
  }

  // -- light ---------------------------------------------------------------------------------------------------------
  index() {
    this.byKey = new Map();
    for (const table of this.tables) {
      for (const node of table.cells) {
        const { name, head, row, column } = node.attnvizCell;
        const key = `${name}|${head}|${row}|${column}`;
        if (this.byKey.has(key)) this.byKey.get(key).push(node);
        else this.byKey.set(key, [node]);
      }
    }
    this.lit = [];
  }

  nodes({ name, step, head, row, column }) {
    return this.byKey.get(`${name || step}|${head || 0}|${row}|${column}`) || [];
  }

  find(cell) {
    return this.nodes(cell)[0] || null;
  }

  light(cell, sources) {
    for (const [node, name] of this.lit) node.classList.remove(name);
    this.lit = [];
    const add = (node, name) => {
      node.classList.add(name);
      this.lit.push([node, name]);
    };
    if (!cell) return;
    for (const node of this.node.querySelectorAll('td[tabindex="0"]')) node.tabIndex = -1;
    const aim = this.find(cell);
    if (aim) aim.tabIndex = 0; // the Tab key enters a matrix where one looks
    for (const source of sources) for (const node of this.nodes(source)) add(node, "lit");
    for (const node of this.nodes(cell)) add(node, "aim");
    for (const table of this.tables) {
      const aimed = table.cells.filter((node) => node.classList.contains("aim") || node.classList.contains("lit"));
      const mark = new Set();
      for (const node of aimed) {
        const [row, column] = node.attnvizCell.at;
        mark.add(`r${row}`).add(`c${column}`);
      }
      const lines = [...table.table.rows];
      lines.slice(1).forEach((line, r) => mark.has(`r${table.rowsFrom + r}`) && add(line.cells[0], "lit-label"));
      [...lines[0].cells].slice(1).forEach((th, c) => mark.has(`c${table.columnsFrom + c}`) && add(th, "lit-label"));
    }
  }
}
