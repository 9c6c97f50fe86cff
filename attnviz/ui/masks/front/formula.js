// The formula as chips joined by ∧ ∨ ¬, and as text. Chips only ever write a new text; the server reads it.

import { element } from "../../front/dom.js";
import { clamp } from "../../front/numbers.js";
import { formulaText } from "./terms.js";

export class Formula {
  constructor(lab) {
    this.lab = lab;
    this.chips = element("div", { class: "chips", role: "group" });
    this.menu = element("div", { class: "menu", role: "menu", hidden: "" });
    this.more = element("button", { type: "button", class: "tool", text: "+", "aria-haspopup": "true", click: () => this.toggle() });
    this.field = element("input", { type: "text", spellcheck: "false", autocomplete: "off", maxlength: "65536" });
    this.field.addEventListener("change", () => lab.ask("formula", { text: this.field.value }));
    this.problem = element("p", { class: "problem", role: "alert", hidden: "" });
    lab.refs.formula.append(
      element("div", { class: "chips-place" }, [this.chips, this.more, this.menu]), this.field, lab.refs.history, this.problem,
    );
    this.menu.addEventListener("keydown", (event) => this.menuKey(event));
    lab.host.addEventListener("pointerdown", (event) => {
      if (!event.composedPath().includes(this.menu) && !event.composedPath().includes(this.more)) this.menu.hidden = true;
    });
  }

  write() {
    const { shot } = this.lab;
    const { text } = shot;
    const active = this.lab.host.activeElement;
    const key = JSON.stringify([shot.terms, text.formula, shot.draft, shot.problem]);
    if (key === this.key) return;
    this.key = key;
    const focused = active && active.dataset ? active.dataset.focus : null;
    this.chips.setAttribute("aria-label", text.formula);
    this.chips.replaceChildren(...shot.terms.map((term, i) => this.chip(term, i)));
    if (focused) {
      const again = this.chips.querySelector(`[data-focus="${focused}"]`);
      if (again) again.focus();
    }
    this.more.title = text.add_term;
    this.more.setAttribute("aria-label", text.add_term);
    this.field.setAttribute("aria-label", text.formula_text);
    this.field.title = text.formula_text;
    this.field.value = shot.draft ?? shot.written;
    this.field.classList.toggle("wrong", shot.draft !== null);
    this.problem.hidden = !shot.problem;
    this.problem.textContent = shot.problem || "";
    this.menu.replaceChildren(...shot.presets.map((preset) => this.preset(preset)));
    this.menu.hidden = true;
  }

  chip(term, i) {
    const { text } = this.lab.shot;
    const name = term.name ? text[`name_${term.name}`] : term.arguments;
    const parts = [];
    const change = (changes) => this.send(this.lab.shot.terms.map((one, j) => (j === i ? { ...one, ...changes } : one)));
    if (term.join) {
      parts.push(element("button", {
        type: "button", class: "join", text: term.join === "&" ? "∧" : "∨", title: text.join_help, "data-focus": `join${i}`,
        "aria-label": term.join === "&" ? text.and : text.or, click: () => change({ join: term.join === "&" ? "|" : "&" }),
      }));
    }
    const not = element("button", {
      type: "button", class: "not", text: "¬", title: text.not_help, "aria-pressed": String(term.negated), "aria-label": text.not,
      "data-focus": `not${i}`, click: () => change({ negated: !term.negated }),
    });
    const inside = [not, element("span", { class: "name", text: term.name ? name : `( ${name} )`, title: text[`about_${term.name}`] || "" })];
    if (term.name === "cells") inside.push(element("b", { text: String(term.count) }));
    else if (term.name && term.arguments) {
      const field = element("input", {
        type: "text", class: "arguments", "aria-label": `${name}: ${text[`arguments_${term.name}`] || ""}`, spellcheck: "false",
        title: text[`arguments_${term.name}`] || "", "data-focus": `arguments${i}`,
      });
      field.value = term.arguments;
      field.size = clamp(term.arguments.length, 1, 14);
      field.addEventListener("input", () => (field.size = clamp(field.value.length, 1, 14)));
      field.addEventListener("change", () => change({ arguments: field.value }));
      inside.push(field);
    }
    inside.push(element("button", {
      type: "button", class: "drop", text: "×", title: text.remove_term, "aria-label": `${text.remove_term}: ${name}`, "data-focus": `drop${i}`,
      click: () => this.send(this.lab.shot.terms.filter((_, j) => j !== i)),
    }));
    parts.push(element("span", { class: `chip${term.negated ? " negated" : ""}`, "data-name": term.name || "group" }, inside));
    return element("span", { class: "term" }, parts);
  }

  preset({ name, arguments: given, combined }) {
    const { text } = this.lab.shot;
    const use = (join) => () => {
      const term = combined ? combined : given === null ? name : `${name}(${given})`;
      const before = this.lab.shot.terms;
      this.menu.hidden = true;
      if (join === "=") this.lab.ask("formula", { text: term });
      else this.lab.ask("formula", { text: `${formulaText(before)} ${join} ${combined ? `(${term})` : term}` });
    };
    const button = (sign, hint, join) =>
      element("button", { type: "button", role: "menuitem", text: sign, title: hint, "aria-label": `${text[`name_${name}`]}: ${hint}`, click: use(join) });
    return element("div", { class: "preset" }, [
      button(text[`name_${name}`], text.use_alone, "="),
      element("small", { text: text[`about_${name}`] }),
      button("∧", text.and, "&"),
      button("∨", text.or, "|"),
    ]);
  }

  toggle() {
    this.menu.hidden = !this.menu.hidden;
    if (!this.menu.hidden) this.menu.querySelector("button").focus();
  }

  menuKey(event) {
    const steps = { ArrowDown: 3, ArrowUp: -3, ArrowRight: 1, ArrowLeft: -1 };
    if (event.key === "Escape") {
      this.menu.hidden = true;
      this.more.focus();
    } else if (event.key in steps) {
      const buttons = [...this.menu.querySelectorAll("button")];
      const at = buttons.indexOf(this.lab.host.activeElement);
      buttons[clamp(at + steps[event.key], 0, buttons.length - 1)].focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  send(terms) {
    this.lab.ask("formula", { text: terms.length ? formulaText(terms) : "full" });
  }
}
