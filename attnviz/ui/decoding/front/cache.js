// Which keys and values are computed and which come out of the cache, on the map; and what that saves, measured.

import { element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { rateText, thousands } from "../../front/numbers.js";
import { segments } from "./controls.js";
import { MapCard } from "./map.js";
import { TakeAway } from "./take.js";

export class CacheView {
  constructor(stage) {
    this.stage = stage;
    this.map = new MapCard(stage, { marks: true, sites: true });
    this.ways = element("div", { class: "ways" });
    this.counts = element("div", { class: "counts" });
    this.groups = element("div", { class: "groups" });
    this.bars = element("div", { class: "speeds" });
    this.heading = element("h2");
    this.again = element("button", { type: "button", class: "tool wide", click: () => stage.measureAgain() });
    this.note = element("p", { class: "caption" });
    this.side = element("section", { class: "card speed-card" }, [this.ways, this.counts, this.groups, element("header", {}, [this.heading, this.again]), this.bars, this.note]);
    const button = (name, act) => element("button", { type: "button", class: `tool wide go-${name}`, click: act });
    this.go = { back: button("back", () => stage.walk(-1)), next: button("next", () => stage.walk(1)), end: button("end", () => stage.walk(Infinity)) };
    this.count = element("span", { class: "count" });
    this.verdict = element("span", { class: "verdict" });
    this.take = new TakeAway(stage, () => this.map);
    this.bar = element("div", { class: "bar" }, [...Object.values(this.go), this.count, this.verdict, this.take.root]);
    this.root = element("div", { class: "view cache" }, [this.bar, element("div", { class: "cards" }, [this.map.card, this.side])]);
  }

  write() {
    const { shot, withCache } = this.stage;
    const { text } = shot;
    for (const [name, button] of Object.entries(this.go)) {
      button.textContent = text["go_" + name];
      button.title = text[`go_${name}_help`];
    }
    this.ways.replaceChildren(segments([{ value: true, text: text.with_cache }, { value: false, text: text.without_cache }], withCache, (way) => this.stage.setWay(way), text.cache_way));
    this.map.write();
    this.take.write();
    this.heading.textContent = text.speed;
    this.again.textContent = text.measure_again;
    this.writeSpeeds(shot.speeds, text);
  }

  writeSpeeds(speeds, text) {
    this.again.disabled = !speeds.length;
    this.note.hidden = !speeds.length;
    if (!speeds.length) {
      this.bars.replaceChildren(element("p", { class: "waiting", text: text.measuring }));
      return;
    }
    const most = Math.max(...speeds.flatMap(({ cached, uncached }) => [cached, uncached]));
    this.bars.replaceChildren(...speeds.map((one) => {
      const bar = (kind, value) => {
        const made = element("i", { class: kind });
        made.style.width = `${(value / most) * 100}%`;
        return element("div", { class: "speed-bar" }, [element("span", { class: "word", text: text[kind === "now" ? "with_cache" : "without_cache"] }), element("span", { class: "track" }, [made]), element("b", { class: kind, text: rateText(value) })]);
      };
      return element("div", { class: "speed" }, [
        element("div", { class: "speed-name" }, [element("span", { text: fill(text.length_of, { tokens: one.tokens }) }), element("b", { text: `× ${rateText(one.speedup)}` })]),
        bar("now", one.cached), bar("was", one.uncached),
      ]);
    }));
    const difference = Math.max(...speeds.map((one) => one.difference));
    this.note.textContent = fill(text.speed_note, { difference: difference.toExponential(1) });
  }

  draw() {
    const { stage } = this;
    const { shot, state, withCache } = stage;
    const { text } = shot;
    const path = stage.path();
    const last = stage.last();
    this.go.back.disabled = state.step === 0;
    this.go.next.disabled = this.go.end.disabled = state.step >= last;
    this.count.textContent = fill(text.step_of, { step: state.step, last });
    this.map.draw(path);
    const n = path.length;
    const self = [n, (n * (n + 1)) / 2];
    const sources = shot.subject.columns.length;
    const cross = n ? [sources, n * sources] : [0, 0];
    const now = withCache ? 0 : 1;
    this.verdict.textContent = n ? cacheVerdict(text, shot.kindOf(state.site), { n, sources, withCache }) : "";
    const row = (name, counts) => element("div", { class: "count-row" }, [element("span", { text: name }), ...counts.map((count, i) => element("b", { class: i === now ? "on" : "", text: thousands(count) }))]);
    const head = element("div", { class: "count-row head" }, [element("span", { text: fill(text.pairs_computed, { step: n }) }), element("span", { text: text.with_cache }), element("span", { text: text.without_cache })]);
    this.drawGroups(text);
    this.counts.replaceChildren(head, row(text.kind_self_attn, self), ...(sources ? [row(text.kind_cross_attn, cross)] : []));
  }

  // Which heads of queries read the same keys and values (grouped-query attention); nothing where each has its own.
  drawGroups(text) {
    const { shot, state } = this.stage;
    const { heads, groups } = shot.model.sites.find(({ site }) => site === state.site);
    this.groups.hidden = groups === heads;
    if (this.groups.hidden) return;
    const each = heads / groups;
    const boxes = Array.from({ length: groups }, (_, g) => {
      const mine = Array.from({ length: each }, (_, i) => g * each + i);
      const queries = mine.map((h) => element("button", { type: "button", text: String(h + 1), "aria-pressed": String(h === state.head), title: fill(text.head_title, { head: h + 1 }), click: () => this.stage.chooseMap(state.site, h) }));
      const pair = element("span", { class: "pair" }, [element("i", { class: "k", text: "K" }), element("i", { class: "v", text: "V" })]);
      return element("div", { class: "group", title: fill(text.shared_kv_group, { group: g + 1, heads: mine.map((h) => h + 1).join(", ") }) }, [element("span", { class: "queries" }, queries), pair]);
    });
    this.groups.replaceChildren(element("p", { text: fill(text.shared_kv, { heads, groups }) }), element("div", { class: "group-row" }, boxes));
  }
}

// What this step computes and reuses, of the attention whose map is shown: cross-attention reads the source, which stays.
export function cacheVerdict(text, kind, { n, sources, withCache }) {
  if (kind === "cross") {
    const fresh = !withCache || n === 1;
    return fill(text.cache_verdict_cross, { computed: fresh ? sources : 0, reused: fresh ? 0 : sources });
  }
  return fill(text.cache_verdict, { computed: withCache ? 1 : n, reused: withCache ? n - 1 : 0 });
}
