// The beam tree: a column is a position, a box a continuation that was looked at; a click follows its branch.

import { drawn, element } from "../../front/dom.js";
import { fill, fitted, fontOf, printable, widest } from "../../front/labels.js";
import { clamp, numberText } from "../../front/numbers.js";

// One box at scale 1; with room to spare everything is larger.
const BOX = { w: 60, h: 27, gapX: 34, gapY: 7 };
const LONGEST = 92; // pixels of a token at scale 1

export class TreeCard {
  constructor(stage) {
    this.stage = stage;
    this.title = element("h2");
    this.legend = element("div", { class: "card-tools tree-key" });
    this.place = element("div", { class: "tree-place", tabindex: "-1" });
    this.caption = element("p", { class: "caption" });
    this.ranked = element("ol", { class: "ranked" });
    this.card = element("section", { class: "card tree-card" }, [element("header", {}, [this.title, this.legend]), this.place, this.ranked, this.caption]);
  }

  // Nodes on screen after some steps, and how each stands by then.
  visible() {
    const { shot, state } = this.stage;
    const { nodes, steps } = shot.beam;
    const shown = new Set([0]);
    for (const step of steps.slice(0, state.step)) step.new.forEach((node) => shown.add(node));
    const now = steps[state.step - 1];
    return { nodes, shown, living: new Set(now ? now.living : [0]), finished: new Set(now ? now.finished : []), best: now ? now.best : 0 };
  }

  draw() {
    const { shot, state } = this.stage;
    const { text, beam } = shot;
    const { nodes, shown, living, finished, best } = this.visible();
    this.title.textContent = fill(text.tree, { beams: beam.beams });
    this.legend.replaceChildren(...["living", "finished", "dropped"].flatMap((kind) => [element("i", { class: `key node-${kind}` }), element("span", { text: text["node_" + kind] })]));
    const chosen = this.stage.node();
    this.writeRanked(this.visible(), chosen);
    const branch = new Set();
    for (let at = chosen; at !== null && at !== undefined; at = nodes[at].parent) branch.add(at);
    // Larger where there is room to spare, but not at the price of columns that would fit.
    const high = (this.place.clientHeight - 24) / (2 * beam.beams * (BOX.h + BOX.gapY));
    const wide = this.place.clientWidth / ((state.step + 1) * (BOX.w + LONGEST * 0.6 + BOX.gapX));
    const least = this.stage.theme.least / (13 * 0.92);
    this.scale = clamp(Math.min(high, wide), Math.max(1, least), Math.max(1.35, 1.2 * least));
    this.box = Object.fromEntries(Object.entries(BOX).map(([name, size]) => [name, Math.round(size * this.scale)]));
    const font = fontOf(this.stage.theme, 13 * this.scale, 650);
    this.longest = Math.min(LONGEST * this.scale, widest(beam.nodes.map(({ token }) => printable(token)), font) + 1);
    this.box.w += Math.ceil(this.longest);
    this.place.style.setProperty("--node", `${(13 * this.scale).toFixed(1)}px`);
    const places = this.places(nodes, shown);
    const width = Math.max(...Array.from(places.values(), ({ x }) => x)) + this.box.w + 4;
    const height = Math.max(...Array.from(places.values(), ({ y }) => y)) + this.box.h + 4;
    const svg = drawn("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": this.title.textContent });
    for (const node of shown) {
      const parent = nodes[node].parent;
      if (parent === null) continue;
      const [a, b] = [places.get(parent), places.get(node)];
      const [x0, y0, x1, y1] = [a.x + this.box.w, a.y + this.box.h / 2, b.x, b.y + this.box.h / 2];
      svg.append(drawn("path", { class: `edge ${nodes[node].state} ${branch.has(node) ? "lit" : ""}`, d: `M${x0},${y0} C${x0 + 18},${y0} ${x1 - 18},${y1} ${x1},${y1}` }));
    }
    for (const node of shown) svg.append(this.drawNode(node, nodes[node], places.get(node), { lit: branch.has(node), chosen: node === chosen, best: node === best, on: living.has(node) || finished.has(node) }));
    const scroll = [this.place.scrollLeft, this.place.scrollTop];
    this.place.replaceChildren(svg);
    const seen = places.get(chosen);
    const room = this.place.clientWidth;
    this.place.scrollLeft = seen.x + this.box.w > scroll[0] + room || seen.x < scroll[0] ? Math.max(0, seen.x + this.box.w + 20 - room) : scroll[0];
    this.place.scrollTop = scroll[1];
    this.caption.textContent = beam.penalised ? text.tree_score_penalised : text.tree_score;
  }

  // The texts so far, the best first: complete ones, and those that are still being written.
  writeRanked({ nodes, living, finished }, chosen) {
    const { beam, text } = this.stage.shot;
    const value = (node) => (beam.penalised ? nodes[node].normalised : nodes[node].score);
    const texts = [...new Set([...finished, ...living])].filter((node) => nodes[node].parent !== null).sort((a, b) => value(b) - value(a) || a - b);
    this.ranked.hidden = !texts.length;
    this.ranked.setAttribute("aria-label", text.ranked);
    this.ranked.replaceChildren(
      ...texts.map((node) => {
        const ended = finished.has(node);
        const words = beam.written[node] ?? textOf(beam, node);
        const parts = [
          element("span", { class: `said-text ${ended ? "" : "unended"}`, dir: "auto", text: ended ? words || "∅" : `${words} …` }),
          element("span", { class: "sum", text: `${beam.penalised ? text.ranked_penalised : "Σ ln p"} ${numberText(value(node))}` }),
        ];
        const button = element("button", { type: "button", "data-node": node, "aria-pressed": String(node === chosen), click: () => this.stage.follow(node) }, parts);
        return element("li", {}, [button]);
      }),
    );
  }

  // A column a position; within it the children of higher parents stand higher.
  places(nodes, shown) {
    const columns = new Map();
    for (const node of shown) {
      const column = nodes[node].position + 1;
      if (!columns.has(column)) columns.set(column, []);
      columns.get(column).push(node);
    }
    const rank = new Map([[0, 0]]);
    const places = new Map();
    for (const [column, members] of [...columns].sort((a, b) => a[0] - b[0])) {
      members.sort((a, b) => (rank.get(nodes[a].parent) ?? 0) - (rank.get(nodes[b].parent) ?? 0) || a - b);
      members.forEach((node, i) => {
        rank.set(node, i);
        places.set(node, { x: 2 + column * (this.box.w + this.box.gapX), y: 9 + i * (this.box.h + this.box.gapY) });
      });
    }
    // The root stands in the middle of its children.
    const first = columns.get(1);
    if (first) places.get(0).y = 9 + ((first.length - 1) / 2) * (this.box.h + this.box.gapY);
    return places;
  }

  drawNode(node, { token, score, normalised, log_p, parent, state, reason }, { x, y }, { lit, chosen, best, on }) {
    const { shot, theme } = this.stage;
    const penalised = shot.beam.penalised && state === "finished";
    const value = penalised ? normalised : score;
    const { w, h } = this.box;
    const name = fitted(printable(token), this.longest, fontOf(theme, 13 * this.scale, 650));
    const group = drawn("g", { class: `node ${state} ${on ? "on" : ""} ${lit ? "lit" : ""} ${chosen ? "chosen" : ""}`, transform: `translate(${x},${y})`, "data-node": node });
    group.append(drawn("rect", { width: w, height: h, rx: 6 }), drawn("text", { x: 7, y: h / 2, class: "node-token", text: name }));
    if (parent !== null) group.append(drawn("text", { x: w - 7, y: h / 2, class: "node-score", text: numberText(value) }));
    const says = `${printable(token)} · ln p ${numberText(log_p)} · Σ ${numberText(score)}${penalised ? ` · ${numberText(normalised)}` : ""} · ${shot.text["node_" + state]}${reason ? ` (${shot.text["reason_" + reason]})` : ""}`;
    group.append(drawn("title", { text: says }));
    if (best && parent !== null) group.append(drawn("text", { x: w - 4, y: 0, class: "node-best", text: "★" }));
    if (parent !== null) {
      Object.entries({ tabindex: "0", role: "button", "aria-label": says, "aria-pressed": String(chosen) }).forEach(([key, v]) => group.setAttribute(key, v));
      group.addEventListener("click", () => this.stage.follow(node));
      group.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          event.stopPropagation();
          this.stage.follow(node);
        }
      });
    }
    return group;
  }
}

// The tokens from the root to a node, as a text.
export function textOf(beam, node) {
  const tokens = [];
  for (let at = node; beam.nodes[at].parent !== null; at = beam.nodes[at].parent) tokens.unshift(printable(beam.nodes[at].token));
  return [...beam.prefix, ...tokens].join(beam.joint);
}
