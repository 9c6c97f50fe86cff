// @ts-check
// Every head at once, a row a layer, with the rollout behind them: a small picture, a name, a switch.

import { element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { ROLLOUT } from "./shot.js";

/** What a map is called. @param {Record<string, string>} text @param {number} layer @param {number} head */
export function headName(text, layer, head) {
  return head === ROLLOUT ? fill(text.rollout_after, { layer: layer + 1 }) : `L${layer + 1} H${head + 1}`;
}

/** The maps of all layers, a layer's rollout behind its heads. @param {{ layers: number, heads: number }} model */
export function mapsOf({ layers, heads }) {
  const places = [...Array(heads).keys(), ROLLOUT];
  return Array.from({ length: layers }, (_, layer) => places.map((head) => ({ layer, head }))).flat();
}

/** The largest tiles: those of a layer in one line, or in two. @param {number} layers @param {number} tiles of a layer @param {number} [type] of their names */
export function tileSize(layers, tiles, width, height, type = 12) {
  const sizes = [tiles, Math.ceil(tiles / 2)].map((columns) => {
    const lines = layers * Math.ceil(tiles / columns);
    const high = (height - 4) / lines - 15 - 1.5 * type;
    const wide = (width - 10 * (columns - 1)) / columns - 10;
    return { columns, size: Math.floor(Math.max(36, Math.min(high, wide, 180))) };
  });
  return sizes[1].size > sizes[0].size ? sizes[1] : sizes[0];
}

export class Heads {
  constructor(stage) {
    this.stage = stage;
    this.title = element("h2");
    this.query = element("div", { class: "card-tools" });
    this.grid = element("div", { class: "heads-grid", role: "group" });
    this.caption = element("p", { class: "caption" });
    this.root = element("section", { class: "card heads-card" }, [
      element("header", {}, [this.title, this.query]), this.grid, this.caption,
    ]);
    this.made = "";
    this.tiles = [];
    new ResizeObserver(() => this.draw()).observe(this.grid);
  }

  build() {
    const { layers, heads } = this.stage.shot.model;
    const key = `${layers}×${heads}`;
    if (key === this.made) return;
    this.made = key;
    this.tiles = mapsOf({ layers, heads }).map(({ layer, head }) => this.tile(layer, head));
    this.grid.replaceChildren(...this.tiles.map((tile) => tile.root));
  }

  tile(layer, head) {
    const canvas = element("canvas");
    const name = element("span");
    const pick = element("button", { class: "pick", type: "button" }, [canvas, name]);
    pick.addEventListener("click", () => this.stage.choose(layer, head));
    const parts = [pick];
    let toggle = null;
    if (head !== ROLLOUT) {
      toggle = element("button", { class: "switch", type: "button", role: "switch" }, [element("i")]);
      toggle.addEventListener("click", () => this.stage.switchHead(layer, head));
      parts.push(toggle);
    }
    return { layer, head, canvas, name, pick, toggle, root: element("div", { class: "tile" }, parts) };
  }

  write() {
    const { stage } = this;
    const { text, positions } = stage.shot;
    this.build();
    this.title.textContent = fill(text.heads_title, { query: stage.board.nameOf(stage.state.query) });
    const cls = element("button", { class: "tool", type: "button", text: text.look_from_cls });
    cls.disabled = stage.state.query === 0;
    cls.addEventListener("click", () => stage.ask(0));
    this.query.replaceChildren(cls);
    this.caption.textContent = text.heads_hint;
    for (const { layer, head, name, pick, toggle, root } of this.tiles) {
      const short = headName(text, layer, head);
      const off = head !== ROLLOUT && stage.isOff(layer, head);
      name.textContent = short;
      pick.setAttribute("aria-label", `${short}: ${positions[stage.state.query]}`);
      pick.setAttribute("aria-pressed", String(stage.state.layer === layer && stage.state.head === head));
      root.dataset.off = String(off);
      toggle?.setAttribute("aria-checked", String(!off));
      toggle?.setAttribute("aria-label", fill(text[off ? "switch_on" : "switch_off"], { head: short }));
      toggle?.setAttribute("title", fill(text[off ? "switch_on" : "switch_off"], { head: short }));
    }
    this.draw();
  }

  draw() {
    const { stage } = this;
    if (!stage.shot || !stage.theme || !this.tiles.length) return;
    const { layers, heads } = stage.shot.model;
    const { size, columns } = tileSize(layers, heads + 1, this.grid.clientWidth, this.grid.clientHeight, Math.max(12, stage.theme.least));
    const lines = Math.ceil((heads + 1) / columns);
    for (const [i, { layer, head, canvas, root }] of this.tiles.entries()) {
      const place = i % (heads + 1);
      root.style.gridArea = `${layer * lines + Math.floor(place / columns) + 1} / ${(place % columns) + 1}`;
      stage.paint(canvas, size, size, (painter, w, h) => stage.board.tile(painter, { x: 0, y: 0, w, h }, layer, head));
    }
  }
}
