// The beam tree: a column is a position, a box a continuation that was looked at; a click follows its branch.

const BOX = { w: 96, h: 26, gapX: 34, gapY: 6 };

class TreeCard {
  constructor(stage) {
    this.stage = stage;
    this.title = element("h3");
    this.legend = element("div", { class: "card-tools tree-key" });
    this.place = element("div", { class: "tree-place", tabindex: "-1" });
    this.caption = element("p", { class: "caption" });
    this.card = element("section", { class: "card tree-card" }, [element("header", {}, [this.title, this.legend]), this.place, this.caption]);
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
    const branch = new Set();
    for (let at = chosen; at !== null && at !== undefined; at = nodes[at].parent) branch.add(at);
    const places = this.places(nodes, shown);
    const width = Math.max(...Array.from(places.values(), ({ x }) => x)) + BOX.w + 4;
    const height = Math.max(...Array.from(places.values(), ({ y }) => y)) + BOX.h + 4;
    const svg = drawn("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": this.title.textContent });
    for (const node of shown) {
      const parent = nodes[node].parent;
      if (parent === null) continue;
      const [a, b] = [places.get(parent), places.get(node)];
      const [x0, y0, x1, y1] = [a.x + BOX.w, a.y + BOX.h / 2, b.x, b.y + BOX.h / 2];
      svg.append(drawn("path", { class: `edge ${nodes[node].state} ${branch.has(node) ? "lit" : ""}`, d: `M${x0},${y0} C${x0 + 18},${y0} ${x1 - 18},${y1} ${x1},${y1}` }));
    }
    for (const node of shown) svg.append(this.box(node, nodes[node], places.get(node), { lit: branch.has(node), chosen: node === chosen, best: node === best, on: living.has(node) || finished.has(node) }));
    const scroll = [this.place.scrollLeft, this.place.scrollTop];
    this.place.replaceChildren(svg);
    const seen = places.get(chosen);
    const room = this.place.clientWidth;
    this.place.scrollLeft = seen.x + BOX.w > scroll[0] + room || seen.x < scroll[0] ? Math.max(0, seen.x + BOX.w + 20 - room) : scroll[0];
    this.place.scrollTop = scroll[1];
    this.caption.textContent = beam.penalised ? text.tree_score_penalised : text.tree_score;
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
        places.set(node, { x: 2 + column * (BOX.w + BOX.gapX), y: 3 + i * (BOX.h + BOX.gapY) });
      });
    }
    // The root stands in the middle of its children.
    const first = columns.get(1);
    if (first) places.get(0).y = 3 + ((first.length - 1) / 2) * (BOX.h + BOX.gapY);
    return places;
  }

  box(node, { token, score, normalised, log_p, parent, state, reason }, { x, y }, { lit, chosen, best, on }) {
    const { shot, theme } = this.stage;
    const penalised = shot.beam.penalised && state === "finished";
    const value = penalised ? normalised : score;
    const name = fitted(printable(token), 50, fontOf(theme, 13, 600));
    const group = drawn("g", { class: `node ${state} ${on ? "on" : ""} ${lit ? "lit" : ""} ${chosen ? "chosen" : ""}`, transform: `translate(${x},${y})`, "data-node": node });
    group.append(drawn("rect", { width: BOX.w, height: BOX.h, rx: 6 }), drawn("text", { x: 7, y: 17.5, class: "node-token", text: name }));
    if (parent !== null) group.append(drawn("text", { x: BOX.w - 7, y: 17.5, class: "node-score", text: nats(value) }));
    const says = `${printable(token)} · ln p ${nats(log_p)} · Σ ${nats(score)}${penalised ? ` · ${nats(normalised)}` : ""} · ${shot.text["node_" + state]}${reason ? ` (${shot.text["reason_" + reason]})` : ""}`;
    group.append(drawn("title", { text: says }));
    if (best && parent !== null) group.append(drawn("text", { x: BOX.w - 4, y: 3, class: "node-best", text: "★" }));
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
