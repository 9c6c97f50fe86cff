// The elements of the lab, built once. Words are written by the parts that own them; token text is drawn or textContent.

import { element } from "../../front/dom.js";

// A card with a heading, a hint, and a canvas that draws itself through `view`.
function card(name, extra = []) {
  const refs = {
    title: element("h2"),
    hint: element("p", { class: "hint" }),
    canvas: element("canvas", { "aria-hidden": "true" }),
  };
  refs.tools = element("div", { class: "card-tools" });
  refs.line = element("div", { class: "hint-line" }, [refs.hint]);
  refs.body = element("div", { class: `body ${name}-body` }, [refs.canvas]);
  refs.section = element("section", { class: `card ${name}` }, [
    element("header", {}, [refs.title, refs.tools]), refs.line, refs.body, ...extra,
  ]);
  return refs;
}

export function buildLab(lab) {
  const refs = {};
  refs.bar = element("div", { class: "bar" });
  refs.history = element("div", { class: "group history" });
  refs.formula = element("div", { class: "bar formula" });
  refs.verdict = element("div", { class: "verdict", role: "status", "aria-live": "polite" });
  refs.paint = card("paint");
  refs.surface = element("div", { class: "surface", role: "application", tabindex: "0" });
  refs.paint.body.append(refs.surface);
  refs.spoken = element("p", { class: "spoken", "aria-live": "polite" });
  refs.flow = card("flow");
  refs.row = element("div", { class: "row-numbers" });
  refs.flow.section.append(refs.row);
  refs.outcome = element("section", { class: "card outcome" });
  refs.heads = card("heads");
  refs.headsPlace = element("div", { class: "heads-buttons", role: "group" });
  refs.heads.body.append(refs.headsPlace);
  refs.reach = card("reach");
  refs.field = card("field");
  refs.padding = element("section", { class: "card padding" });
  refs.take = element("section", { class: "card take" });
  refs.busy = element("div", { class: "busy", role: "status" });
  refs.cards = element("div", { class: "cards" });
  refs.beside = element("div", { class: "cards beside" });
  refs.root = element("div", { class: "lab", role: "region" }, [
    refs.bar,
    refs.formula,
    refs.verdict,
    refs.cards,
    refs.spoken,
    refs.busy,
  ]);
  lab.host.querySelector(".lab-place").append(refs.root);
  return refs;
}

// What stands on which side: painting the mask with what it does to one head and to the answer; or where that goes from
// there, layer by layer, and what other ways of applying it and PADs do.
export function placeCards(refs, view) {
  const { paint, flow, heads, reach, field } = refs;
  refs.beside.replaceChildren(reach.section, field.section);
  const sides = view === "paint"
    ? [[paint.section, refs.take], [flow.section, refs.outcome]]
    : [[heads.section, refs.outcome, refs.padding], [flow.section, refs.beside]];
  refs.cards.replaceChildren(...sides.map((side) => element("div", { class: "stack" }, side)));
  refs.formula.hidden = view !== "paint";
  (view === "paint" ? refs.formula : refs.bar).append(refs.history);
}

// One stop for Tab in a row of buttons: arrows go from one to the next.
export function roving(node) {
  const buttons = () => [...node.querySelectorAll("button")];
  const stop = (button) => buttons().forEach((one) => (one.tabIndex = one === button ? 0 : -1));
  stop(buttons()[0]);
  node.addEventListener("focusin", ({ target }) => buttons().includes(target) && stop(target));
  node.addEventListener("keydown", (event) => {
    const all = buttons();
    const next = all[all.indexOf(event.target) + ({ ArrowRight: 1, ArrowLeft: -1 }[event.key] ?? NaN)];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  return node;
}

// A select box that keeps its options as long as they stay the same.
export class Choice {
  constructor(choose) {
    this.node = element("select");
    this.node.addEventListener("change", () => choose(this.node.value));
  }

  write(label, options, chosen) {
    const key = JSON.stringify(options);
    if (key !== this.key) {
      this.node.replaceChildren(...options.map(([value, text]) => element("option", { value, text })));
      this.key = key;
    }
    this.node.setAttribute("aria-label", label);
    this.node.title = label;
    this.node.value = chosen;
    return this.node;
  }
}

// Buttons of which one is pressed.
export class Segments {
  constructor(choose) {
    this.choose = choose;
    this.node = element("div", { class: "segmented", role: "group" });
    this.node.addEventListener("keydown", (event) => this.key(event));
  }

  // One stop for Tab: arrows go from button to button.
  key(event) {
    const buttons = [...this.node.children];
    const next = buttons[buttons.indexOf(event.target) + ({ ArrowRight: 1, ArrowLeft: -1 }[event.key] ?? NaN)];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  write(label, options, chosen) {
    const key = JSON.stringify(options);
    if (key !== this.key) {
      const button = ([value, text, hint]) =>
        element("button", { type: "button", "data-value": value, text, title: hint || "", click: () => this.choose(value) });
      this.node.replaceChildren(...options.map(button));
      this.key = key;
    }
    this.node.setAttribute("aria-label", label);
    const pressed = [...this.node.children].find((button) => button.dataset.value === String(chosen)) ?? this.node.firstChild;
    for (const button of this.node.children) {
      button.setAttribute("aria-pressed", String(button.dataset.value === String(chosen)));
      button.tabIndex = button === pressed ? 0 : -1;
    }
    return this.node;
  }
}
