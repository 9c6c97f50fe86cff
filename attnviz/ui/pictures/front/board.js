// @ts-check
// A picture cut into patches: the chosen head's weights lie over it, hidden patches are hatched. Strokes hide or show.

import { element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { bare, clamp, numberText, weightShort } from "../../front/numbers.js";
import { Raster, rgba } from "../../front/raster.js";
import { shade } from "../../front/scale.js";
import { parseColour } from "../../front/theme.js";

const SCALE = "sqrt"; // one of seventeen patches is seldom looked at much
const VEIL = 0.62; // how much of the picture the weights cover

export class PictureBoard {
  constructor(stage) {
    this.stage = stage;
    this.tool = "hide";
    this.stroke = null;
    this.cursor = null; // the patch that the keyboard is at
    this.rasters = new Map();
  }

  // -- where things are ----------------------------------------------------------------------------------------------
  get across() {
    return this.stage.shot.board.across;
  }

  layout(w, h) {
    const below = 30; // CLS and what it keeps for itself
    const size = Math.floor(Math.min(w, h - below - 8));
    return { x: Math.round((w - size) / 2), y: 2, w: size, h: size, cls: { x: Math.round((w - size) / 2) + 2, y: size + 8, w: 26, h: 24 } };
  }

  /** The position under a point: 0 for CLS, null outside. */
  hit(x, y) {
    const box = this.layout(this.stage.area.clientWidth, this.stage.area.clientHeight);
    const { cls } = box;
    if (x >= cls.x && x < cls.x + cls.w && y >= cls.y && y < cls.y + cls.h) return 0;
    const [column, row] = [(x - box.x) / box.w, (y - box.y) / box.h].map((share) => Math.floor(share * this.across));
    const inside = column >= 0 && row >= 0 && column < this.across && row < this.across;
    return inside ? 1 + row * this.across + column : null;
  }

  box(position, box) {
    const [row, column] = [Math.floor((position - 1) / this.across), (position - 1) % this.across];
    const size = box.w / this.across;
    return { x: box.x + column * size, y: box.y + row * size, w: size, h: size };
  }

  nameOf(position) {
    const { positions, text } = this.stage.shot;
    if (position === 0) return positions[0];
    const [row, column] = positions[position].split(",");
    return fill(text.patch, { row, column });
  }

  // -- what is done --------------------------------------------------------------------------------------------------
  tools() {
    const { text } = this.stage.shot;
    const buttons = ["hide", "ask"].map((tool) => {
      const button = element("button", { type: "button", text: text[`tool_${tool}`], "aria-pressed": String(this.tool === tool) });
      button.addEventListener("click", () => {
        this.tool = tool;
        this.stage.write();
      });
      return button;
    });
    return [element("div", { class: "segmented", role: "group" }, buttons)];
  }

  down(x, y) {
    const position = this.hit(x, y);
    if (position === null) return;
    if (position === 0 || this.tool === "ask") {
      this.stage.ask(position);
      return;
    }
    this.stroke = { hides: !this.stage.isChanged(String(position)), patches: new Set([String(position)]) };
    this.stage.draw();
  }

  move(x, y, pressed) {
    if (!this.stroke || !pressed) return;
    const position = this.hit(x, y);
    if (position) this.stroke.patches.add(String(position));
    this.stage.draw();
  }

  up() {
    if (!this.stroke) return;
    const { hides, patches } = this.stroke;
    this.stroke = null;
    this.stage.change([...patches], hides);
  }

  key(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.across, ArrowDown: this.across };
    if (event.key in steps) this.cursor = clamp((this.cursor ?? 1 - steps[event.key]) + steps[event.key], 1, this.across * this.across);
    else if ((event.key === " " || event.key === "Enter") && this.cursor) {
      if (this.tool === "ask") this.stage.ask(this.cursor);
      else this.stage.change([String(this.cursor)], !this.stage.isChanged(String(this.cursor)));
    } else return;
    event.preventDefault();
    this.stage.draw();
  }

  describe(x, y) {
    const position = this.hit(x, y);
    if (position === null) return "";
    const { shot, state } = this.stage;
    const weight = shot.row(state.layer, state.head, state.query)[position];
    return fill(shot.text[this.hidden(position) ? "tip_hidden" : "tip_weight"], {
      query: this.nameOf(state.query), key: this.nameOf(position), weight: numberText(weight, 3),
    });
  }

  hidden(position) {
    const name = String(position);
    if (this.stroke && this.stroke.patches.has(name)) return this.stroke.hides;
    return this.stage.isChanged(name);
  }

  // -- drawing -------------------------------------------------------------------------------------------------------
  draw(painter, w, h) {
    const { shot, state, theme } = this.stage;
    const box = this.layout(w, h);
    const row = shot.row(state.layer, state.head, state.query);
    this.patches(painter, box, row, shot.array("pixels"), "main");
    for (let position = 1; position < shot.size; position++) this.number(painter, this.box(position, box), row[position], position);
    const size = box.w / this.across;
    for (let i = 1; i < this.across; i++) {
      painter.rect(box.x + i * size - 0.75, box.y, 1.5, box.h, theme.surface);
      painter.rect(box.x, box.y + i * size - 0.75, box.w, 1.5, theme.surface);
    }
    this.cls(painter, box.cls, row[0]);
    if (state.query) this.frame(painter, this.box(state.query, box), theme.query);
    if (this.cursor) this.frame(painter, this.box(this.cursor, box), theme.accent);
  }

  frame(painter, { x, y, w, h }, colour) {
    painter.frame(x + 2, y + 2, w - 4, h - 4, colour, 3, 3);
  }

  number(painter, { x, y, w, h }, weight, position) {
    if (w < 30 || this.hidden(position)) return;
    const { theme } = this.stage;
    const text = w < 46 ? weightShort(weight) : numberText(weight, 2);
    if (!text) return;
    const size = Math.max(theme.least, clamp(w * 0.2, 10, 17));
    const room = text.length * size * 0.62 + 6;
    painter.pill(x + (w - room) / 2, y + h / 2 - size * 0.68, room, size * 1.36, 4, theme.surface, 0.82);
    painter.text(text, x + w / 2, y + h / 2, { size, colour: theme.ink, align: "center", weight: 600 });
  }

  cls(painter, box, weight) {
    const { shot, state, theme } = this.stage;
    painter.pill(box.x, box.y, box.w, box.h, 5, theme.css[shade(weight, SCALE)]);
    painter.frame(box.x, box.y, box.w, box.h, state.query === 0 ? theme.query : theme.line, state.query === 0 ? 3 : 1, 5);
    const said = fill(shot.text.cls_keeps, { weight: bare(numberText(weight, 2)) });
    painter.text(said, box.x + box.w + 8, box.y + box.h / 2, { size: Math.max(13, theme.least), colour: theme.muted });
  }

  tile(painter, box, layer, head) {
    const { shot, state } = this.stage;
    this.patches(painter, box, shot.row(layer, head, state.query), shot.array("pixels"), "main");
  }

  thumbnail(painter, box, i) {
    const pixels = this.stage.shot.array("thumbnails");
    const size = pixels.length / this.stage.shot.shape("thumbnails")[0];
    painter.raster(this.raster(pixels.subarray(i * size, (i + 1) * size), `thumb ${i}`), box.x, box.y, box.w, box.h);
  }

  // The picture, over it each patch in the colour of its weight, and what is hidden.
  patches(painter, box, row, pixels, name) {
    const { theme } = this.stage;
    painter.raster(this.raster(pixels, name), box.x, box.y, box.w, box.h);
    for (let position = 1; position < row.length; position++) {
      const { x, y, w, h } = this.box(position, box);
      if (this.hidden(position)) painter.hatch(x, y, w, h, w < 24);
      else painter.rect(x, y, w, h, theme.css[shade(row[position], SCALE)], VEIL);
    }
  }

  // Digits are ink on paper; photographs are what they are.
  raster(pixels, name) {
    const { shot, theme } = this.stage;
    const { side, channels, ink } = shot.board;
    if (this.of !== shot || this.themed !== theme) this.rasters.clear();
    [this.of, this.themed] = [shot, theme];
    if (!this.rasters.has(name)) {
      const made = new Raster(side, side);
      const [paper, black] = [theme.surface, theme.ink].map((colour) => parseColour(colour) || [128, 128, 128]);
      for (let i = 0; i < side * side; i++) {
        const levels = [0, 1, 2].map((channel) => pixels[i + (channels === 3 ? channel * side * side : 0)]);
        const rgb = ink ? paper.map((value, c) => value + (black[c] - value) * levels[0]) : levels.map((level) => 255 * level);
        made.pixels[i] = rgba(rgb.map(Math.round));
      }
      this.rasters.set(name, made);
    }
    return this.rasters.get(name);
  }
}
