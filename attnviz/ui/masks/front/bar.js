// What the mask is for, the edits that stand side by side, how the mask is applied, and the way back.

import { element, refill, say } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { Choice, Segments } from "./build.js";

const ALL = "all";

export class Bar {
  constructor(lab) {
    this.lab = lab;
    const target = (change) => lab.ask("target", { ...lab.shot.target, ...change });
    this.kinds = new Segments((kind) => lab.ask("target", { kind, layer: null, head: null }));
    this.layer = new Choice((value) => target({ layer: value === ALL ? null : Number(value), head: null }));
    this.head = new Choice((value) => target({ head: value === ALL ? null : Number(value) }));
    this.edits = element("div", { class: "edits", role: "group" });
    this.undo = element("button", { type: "button", class: "tool", text: "↶", click: () => lab.ask("undo") });
    this.redo = element("button", { type: "button", class: "tool", text: "↷", click: () => lab.ask("redo") });
    this.reset = element("button", { type: "button", class: "tool wide", click: () => lab.ask("reset") });
    this.how = new Choice((value) => lab.ask("how", { value }));
    this.precision = new Segments((value) => lab.ask("precision", { value }));
    this.target = element("div", { class: "group" });
    this.applied = element("div", { class: "group" });
    lab.refs.bar.append(this.kinds.node, this.target, this.edits, this.applied);
    lab.refs.history.append(this.undo, this.redo, this.reset);
  }

  write() {
    const { shot } = this.lab;
    const { text, target } = shot;
    const kinds = shot.kinds.map(({ kind }) => [kind, text[`kind_${kind}`], text[`about_${kind}`]]);
    this.kinds.write(text.kinds, kinds, target.kind);
    const layers = shot.kinds.find(({ kind }) => kind === target.kind).layers;
    const number = (count, words) => Array.from({ length: count }, (_, i) => [String(i), fill(words, { number: i + 1 })]);
    refill(this.target, text.target, () => [element("span", { class: "word", text: text.target }), this.layer.node, this.head.node]);
    this.layer.write(text.layer, [[ALL, text.all_layers], ...number(layers, text.layer_number)], target.layer === null ? ALL : String(target.layer));
    this.head.write(text.head, [[ALL, text.all_heads], ...number(shot.heads, text.head_number)], target.head === null ? ALL : String(target.head));
    const paints = shot.view === "paint"; // what is painted is chosen there; how it is applied is looked into here
    this.target.hidden = !paints;
    this.applied.hidden = paints;
    const ways = shot.hows.length > 0;
    refill(this.applied, [text.how, text.how_absent, ways], () => [
      element("span", { class: "word", text: text.how }),
      ...(ways ? [this.how.node, this.precision.node] : [element("span", { class: "word", text: text.how_absent, title: text.how_absent_help })]),
    ]);
    if (ways) {
      this.how.write(text.how_help, shot.hows.map((name) => [name, text[`how_${name.replaceAll("-", "_")}`]]), shot.how);
      this.precision.write(text.precision, shot.precisions.map((name) => [name, text[`precision_${name}`], text[`about_${name}`]]), shot.precision);
    }
    this.undo.disabled = !shot.undo;
    this.redo.disabled = !shot.redo;
    this.reset.disabled = !shot.changed;
    for (const name of ["undo", "redo", "reset"]) this[name].title = text[`${name}_help`];
    for (const name of ["undo", "redo"]) this[name].setAttribute("aria-label", text[`${name}_help`]);
    say(this.reset, text.reset);
    this.writeEdits();
  }

  // Every mask that differs from the model's own: click to go there, × to take it back.
  writeEdits() {
    const { shot } = this.lab;
    const { text, target } = shot;
    this.edits.setAttribute("aria-label", text.edits);
    refill(this.edits, [shot.edits, target, text.drop, shot.language], () =>
      shot.edits.map((edit) => {
        const here = edit.kind === target.kind && edit.layer === target.layer && edit.head === target.head;
        const where = targetName(edit, text);
        const go = element("button", {
          type: "button", class: "edit-go", text: where, title: `${where}: ${edit.formula}`, "aria-pressed": String(here),
          click: () => this.lab.ask("target", edit),
        });
        const drop = element("button", {
          type: "button", class: "edit-drop", text: "×", title: fill(text.drop, { where }), "aria-label": fill(text.drop, { where }),
          click: () => this.lab.ask("drop", edit),
        });
        return element("span", { class: "edit" }, [go, drop]);
      }),
    );
  }
}

// "Cross-attention · L2 H3"; "Cross-attention · H3" in all layers
export function targetName({ kind, layer, head }, text) {
  const parts = [text[`short_${kind}`]];
  if (layer !== null) parts.push(`L${layer + 1}`);
  if (head !== null) parts.push(`H${head + 1}`);
  return parts.join(" ");
}
