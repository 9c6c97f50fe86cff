// A number being typed into a cell. The draft stays until the server has taken it or said why not.

import { element } from "../../front/dom.js";

export class Editor {
  constructor(sheet) {
    this.sheet = sheet;
    this.input = element("input", { type: "text", class: "editor", inputmode: "decimal", maxlength: "60", autocomplete: "off", spellcheck: "false" });
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.open && this.close());
    this.place = null;
  }

  get open() {
    return this.place !== null;
  }

  start(cell, draft = null) {
    const { name, row, column, head, table } = cell;
    const step = this.sheet.walk.step(name);
    if (step.role === "mask") return this.sheet.ask("edit", { step: name, row, column, head, text: step.at(row, column, head) ? "0" : "1" });
    const node = table.cells.find((one) => one.attnvizCell.at[0] === cell.at[0] && one.attnvizCell.at[1] === cell.at[1]);
    if (!node) return null;
    if (this.open) this.close();
    this.place = { name, row, column, head };
    const { text } = this.sheet.walk;
    this.input.setAttribute("aria-label", text.edit_cell);
    this.input.title = text.edit_help;
    const value = step.at(row, column, head);
    this.input.value = draft ?? (Number.isFinite(value) ? String(Number(value.toPrecision(6))) : "");
    node.classList.add("editing");
    node.append(this.input);
    this.node = node;
    this.input.focus();
    if (draft === null) this.input.select();
    this.sheet.why.editing(true);
    return null;
  }

  key(event) {
    event.stopPropagation();
    if (event.key === "Escape") this.close();
    else if (event.key === "Enter") {
      const { name, row, column, head } = this.place;
      const text = this.input.value;
      this.close();
      this.sheet.ask("edit", { step: name, row, column, head, text });
    }
  }

  close() {
    const { node } = this;
    this.place = null;
    this.input.remove();
    if (node) {
      node.classList.remove("editing");
      if (node.isConnected) node.focus({ preventScroll: true });
    }
    this.sheet.why.editing(false);
  }

  // The server did not take what was typed: it stands there again, to be mended.
  reopen({ place, draft }) {
    const [name, head, row, column] = place;
    const node = this.sheet.board.find({ name, head, row, column });
    if (node) this.start(node.attnvizCell, draft);
  }
}
