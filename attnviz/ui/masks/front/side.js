// Two quiet cards: the sentence with PADs added, and the mask to take away.

import { element, refill, say } from "../../front/dom.js";
import { save } from "../../front/download.js";
import { fill, fitted, fontOf, textWidth } from "../../front/labels.js";
import { matrixLayout } from "../../front/layout.js";
import { paintColumnLabels, paintRowLabels } from "../../front/matrix.js";
import { clamp } from "../../front/numbers.js";
import { CanvasPainter } from "../../front/painter.js";
import { WHOLE, windowOf } from "../../front/zoom.js";
import { targetName } from "./bar.js";
import { Segments, roving } from "./build.js";
import { paintTiles } from "./tiles.js";

export class Padding {
  constructor(lab) {
    this.lab = lab;
    this.title = element("h2");
    this.hint = element("p", { class: "hint" });
    this.count = element("output");
    const step = (by) => () => lab.ask("pads", { value: clamp(lab.shot.pads + by, 0, lab.shot.most_pads) });
    this.less = element("button", { type: "button", class: "tool", text: "−", click: step(-1) });
    this.more = element("button", { type: "button", class: "tool", text: "+", click: step(1) });
    this.answers = element("dl", { class: "answers" });
    lab.refs.padding.append(
      element("header", {}, [this.title, element("span", { class: "stepper", role: "group" }, [this.less, this.count, this.more])]), this.hint, this.answers,
    );
  }

  write() {
    const { refs, shot } = this.lab;
    const { text } = shot;
    refs.padding.hidden = shot.most_pads === 0 && shot.pads === 0;
    say(this.title, text.padding_title);
    say(this.hint, shot.pads ? text.padding_hint : text.padding_try);
    say(this.count, `${shot.pads} PAD`);
    this.less.disabled = shot.pads === 0;
    this.more.disabled = shot.pads >= shot.most_pads;
    this.less.setAttribute("aria-label", text.pads_less);
    this.more.setAttribute("aria-label", text.pads_more);
    refill(this.answers, [shot.answers, shot.language], () =>
      shot.answers.flatMap(({ name, said, same }) => [
        element("dt", { text: text[`answer_${name}`] }),
        element("dd", { class: same ? "same" : "other", text: `${same ? "" : "✗ "}${said || "∅"}` }),
      ]),
    );
  }
}

const APIS = ["sdpa", "flex", "mha"];
const KEY = 18; // a square of the legend
const LARGEST_FILE = 16 * 2 ** 20;

export class TakeAway {
  constructor(lab) {
    this.lab = lab;
    this.title = element("h2");
    this.buttons = new Map();
    const button = (name, act) => {
      const node = element("button", { type: "button", class: "tool wide", "data-name": name, click: act });
      this.buttons.set(name, node);
      return node;
    };
    const files = ["csv", "npy"].map((format) => button(format, () => (this.wanted = { seq: lab.ask("export", { format }), format })));
    this.file = element("input", { type: "file", accept: ".csv,.npy,.txt", class: "file", tabindex: "-1" });
    this.file.addEventListener("change", () => this.load());
    this.code = element("div", { class: "code", hidden: "" });
    this.apis = new Segments((api) => lab.ask("code", { api }));
    this.pre = element("pre", { tabindex: "0" });
    this.copied = element("span", { class: "faint", role: "status" });
    this.code.append(element("div", { class: "group" }, [this.apis.node, button("copy", () => this.copy()), this.copied]), this.pre);
    const tools = [...files, button("png", () => this.png()), button("load", () => this.file.click()), this.file, button("show_code", () => this.toggleCode())];
    this.tools = roving(element("div", { class: "group", role: "toolbar" }, tools));
    lab.refs.take.append(element("header", {}, [this.title]), this.tools, this.code);
  }

  write() {
    const { shot } = this.lab;
    const { text } = shot;
    say(this.title, text.take_title);
    this.tools.setAttribute("aria-label", text.take_title);
    for (const [name, node] of this.buttons) {
      say(node, text[`take_${name}`]);
      node.title = text[`take_${name}_help`];
    }
    this.file.setAttribute("aria-label", text.take_load);
    this.code.hidden = !shot.code;
    this.buttons.get("show_code").setAttribute("aria-expanded", String(Boolean(shot.code)));
    if (shot.code) {
      this.apis.write(text.apis, APIS.map((api) => [api, text[`api_${api}`]]), shot.code.api);
      say(this.pre, shot.code.source);
    }
    if (this.wanted && shot.file && shot.file.seq === this.wanted.seq) {
      save(new Blob([shot.raw("file")]), `${shot.name}.${this.wanted.format}`);
      this.wanted = null;
    }
  }

  toggleCode() {
    this.lab.ask("code", { api: this.lab.shot.code ? null : APIS[0] });
  }

  copy() {
    const { text } = this.lab.shot;
    const done = (words) => {
      this.copied.textContent = words;
      setTimeout(() => (this.copied.textContent = ""), 3000);
    };
    if (navigator.clipboard) navigator.clipboard.writeText(this.pre.textContent).then(() => done(text.copied), () => done(text.copy_failed));
    else done(text.copy_failed);
  }

  async load() {
    const file = this.file.files[0];
    this.file.value = "";
    if (!file) return;
    if (file.size > LARGEST_FILE) {
      this.lab.formula.problem.textContent = fill(this.lab.shot.text.file_too_large, { given: file.size, limit: LARGEST_FILE });
      this.lab.formula.problem.hidden = false;
      return;
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    let binary = "";
    for (let i = 0; i < bytes.length; i += 32768) binary += String.fromCharCode(...bytes.subarray(i, i + 32768));
    this.lab.ask("load", { name: file.name.slice(-80), data: btoa(binary) });
  }

  // The colours that the cells have, each with its name.
  legend(painter, x, y) {
    const { shot, theme } = this.lab;
    const square = [x, y - KEY / 2, KEY, KEY];
    const keys = [
      [shot.text.key_visible, () => painter.rect(...square, theme.visible)],
      [shot.text.key_blocked, () => painter.hatch(...square)],
      [shot.text.key_painted, () => [painter.rect(...square, theme.alarm_fill), painter.frame(x + 1, y - KEY / 2 + 1, KEY - 2, KEY - 2, theme.alarm, 2)]],
    ];
    for (const [name, draw] of keys) {
      square[0] = x;
      draw();
      painter.text(name, x + KEY + 6, y, { size: 14, colour: theme.muted });
      x += KEY + 6 + textWidth(name, fontOf(theme, 14)) + 22;
    }
  }

  // The mask as a picture of its own, with labels and legend, at twice the size.
  png() {
    const { lab } = this;
    const { shot, theme } = lab;
    const { axes } = shot;
    const side = clamp(Math.max(axes.rows, axes.columns) * 34, 420, 1400);
    const layout = matrixLayout(axes, { x: 24, y: 64, w: side + 110, h: side + 90 }, theme, 16, 2);
    const canvas = document.createElement("canvas");
    const painter = CanvasPainter.on(canvas, layout.box.w + 48, layout.box.h + 96, theme, 2);
    painter.rect(0, 0, layout.box.w + 48, layout.box.h + 96, theme.surface);
    const formula = fitted(`${targetName(shot.target, shot.text)}: ${shot.formula}`, layout.box.w, fontOf(theme, 18, 650));
    painter.text(formula, 24, 34, { size: 18, weight: 650, colour: theme.ink });
    paintTiles(painter, lab.paint.tiles(), layout.cells, windowOf(axes, WHOLE), theme);
    paintRowLabels(painter, axes, layout, windowOf(axes, WHOLE), theme, null);
    paintColumnLabels(painter, axes, layout, windowOf(axes, WHOLE), theme, null);
    this.legend(painter, 24, layout.box.h + 76);
    canvas.toBlob((blob) => save(blob, `${shot.name}.png`), "image/png");
  }
}
