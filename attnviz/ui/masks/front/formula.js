// The formula as chips joined by ∧ ∨ ¬, and as text. Chips only ever write a new text; the server reads it.

import { element, refill } from "../../front/dom.js";
import { clamp } from "../../front/numbers.js";
import { changed, formulaText } from "./terms.js";

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
    this.chips.addEventListener("keydown", (event) => this.chipKey(event));
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
    this.chips.replaceChildren(...shot.terms.map((term, i) => this.chip(term, [i])));
    if (focused) {
      const again = this.chips.querySelector(`[data-focus="${focused}"]`);
      if (again) again.focus();
    }
    [...this.chips.querySelectorAll("button")].forEach((button, i) => (button.tabIndex = i ? -1 : 0));
    this.more.title = text.add_term;
    this.more.setAttribute("aria-label", text.add_term);
    this.field.setAttribute("aria-label", text.formula_text);
    this.field.title = text.formula_text;
    this.field.value = shot.draft ?? shot.written;
    this.field.classList.toggle("wrong", shot.draft !== null);
    this.problem.hidden = !shot.problem;
    this.problem.textContent = shot.problem || "";
    refill(this.menu, [shot.presets, shot.language], () => shot.presets.map((preset) => this.preset(preset)));
    this.menu.hidden = true;
  }

  chip(term, path) {
    const { text } = this.lab.shot;
    const at = path.join(".");
    const bracket = term.inside.length > 0;
    const name = bracket ? text.bracket : text[`name_${term.name}`];
    const change = (changes) => this.send(changed(this.lab.shot.terms, path, changes));
    const parts = [];
    if (term.join) {
      parts.push(element("button", {
        type: "button", class: "join", text: term.join === "&" ? "∧" : "∨", title: text.join_help, "data-focus": `join${at}`,
        "aria-label": term.join === "&" ? text.and : text.or, click: () => change({ join: term.join === "&" ? "|" : "&" }),
      }));
    }
    const not = element("button", {
      type: "button", class: "not", text: "¬", title: text.not_help, "aria-pressed": String(term.negated), "aria-label": text.not,
      "data-focus": `not${at}`, click: () => change({ negated: !term.negated }),
    });
    const inside = bracket
      ? [not, element("span", { class: "round", text: "(" }), ...term.inside.map((one, i) => this.chip(one, [...path, i])), element("span", { class: "round", text: ")" })]
      : [not, element("span", { class: "name", text: name, title: text[`about_${term.name}`] || "" })];
    if (term.name === "cells") inside.push(element("b", { text: String(term.count) }));
    else if (term.name && term.arguments) inside.push(this.argumentsField(term, name, at, change));
    inside.push(element("button", {
      type: "button", class: "drop", text: "×", title: text.remove_term, "aria-label": `${text.remove_term}: ${name}`, "data-focus": `drop${at}`,
      click: () => change(null),
    }));
    parts.push(element("span", { class: `chip${term.negated ? " negated" : ""}`, role: bracket ? "group" : "presentation", "data-name": term.name || "bracket" }, inside));
    return element("span", { class: "term" }, parts);
  }

  argumentsField(term, name, at, change) {
    const about = this.lab.shot.text[`arguments_${term.name}`] || "";
    const field = element("input", {
      type: "text", class: "arguments", "aria-label": `${name}: ${about}`, spellcheck: "false", title: about, "data-focus": `arguments${at}`,
    });
    field.value = term.arguments;
    field.size = clamp(term.arguments.length, 1, 14);
    field.addEventListener("input", () => (field.size = clamp(field.value.length, 1, 14)));
    field.addEventListener("change", () => change({ arguments: field.value }));
    return field;
  }

  // Buttons of chips are one stop for Tab: arrows go from one to the next, fields included.
  chipKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || event.target.tagName === "INPUT") return;
    const all = [...this.chips.querySelectorAll("[data-focus]")];
    const next = all[all.indexOf(event.target) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  preset({ name, arguments: given, combined }) {
    const { text } = this.lab.shot;
    const use = (join) => () => {
      const term = combined ? combined : given === null ? name : `${name}(${given})`;
      const before = this.lab.shot.terms;
      this.menu.hidden = true;
      if (join === "=") this.lab.ask("formula", { text: term });
      else {
        const others = before.length > 1 && before[1].join !== join; // the new term is joined to all of it
        const all = others ? `(${formulaText(before)})` : formulaText(before);
        this.lab.ask("formula", { text: `${all} ${join} ${combined ? `(${term})` : term}` });
      }
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
