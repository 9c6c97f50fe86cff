// The arithmetic of the cell that is pointed at, written out; its numbers carry the colours of where they stand.

import { element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { numberText } from "../../front/numbers.js";
import { Picker } from "./switches.js";

export const LONGEST_LIT = 10; // terms of a sum while one only points; a held cell shows all of them
export const LONGEST_DEFINED = 4; // where intermediate results stand in front

export class Why {
  constructor(sheet) {
    this.sheet = sheet;
    this.title = element("b");
    this.where = element("span", { class: "where" });
    this.extra = element("span", { class: "extra" });
    this.digits = new Picker((digits) => sheet.chooseDigits(digits));
    this.lines = element("div", { class: "lines" });
    this.problem = element("div", { class: "problem", role: "alert" });
    this.problem.hidden = true;
    this.node = element("div", { class: "why" }, [
      element("header", {}, [this.title, this.where, this.extra, this.digits.node]), this.lines, this.problem,
    ]);
  }

  editing(open) {
    this.node.dataset.editing = String(open); // what is typed where needs the room
    if (open) this.extra.textContent = this.sheet.walk.text.edit_help;
    else this.sheet.light();
  }

  complain(problem) {
    this.problem.hidden = !problem;
    this.problem.textContent = problem ? problem.sentence : "";
    this.node.dataset.problem = String(Boolean(problem));
  }

  name({ name, row, column, head }) {
    const { walk } = this.sheet;
    const step = walk.step(name);
    const label = (axis, index) => {
      const labels = walk.labels(axis);
      if (axis === "one" || !labels) return axis === "one" ? null : index + 1;
      // A token that stands there more than once, or looks like a number, is told by its place, too.
      const alike = labels.filter((one) => one === labels[index]).length > 1 || /^\d+$/.test(labels[index]);
      return alike ? `${labels[index]}#${index + 1}` : labels[index];
    };
    const places = [label(step.axes[0], row), label(step.axes[1], column)].filter((part) => part !== null);
    const ofHead = step.hasHeads && walk.heads > 1 ? ` · ${fill(walk.text.of_head, { head: head + 1 })}` : "";
    return `${step.symbol}[${places.join(", ")}]${ofHead}`;
  }

  write(cell, { tree, result, edited, given, several, lines }) {
    const { walk, digits } = this.sheet;
    const { text } = walk;
    this.digits.write(text.digits, [[2, ".00"], [3, ".000"], [4, ".0000"]], digits);
    this.title.textContent = this.name(cell);
    const step = walk.step(cell.name);
    this.node.dataset.role = step.role;
    const said = [];
    if (edited) said.push(text.why_edited);
    else if (given) said.push(text.why_given);
    if (!edited && tree.op === "constant" && step.operation === "softmax") said.push(text.why_blocked_row);
    if (step.hasMoved(cell.row, cell.column, cell.head)) {
      const was = step.was(cell.row, cell.column, cell.head);
      said.push(fill(text.why_was, { value: step.role === "mask" ? text[was ? "visible" : "blocked"] : numberText(was, digits) }));
    }
    this.where.textContent = step.name;
    this.extra.textContent = said.join(" · ");
    const shown = step.role === "mask" ? [[{ text: text[result ? "visible" : "blocked"], cell: null }]]
      : edited || given ? [[{ text: numberText(result, digits), cell: null }]]
      : lines;
    this.lines.replaceChildren(...shown.map((pieces) => this.line(pieces)));
    this.lines.dataset.several = String(several);
  }

  line(pieces) {
    const { walk } = this.sheet;
    const last = pieces[pieces.length - 1];
    const cut = last.cell ? -1 : last.text.lastIndexOf(" = ");
    const node = element("p");
    pieces.forEach((piece, i) => {
      if (i === pieces.length - 1 && cut >= 0) {
        node.append(piece.text.slice(0, cut), element("b", { class: "result", text: piece.text.slice(cut) }));
      } else if (piece.cell) {
        node.append(element("span", { class: "number", "data-role": walk.step(piece.cell.step).role, "data-given": String(walk.step(piece.cell.step).operation === "given"), text: piece.text }));
      } else node.append(piece.text);
    });
    return node;
  }
}
