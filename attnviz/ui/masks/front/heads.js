// Every head at once: the change of its weights against the model's own mask. Brown lost weight, teal gained it.

import { element, say } from "../../front/dom.js";
import { fill, fitted, fontOf } from "../../front/labels.js";
import { clamp, percentText } from "../../front/numbers.js";
import { CanvasPainter } from "../../front/painter.js";
import { rgba } from "../../front/raster.js";
import { parseColour } from "../../front/theme.js";
import { Tiles } from "../../front/tiles.js";

export class Heads {
  constructor(lab) {
    this.lab = lab;
    this.buttons = [];
    lab.refs.headsPlace.addEventListener("keydown", (event) => this.key(event));
  }

  write() {
    const { refs, shot } = this.lab;
    const { text } = shot;
    say(refs.heads.title, text.heads_title);
    say(refs.heads.hint, shot.moved_most ? fill(text.heads_most, { ...shot.moved_most, kind: text[`short_${shot.moved_most.kind}`] }) : text.heads_none);
    refs.headsPlace.setAttribute("aria-label", text.heads_title);
    this.rows = [];
    for (const { kind, layers } of shot.kinds) for (let layer = 0; layer < layers; layer++) this.rows.push({ kind, layer });
    const key = JSON.stringify([this.rows, shot.heads]);
    if (key !== this.key) {
      this.key = key;
      this.buttons = this.rows.flatMap(({ kind, layer }) =>
        Array.from({ length: shot.heads }, (_, head) => {
          const ask = () => this.lab.ask("look", { kind, layer, head });
          return { kind, layer, head, node: element("button", { type: "button", class: "head", click: ask }) };
        }),
      );
      refs.headsPlace.replaceChildren(...this.buttons.map(({ node }) => node));
    }
    this.tiles = null;
  }

  // One stop for Tab: arrows go from head to head.
  key(event) {
    const { heads } = this.lab.shot;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: heads, ArrowUp: -heads };
    const at = this.buttons.findIndex(({ node }) => node === event.target);
    const next = this.buttons[at + (steps[event.key] ?? NaN)];
    if (at < 0 || !next) return;
    event.preventDefault();
    this.buttons.forEach(({ node }) => (node.tabIndex = node === next.node ? 0 : -1));
    next.node.focus();
  }

  layout(width, height) {
    const { lab } = this;
    const { base, shot } = lab;
    const left = base * 5.4;
    const gap = base * 0.5;
    const caption = base * 1.15;
    const count = this.rows.length;
    height = Math.max(height, count * base * 3.4);
    const w = (width - left - 4 - (shot.heads - 1) * gap) / shot.heads;
    const h = clamp((height - count * (caption + gap)) / count, base * 1.6, w);
    this.box = { width, height: count * (h + caption + gap), left, gap, caption, w, h };
    this.buttons.forEach(({ node }, i) => {
      const [row, head] = [Math.floor(i / shot.heads), i % shot.heads];
      const place = this.place(row, head);
      Object.assign(node.style, { left: `${place.x - 2}px`, top: `${place.y - 2}px`, width: `${w + 4}px`, height: `${h + caption + 2}px` });
    });
    return this.box;
  }

  place(row, head) {
    const { left, gap, caption, w, h } = this.box;
    return { x: left + head * (w + gap), y: row * (h + caption + gap) + 2, w, h };
  }

  // Whether the head that is looked at is one of these.
  chosenShown() {
    const { target, look } = this.lab.shot;
    return this.rows.some(({ kind, layer }) => kind === target.kind && layer === look.layer);
  }

  pictures() {
    if (this.tiles) return this.tiles;
    const { shot, theme } = this.lab;
    this.tiles = new Map();
    for (const { kind, layers } of shot.kinds) {
      const values = shot.array(`change_${kind}`);
      const [, heads, rows, columns] = shot.shape(`change_${kind}`);
      const nan = rgba(parseColour(theme.alarm_fill));
      const paint = (code) => (code === -128 ? nan : theme.differencePixels[Math.round(127.5 + code)]);
      for (let i = 0; i < layers * heads; i++) {
        const piece = values.subarray(i * rows * columns, (i + 1) * rows * columns);
        this.tiles.set(`${kind}/${Math.floor(i / heads)}/${i % heads}`, new Tiles({ rows, columns, values: piece, paint }));
      }
    }
    return this.tiles;
  }

  draw() {
    const { lab, box } = this;
    const { refs, shot, theme, base } = lab;
    const { text, target, look } = shot;
    const painter = CanvasPainter.on(refs.heads.canvas, box.width, box.height, theme, lab.ratio);
    const moved = shot.array("moved");
    this.rows.forEach(({ kind, layer }, row) => {
      const name = `${text[`short_${kind}`]} L${layer + 1}`;
      const { y } = this.place(row, 0);
      painter.text(fitted(name, box.left - 6, fontOf(theme, base * 0.92)), 0, y + box.h / 2, { size: base * 0.92, colour: theme.muted });
      for (let head = 0; head < shot.heads; head++) {
        const place = this.place(row, head);
        const share = moved[row * shot.heads + head];
        const tiles = this.pictures().get(`${kind}/${layer}/${head}`);
        painter.raster(tiles.raster(), place.x, place.y, place.w, place.h, null);
        const here = kind === target.kind && layer === look.layer && head === look.head;
        painter.frame(place.x - 1, place.y - 1, place.w + 2, place.h + 2, here ? theme.strong : theme.line, here ? 3 : 1, 2);
        const strong = !(share < 0.005);
        const size = Math.max(theme.least, Math.min(base * 0.86, place.w / 3.4));
        const label = share < 0.0005 ? "0" : percentText(share);
        painter.text(label, place.x + place.w / 2, place.y + place.h + box.caption * 0.56, {
          size, align: "center", weight: strong ? 700 : 400, colour: Number.isNaN(share) ? theme.alarm : strong ? theme.ink : theme.muted,
        });
        const button = this.buttons[row * shot.heads + head].node;
        const said = fill(text.head_moved, { kind: text[`short_${kind}`], layer: layer + 1, head: head + 1, moved: label });
        button.setAttribute("aria-label", said);
        button.setAttribute("aria-pressed", String(here));
        if (!refs.headsPlace.contains(lab.host.activeElement)) button.tabIndex = here || (row === 0 && head === 0 && !this.chosenShown()) ? 0 : -1;
        button.title = said;
      }
    });
  }
}
