// @ts-check
// The stage of Pictures and Graphs: the board, where things are hidden or cut; every head; the answers. A page gives the
// board. Everything that is chosen is one state, which travels whole with every message.

import { element } from "../../front/dom.js";
import { downloadButtons, nameDownloads } from "../../front/download.js";
import { clamp } from "../../front/numbers.js";
import { CanvasPainter } from "../../front/painter.js";
import { Shell } from "../../front/shell.js";
import { appearance, applyTheme, readTheme } from "../../front/theme.js";
import { Answers } from "./answers.js";
import { download, FORMATS } from "./export.js";
import { Gallery } from "./gallery.js";
import { Heads } from "./heads.js";
import { Shot } from "./shot.js";

const TELL_AFTER = 150; // milliseconds of rest before the server hears of what only moves the eye
const COLOURS = ["right", "before", "after", "visible", "alarm-fill"];

export class FieldStage extends Shell {
  /** @param {HTMLElement} host @param {new (stage: any) => any} Board */
  constructor(host, Board) {
    super(host, ".stage-place");
    this.root = element("div", { class: "stage" });
    this.place.append(this.root);
    /** @type {any} */
    this.state = {};
    this.seq = 0;
    this.board = new Board(this);
    this.gallery = new Gallery(this);
    this.heads = new Heads(this);
    this.answers = new Answers(this);
    this.canvas = element("canvas", { class: "board", tabindex: "0", role: "application" });
    this.tip = element("div", { class: "tip", role: "status", hidden: "" });
    this.titleText = element("h2");
    this.tools = element("div", { class: "card-tools" });
    this.downloads = downloadButtons(FORMATS, (format) => this.shot && download(this, format));
    this.caption = element("p", { class: "caption" });
    this.area = element("div", { class: "board-place" }, [this.canvas, this.tip]);
    const header = element("header", {}, [this.titleText, this.tools]);
    const card = element("section", { class: "card board-card" }, [header, this.area, this.caption]);
    const bar = element("div", { class: "bar" }, [this.gallery.root, this.downloads]);
    this.root.append(bar, element("div", { class: "cards" }, [card, this.heads.root, this.answers.root]));
    this.hearPointer();
    this.canvas.addEventListener("keydown", (event) => this.board.key?.(event));
    new ResizeObserver(() => this.resized()).observe(this.area);
  }

  // -- the server ----------------------------------------------------------------------------------------------------
  read(bytes, parsed) {
    return Shot.read(bytes, parsed);
  }

  show(shot) {
    const fresh = !this.shot || this.shot.state.scope !== shot.state.scope;
    this.shot = shot;
    if (fresh || shot.state.seq >= this.seq) {
      this.seq = shot.state.seq;
      const own = this.telling ? { layer: this.state.layer, head: this.state.head, query: this.state.query } : {};
      this.state = { ...shot.state, ...own };
      this.root.dataset.busy = "false";
    }
    this.root.lang = shot.language;
    this.theming();
    this.write();
    this.place.dataset.state = "ready";
    this.root.dataset.drawn = String(shot.state.seq);
  }

  // Every message says everything. What changes numbers is told at once, what only moves the eye after a rest.
  tell(now = false) {
    clearTimeout(this.telling);
    const send = () => {
      this.telling = null;
      const { example, layer, head, query, off, changed } = this.state;
      this.send?.("message", { scope: this.shot.state.scope, seq: ++this.seq, example, layer, head, query, off, changed });
    };
    if (now) {
      this.root.dataset.busy = "true";
      send();
    } else this.telling = setTimeout(send, TELL_AFTER);
  }

  // -- what is done --------------------------------------------------------------------------------------------------
  choose(layer, head) {
    Object.assign(this.state, { layer, head });
    this.write();
    this.tell();
  }

  ask(query) {
    this.state.query = clamp(query, 0, this.shot.size - 1);
    this.write();
    this.tell();
  }

  switchHead(layer, head) {
    const without = this.state.off.filter(([l, h]) => l !== layer || h !== head);
    this.state.off = without.length < this.state.off.length ? without : [...without, [layer, head]];
    this.write();
    this.tell(true);
  }

  /** Make changes, or take them back. @param {string[]} changes @param {boolean} on */
  change(changes, on) {
    const kept = this.state.changed.filter((one) => !changes.includes(one));
    this.state.changed = on ? [...kept, ...changes] : kept;
    this.write();
    this.tell(true);
  }

  isChanged(change) {
    return this.state.changed.includes(change);
  }

  isOff(layer, head) {
    return this.state.off.some(([l, h]) => l === layer && h === head);
  }

  go(example) {
    Object.assign(this.state, { example, changed: [] });
    this.write();
    this.tell(true);
  }

  // -- pointing ------------------------------------------------------------------------------------------------------
  hearPointer() {
    const at = (event) => {
      const box = this.canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      if (!this.shot || event.button) return;
      this.canvas.setPointerCapture(event.pointerId);
      this.board.down(...at(event));
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!this.shot) return;
      this.board.move(...at(event), event.buttons > 0);
      this.point(...at(event));
    });
    this.canvas.addEventListener("pointerup", (event) => this.shot && this.board.up(...at(event)));
    this.canvas.addEventListener("pointercancel", () => this.board.up(-1, -1));
    this.canvas.addEventListener("pointerleave", () => {
      this.tip.hidden = true;
      this.board.leave?.();
    });
  }

  point(x, y) {
    const said = this.board.describe(x, y);
    this.tip.hidden = !said;
    if (!said) return;
    this.tip.textContent = said;
    const room = this.area.clientWidth - this.tip.offsetWidth - 4;
    Object.assign(this.tip.style, { left: `${clamp(x + 14, 2, Math.max(2, room))}px`, top: `${Math.max(2, y - 40)}px` });
  }

  // -- drawing -------------------------------------------------------------------------------------------------------
  theming() {
    if (this.theme) return;
    this.appeared = appearance(this.place);
    this.theme = readTheme(this.place, this.shot.theme);
    applyTheme(this.root, this.theme);
    for (const name of COLOURS) this.root.style.setProperty(`--av-${name}`, this.theme[name.replace("-", "_")]);
  }

  write() {
    if (!this.shot) return;
    const { shot } = this;
    this.titleText.textContent = shot.title;
    this.caption.textContent = shot.text[this.state.changed.length ? "board_changed" : "board_hint"];
    this.canvas.setAttribute("aria-label", `${shot.title}. ${shot.text.board_hint}`);
    this.tools.replaceChildren(...this.board.tools(), this.undo());
    nameDownloads(this.downloads, shot.text);
    this.gallery.write();
    this.heads.write();
    this.answers.write();
    this.draw();
  }

  undo() {
    const idle = !this.state.changed.length && !this.state.off.length;
    const button = element("button", { class: "tool undo", type: "button", text: this.shot.text.reset });
    button.disabled = idle;
    button.addEventListener("click", () => {
      Object.assign(this.state, { changed: [], off: [] });
      this.write();
      this.tell(true);
    });
    return button;
  }

  /** Paint a canvas of the page with what `draw` paints. @param {HTMLCanvasElement} canvas @param {number} w @param {number} h @param {(painter: any, w: number, h: number) => void} draw */
  paint(canvas, w, h, draw) {
    if (w < 2 || h < 2) return;
    draw(CanvasPainter.on(canvas, w, h, this.theme, window.devicePixelRatio || 1), w, h);
  }

  draw() {
    if (!this.shot || !this.theme) return;
    this.paint(this.canvas, this.area.clientWidth, this.area.clientHeight, (painter, w, h) => this.board.draw(painter, w, h));
  }

  retheme() {
    this.theme = null;
    this.theming();
    this.write();
  }

  resized() {
    const size = `${this.area.clientWidth}×${this.area.clientHeight}×${window.devicePixelRatio}`;
    if (size === this.size || !this.area.clientWidth) return;
    this.size = size;
    if (this.shot) this.write();
  }
}
