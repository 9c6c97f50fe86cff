// Head, switches, temperature, undo, and how to look: one bar.

import { element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { numberText } from "../../front/numbers.js";
import { scaleText } from "./rules.js";

const CHOICES = { norm: ["post", "pre", "none"], combine: ["concat", "sum"], mask: ["before", "after", "after-renormalised"] };

export class Picker {
  constructor(choose) {
    this.choose = choose;
    this.node = element("div", { class: "segmented", role: "group" });
  }

  write(label, options, chosen) {
    this.node.setAttribute("aria-label", label);
    this.node.replaceChildren(...options.map(([value, text, hint]) =>
      element("button", { type: "button", "data-value": value, text, title: hint || label, "aria-pressed": String(String(value) === String(chosen)), click: () => this.choose(value) })));
    return this.node;
  }
}

export class Switches {
  constructor(sheet) {
    this.sheet = sheet;
    this.heads = new Picker((head) => sheet.chooseHead(head));
    this.divide = element("button", { type: "button", class: "toggle", role: "switch", click: () => sheet.ask("switch", { name: "divide", value: !sheet.walk.variant.divide }) });
    this.selects = Object.fromEntries(Object.keys(CHOICES).map((name) => {
      const node = element("select", { "data-name": name });
      node.addEventListener("change", () => {
        sheet.ask("switch", { name, value: node.value });
        node.blur();
      });
      return [name, node];
    }));
    this.temperature = element("input", { type: "text", inputmode: "decimal", maxlength: "60", size: "4", autocomplete: "off" });
    this.temperature.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") this.temperature.blur();
      if (event.key === "Escape") {
        this.temperature.value = this.warm;
        this.temperature.blur();
      }
    });
    this.temperature.addEventListener("blur", () => {
      if (this.temperature.value !== this.warm) sheet.ask("temperature", { text: this.temperature.value });
    });
    this.count = element("span", { class: "count" });
    const tool = (name, sign) => element("button", { type: "button", class: "tool", "data-name": name, text: sign, click: () => sheet.ask(name) });
    this.tools = { undo: tool("undo", "↶"), redo: tool("redo", "↷"), reset: tool("reset", "") };
    this.words = {};
    const labelled = (name, node) => element("label", {}, [(this.words[name] = element("span")), node]);
    this.headGroup = element("span", { class: "labelled" }, [(this.words.head = element("span")), this.heads.node]);
    this.node = element("div", { class: "switches" }, [
      this.headGroup, this.divide,
      ...Object.values(this.selects),
      labelled("temperature", this.temperature),
      element("span", { class: "tools" }, [this.count, ...Object.values(this.tools)]),
    ]);
  }

  write() {
    const { sheet } = this;
    const { walk } = sheet;
    const { text, variant, own } = walk;
    this.headGroup.hidden = walk.heads === 1;
    this.heads.write(text.head, Array.from({ length: walk.heads }, (_, i) => [i, String(i + 1), fill(text.head_of, { head: i + 1, count: walk.heads })]), sheet.head);
    this.divide.textContent = walk.scaling === null ? text.divide : `· ${scaleText(walk.scaling)}`;
    this.divide.setAttribute("aria-checked", String(variant.divide));
    this.divide.dataset.changed = String(variant.divide !== own.divide);
    for (const [name, node] of Object.entries(this.selects)) {
      node.hidden = !walk.switches.includes(name);
      node.title = text[name];
      node.setAttribute("aria-label", text[name]);
      const options = CHOICES[name].map((value) => element("option", { value, text: text[`${name}_${value.replaceAll("-", "_")}`] }));
      node.replaceChildren(...options);
      node.value = variant[name];
      node.dataset.changed = String(variant[name] !== own[name]);
    }
    for (const [name, node] of Object.entries(this.words)) node.textContent = text[name];
    this.warm = numberText(variant.temperature, 2).replace(/\.?0+$/, "") || "0";
    if (Number(this.warm) !== variant.temperature) this.warm = String(variant.temperature);
    const focused = this.temperature.getRootNode().activeElement === this.temperature;
    if (!focused) this.temperature.value = this.warm;
    this.temperature.dataset.changed = String(variant.temperature !== own.temperature);
    for (const [name, node] of Object.entries(this.tools)) {
      node.title = text[name];
      node.setAttribute("aria-label", text[name]);
      node.disabled = !walk[`can_${name}`];
    }
    this.tools.reset.textContent = text.reset;
    this.count.textContent = walk.edits ? fill(text.edits_count, { count: walk.edits }) : "";
    this.count.title = text.changed_note;
  }
}
