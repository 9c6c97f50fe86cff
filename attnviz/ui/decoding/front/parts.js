// The model as it is built: every part a button, inputs at the foot, the output on top; attention parts open their map.

import { drawn, element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { thousands } from "../../front/numbers.js";

export class PartsCard {
  constructor(stage) {
    this.stage = stage;
    this.title = element("h2");
    this.total = element("span", { class: "total" });
    this.stacks = element("div", { class: "stacks" });
    this.wires = drawn("svg", { class: "wires", "aria-hidden": "true" });
    this.sublayers = element("p", { class: "caption" });
    this.sum = element("p", { class: "caption sum" });
    this.card = element("section", { class: "card parts-card" }, [element("header", {}, [this.title, this.total]), this.stacks, this.sublayers, this.sum]);
    this.buttons = new Map();
    this.picked = null;
  }

  write() {
    const { shot } = this.stage;
    const { text, model } = shot;
    this.title.textContent = model.has_encoder ? text.parts_both : text.parts_decoder;
    this.total.textContent = fill(text.parts_total, { count: thousands(model.parameters) });
    const identity = JSON.stringify([model.parts, shot.language]);
    if (identity !== this.identity) {
      this.identity = identity;
      this.build(model, text);
    }
    this.mark();
    this.writeSum(model, text);
  }

  build(model, text) {
    this.buttons.clear();
    const stacks = model.has_encoder ? ["encoder", "decoder"] : ["decoder"];
    const columns = stacks.map((stack) => this.stack(stack, model, text));
    this.stacks.dataset.count = String(stacks.length);
    this.stacks.replaceChildren(...columns, this.wires);
  }

  stack(stack, model, text) {
    const column = element("div", { class: `stack ${stack}` });
    column.append(element("div", { class: "feeds", text: stack === "encoder" ? text.reads_source : model.has_encoder ? text.reads_shifted : text.reads_text }));
    const own = model.parts.filter(({ block }) => block === stack || block.startsWith(stack + "."));
    const output = stack === "decoder" ? model.parts.filter(({ block }) => block === "output") : [];
    let box = null;
    for (const part of [...own, ...output]) {
      if (part.block.includes(".")) {
        if (box?.dataset.block !== part.block) {
          const layer = Number(part.block.split(".")[1]) + 1;
          const kinds = own.filter((one) => one.block === part.block && one.kind !== "norm").length;
          const name = element("span", { class: "block-name", text: fill(text.block_name, { layer }), title: fill(text.block_title, { layer, count: kinds }) });
          box = element("div", { class: "block", "data-block": part.block }, [name]);
          column.append(box);
        }
        this.place(box, part, model, text);
      } else {
        box = null;
        column.append(this.button(part, text));
      }
    }
    if (stack === "encoder") column.append(element("div", { class: "memory", text: text.memory }));
    return column;
  }

  // A sublayer and its norm stand side by side: pre-norm before it, post-norm behind it.
  place(box, part, model, text) {
    const name = part.kind === "norm" ? part.path.split(".norm_")[1] : part.kind;
    let line = Array.from(box.children).find((child) => child.dataset.sublayer === name);
    if (!line) {
      line = element("div", { class: "sublayer", "data-sublayer": name });
      box.append(line);
    }
    line.append(this.button(part, text, true));
  }

  button(part, text, inside = false) {
    const name = part.kind === "norm" && inside ? "LN" : text["part_" + part.kind];
    const count = part.shared && !part.parameters ? text.part_shared : thousands(part.parameters);
    const button = element("button", { type: "button", class: `part ${part.kind}`, "data-path": part.path, click: () => this.pick(part) }, [
      element("span", { class: "part-name", text: name }), element("span", { class: "part-count", text: count }),
    ]);
    button.title = `${part.path}\n${fill(text.part_count, { count: thousands(part.parameters) })}${part.site ? "\n" + text.part_opens : ""}`;
    this.buttons.set(part.path, button);
    return button;
  }

  pick(part) {
    this.picked = part.path;
    if (part.site) this.stage.chooseMap(part.site, this.stage.state.head);
    else this.write();
  }

  mark() {
    const { site } = this.stage.state;
    for (const [path, button] of this.buttons) button.setAttribute("aria-pressed", String(path === site));
  }

  writeSum(model, text) {
    const kinds = (stack) => new Set(model.parts.filter(({ block, kind }) => block.startsWith(stack + ".") && kind !== "norm").map(({ kind }) => kind)).size;
    const counted = [...(model.has_encoder ? ["encoder"] : []), "decoder"].filter(kinds);
    this.sublayers.textContent = counted.map((stack) => fill(text["sublayers_" + stack], { count: kinds(stack) })).join(" · ");
    const of = (test) => model.parts.filter(test).reduce((sum, part) => sum + part.parameters, 0);
    const sums = [
      ["encoder", of(({ block }) => block.startsWith("encoder"))],
      ["decoder", of(({ block }) => block.startsWith("decoder"))],
      ["output", of(({ block }) => block === "output")],
    ].filter(([name]) => name !== "encoder" || model.has_encoder);
    const shared = model.parts.find(({ shared: owner }) => owner);
    const words = sums.map(([name, count]) => (name === "output" && !count && shared ? `${text.sum_output} 0 (${text.part_shared})` : `${text["sum_" + name]} ${thousands(count)}`));
    this.sum.textContent = `${words.join(" + ")} = ${thousands(sums.reduce((sum, [, count]) => sum + count, 0))}`;
    const part = model.parts.find(({ path }) => path === this.picked);
    if (part && !part.site) this.sum.textContent = `${part.path} · ${fill(text.part_count, { count: thousands(part.parameters) })}${part.shared ? ` · ${fill(text.part_shared_with, { path: part.shared })}` : ""}`;
  }

  // The encoder's output goes to every cross-attention, as keys and values.
  draw() {
    const box = this.stacks.getBoundingClientRect();
    const memory = this.stacks.querySelector(".memory");
    this.wires.replaceChildren();
    if (!memory || !box.width) return;
    const { theme } = this.stage;
    const from = memory.getBoundingClientRect();
    const scroll = this.stacks.scrollTop;
    const [x0, y0] = [from.right - box.left, from.top + from.height / 2 - box.top + scroll];
    this.wires.setAttribute("width", box.width);
    this.wires.setAttribute("height", this.stacks.scrollHeight);
    for (const [path, button] of this.buttons) {
      if (!path.endsWith(".cross_attn")) continue;
      const to = button.parentElement.getBoundingClientRect();
      const [x1, y1] = [to.left - box.left - 2, to.top + to.height / 2 - box.top + scroll];
      const lit = path === this.stage.state.site;
      [[theme.key, -1.6], [theme.value, 1.6]].forEach(([colour, shift]) => {
        const middle = (x0 + x1) / 2;
        this.wires.append(drawn("path", {
          d: `M${x0},${y0 + shift} C${middle},${y0 + shift} ${middle},${y1 + shift} ${x1},${y1 + shift}`,
          fill: "none", stroke: colour, "stroke-width": lit ? 2.6 : 1.4, opacity: lit ? 1 : 0.6,
        }));
      });
    }
  }
}
