// The card with the map of one attention: which site and head, the rows so far, and what came out of the cache.

import { element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { segments, siteName } from "./controls.js";
import { HeatMap } from "./heatmap.js";
import { keysOf } from "./path.js";

export class MapCard {
  constructor(stage, options = {}) {
    this.stage = stage;
    this.options = options;
    this.title = element("h2");
    this.tools = element("div", { class: "card-tools" });
    this.canvas = element("canvas");
    this.tip = element("div", { class: "tip", hidden: "" });
    this.body = element("div", { class: "map-body" }, [this.canvas, this.tip]);
    this.caption = element("p", { class: "caption" });
    this.card = element("section", { class: "card map-card" }, [element("header", {}, [this.title, this.tools]), this.body, this.caption]);
    this.map = new HeatMap(this.canvas, this.tip);
    this.map.onRow = (row) => {
      if (this.isDecoder()) this.stage.look(row);
    };
  }

  isDecoder() {
    return this.stage.shot.kindOf(this.stage.state.site) !== "encoder_self";
  }

  write() {
    const { shot, state } = this.stage;
    const text = shot.text;
    const name = siteName(state.site, text);
    this.title.textContent = name;
    this.title.hidden = Boolean(this.options.sites);
    this.card.dataset.site = state.site;
    const heads = [{ value: null, text: text.head_mean, title: text.head_mean_help }];
    for (let h = 0; h < shot.model.heads; h++) heads.push({ value: h, text: String(h + 1), title: fill(text.head_title, { head: h + 1 }) });
    const tools = [element("span", { class: "word", text: text.head }), segments(heads, state.head, (head) => this.stage.chooseMap(state.site, head), text.head)];
    if (this.options.sites) tools.unshift(this.sitePicker());
    if (this.options.byHand) {
      tools.push(element("button", { type: "button", class: "tool by-hand", text: state.head === null ? fill(text.by_hand_first, { head: 1 }) : text.by_hand, title: state.head === null ? text.by_hand_mean_help : text.by_hand_help, click: () => this.stage.openByHand() }));
    }
    this.tools.replaceChildren(...tools);
    this.writeCaption(text);
  }

  writeCaption(text) {
    const key = (kind, words) => [element("i", { class: `key ${kind}` }), element("span", { text: words })];
    const parts = this.isDecoder() ? key("query", text.key_row) : [];
    if (this.stage.shot.kindOf(this.stage.state.site) === "decoder_self") parts.push(...key("blocked", text.key_blocked));
    if (this.isDecoder() && (this.options.band || this.options.marks)) parts.push(...key("computed", text.key_computed), ...key("reused", text.key_reused));
    this.caption.replaceChildren(...parts);
  }

  sitePicker() {
    const { shot, state } = this.stage;
    const select = element("select", { "aria-label": shot.text.part });
    for (const { site, kind } of shot.model.sites) {
      if (kind === "encoder_self") continue;
      const option = element("option", { value: site, text: siteName(site, shot.text) });
      option.selected = site === state.site;
      select.append(option);
    }
    select.addEventListener("change", () => this.stage.chooseMap(select.value, state.head));
    return select;
  }

  draw(path) {
    const { shot, state, theme } = this.stage;
    const { site, head } = state;
    const kind = shot.kindOf(site);
    if (!shot.has(site)) return this.map.draw({ rows: [], columns: [], unknown: [], lit: null, whole: 0 }, theme, shot.text); // on its way
    if (kind === "encoder_self") return this.drawEncoder();
    const columns = keysOf(shot, path, site);
    const rows = [];
    for (let i = 0; i < path.length; i++) {
      const visible = kind === "cross" ? columns.length : path.first + i + 1;
      const step = path.step(i);
      rows.push({ from: path.fed(i), to: path.token(i), weights: path.weights(site, head, i), visible, alarm: step?.forced && i >= shot.subject.prefix });
    }
    const at = this.stage.row(path);
    const reused = (i) => path.step(i)?.reused[site] ?? 0;
    const what = { rows, columns, unknown: kind === "cross" ? shot.subject.unknown_columns : [], lit: path.length ? at : null, whole: path.whole };
    if (this.options.band && path.length && path.step(at)) {
      what.band = (k) => (k >= rows[at].visible ? null : k < reused(at) ? "reused" : "computed");
    }
    if (this.options.marks) what.marks = (q, k) => (this.stage.withCache ? (k < reused(q) ? "reused" : "computed") : "computed");
    this.map.draw(what, theme, shot.text);
  }

  // What the map shows as a picture of its own, named.
  picture() {
    const { shot, state } = this.stage;
    const head = state.head === null ? shot.text.head_mean : fill(shot.text.head_title, { head: state.head + 1 });
    return this.map.picture(`${siteName(state.site, shot.text)} · ${head}`);
  }

  drawEncoder() {
    const { shot, state, theme } = this.stage;
    const columns = shot.subject.columns;
    const rows = columns.map((from, i) => ({ from, to: null, weights: shot.row(state.site, state.head, i), visible: columns.length }));
    this.map.draw({ rows, columns, unknown: shot.subject.unknown_columns, lit: null, whole: columns.length }, theme, shot.text);
  }
}
