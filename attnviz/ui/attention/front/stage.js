// The stage: what is chosen and lit, when to lay out and when to draw.

import { Arrivals } from "../../front/arrivals.js";
import { element } from "../../front/dom.js";
import { Line } from "../../front/line.js";
import { fadeFrom } from "../../front/motion.js";
import { clamp } from "../../front/numbers.js";
import { usualScale } from "../../front/scale.js";
import { appearance } from "../../front/theme.js";
import { WHOLE, panned, showing, windowOf, zoomed } from "../../front/zoom.js";
import { mirrorAddress } from "./address.js";
import { download } from "./export.js";
import { buildFrame, buildHeads, writeFrame } from "./frame.js";
import { attachGridKeys, attachMatrixKeys } from "./keyboard.js";
import { tellOnLeaving } from "./leaving.js";
import { askWhenTyped } from "./typing.js";
import { readPicture } from "./model.js";
import { attachGridPointer, attachHeadPointer } from "./pointer.js";
import { tooltip } from "./readout.js";
import { Switches } from "./switches.js";
import { Wanted } from "./wanted.js";

const DRAWN = 60; // milliseconds after which a picture that came is on screen

export class Stage {
  constructor(host) {
    this.host = host;
    this.place = host.querySelector(".stage-place");
    this.refs = buildFrame(this);
    this.switches = new Switches();
    this.wanted = new Wanted((message) => this.askWanted(message));
    this.line = new Line({ since: () => this.arrivals.hosted, take: (bytes, since) => this.arrive(bytes, since) }, DRAWN);
    this.typed = null; // a sentence that was asked for directly, and when
    document.fonts?.ready.then(() => (this.statsKey = ""));
    this.coarse = false; // the head on screen is drawn from its thumbnail
    this.afterAll = null; // what is downloaded when all heads are here
    this.state = null;
    this.memory = new Map();
    this.chosenHere = new Set();
    this.lit = null;
    this.pinned = null;
    this.several = new Set(); // rows that are summed: pinned one after the other with Shift
    this.focused = { layer: 0, head: 0 };
    this.cursor = { row: 0, column: 0 };
    this.arrivals = new Arrivals();
    host.querySelector(".stage-frame").append(this.refs.root);
    this.refs.root.hidden = true;
    attachGridPointer(this);
    attachHeadPointer(this);
    attachGridKeys(this);
    attachMatrixKeys(this);
    this.hearTokens();
    tellOnLeaving(this);
    askWhenTyped(this);
    window.addEventListener("attnviz-present", () => {
      this.theme = null;
      if (this.connected) this.resizedSoon();
    });
    new ResizeObserver(() => this.resized()).observe(host.querySelector(".stage-frame"));
  }

  // -- data ----------------------------------------------------------------------------------------------------------
  receive(data, host) {
    this.send = (name, message) => host.send(name, message);
    return this.arrive(data);
  }

  arrive(data, since = null) {
    const same = () => {
      if (appearance(this.place) !== this.appeared) this.retheme();
      this.mirror();
    };
    const read = (bytes, parsed) => this.read(bytes, parsed);
    return this.arrivals.take(data, { read, show: (picture) => this.show(picture), same }, since);
  }

  get connected() {
    return this.refs.root.isConnected;
  }

  async read(bytes, parsed) {
    try {
      return await readPicture(bytes, parsed, this.picture);
    } catch (error) {
      this.host.querySelector(".skeleton-words").textContent = parsed.outline.broken;
      throw error;
    }
  }

  show(picture) {
    // A run that began before the last switch; the one that follows it comes.
    if (this.line.busy && picture.scope === this.switches.scope && picture.seq < this.switches.seq) return;
    const further = this.wanted.receive(picture);
    if (further && this.nothingElse(picture)) {
      this.headsCame(picture);
      return;
    }
    if (picture.kinds.some((kind) => !kind.thumb(0, 0))) {
      // Only heads of a picture that is not here (any more): the rest, please.
      this.wanted.forget();
      this.ask([picture.chosen]);
      return;
    }
    const words = JSON.stringify([picture.text, picture.kinds.map((kind) => kind.id)]);
    this.picture = picture;
    this.line.path = picture.line || "";
    this.switches.receive(picture);
    const chosen = this.adopted(picture);
    const kind = picture.kinds.find(({ id }) => id === chosen.kind) || picture.kinds[0];
    const same = this.state && this.state.kind.id === kind.id && this.state.kind.rows === kind.rows && this.state.kind.columns === kind.columns;
    const labels = (k) => JSON.stringify(k.raw);
    const kept = same && labels(this.state.kind) === labels(kind);
    if (kept) for (const canvas of [this.refs.gridStatic, this.refs.headStatic]) fadeFrom(canvas); // a switch, a step of training
    else this.unpin();
    this.lit = null;
    this.state = {
      view: null, scale: "linear", scaleChosen: false, ...this.state,
      kind, layer: clamp(chosen.layer, 0, kind.layers - 1), head: clamp(chosen.head, 0, kind.heads - 1),
      zoom: same ? this.state.zoom : WHOLE,
      isOff: (layer, head) => this.switches.isOff(this.state.kind.sites[layer], head),
    };
    if (words !== this.words) writeFrame(this.refs, this, picture);
    this.words = words;
    this.host.querySelector(".stage-frame").style.height = picture.height ? `${picture.height}px` : "";
    this.refs.root.hidden = false;
    this.place.dataset.state = "ready";
    const palettes = JSON.stringify(picture.theme);
    if (palettes !== this.palettes || appearance(this.place) !== this.appeared) this.theme = null;
    this.palettes = palettes;
    this.takeToken(picture.chosen.row, kept);
    this.kindChanged();
    this.lookAhead();
  }

  // The browser keeps its own choice until the server asks for another one than it last did.
  adopted(picture) {
    const { kind, layer, head, again = "" } = picture.chosen;
    const asked = `${kind}/${layer}/${head}`;
    const anew = again !== (this.again ?? "") && again !== "";
    const isNew = anew || (asked !== this.asked && !this.chosenHere.has(asked));
    Object.assign(this, { asked, again });
    if (!this.state || isNew) {
      this.chosenHere.clear();
      return picture.chosen;
    }
    const { state } = this;
    return { kind: state.kind.id, layer: state.layer, head: state.head };
  }

  // -- choices -------------------------------------------------------------------------------------------------------
  kindChanged() {
    const { kind, layer, head } = this.state;
    const cells = `${kind.id}/${kind.layers}/${kind.heads}`;
    if (cells !== this.cells) buildHeads(this.refs, this, kind);
    this.cells = cells;
    // Weights of a long text are small everywhere: until somebody chooses, their square root is shown.
    if (!this.state.scaleChosen) this.state.scale = usualScale(kind.rows, kind.columns);
    this.focused = { layer, head };
    this.cursor = { row: clamp(this.cursor.row, 0, kind.rows - 1), column: clamp(this.cursor.column, 0, kind.columns - 1) };
    this.layoutFor([cells, kind.rows, kind.columns, JSON.stringify(this.order())].join());
  }

  remember() {
    const { kind, layer, head } = this.state;
    this.memory.set(kind.id, { layer, head });
    this.chosenHere.add(`${kind.id}/${layer}/${head}`);
    this.mirror();
  }

  setKind(id) {
    const kind = this.picture.kinds.find((one) => one.id === id);
    if (!kind || kind === this.state.kind) return;
    const { layer, head } = this.memory.get(id) || this.state;
    this.unpin();
    this.lit = null;
    Object.assign(this.state, { kind, layer: Math.min(layer, kind.layers - 1), head: Math.min(head, kind.heads - 1), zoom: WHOLE });
    this.remember();
    this.kindChanged();
  }

  choose(layer, head, byKeyboard = false) {
    const before = { layer: this.state.layer, head: this.state.head };
    this.focused = { layer, head };
    if (this.state.layer === layer && this.state.head === head) {
      if (byKeyboard) this.refs.surface.focus({ focusVisible: true });
      return;
    }
    fadeFrom(this.refs.headStatic);
    Object.assign(this.state, { layer, head });
    this.remember();
    this.askFor(layer, head);
    this.layoutHead();
    this.paint([before, { layer, head }]);
  }

  // Until somebody chooses: lines beside the matrix while they can be told apart.
  view() {
    const { kind, view } = this.state;
    const roomy = Math.max(kind.rows, kind.columns) <= 16 && this.tall >= Math.max(540, 31 * (this.base || 0)); // larger type needs more room
    return view || (roomy ? "both" : "matrix");
  }

  setView(view) {
    const masks = this.state.view === "mask" || view === "mask"; // only then the grid looks different
    this.state.view = view;
    this.fitHead();
    if (masks) this.paintGrid(null);
    this.writeHeads([]);
    this.paintSoon(); // in the next frame, so that no frame is late
  }

  setScale(scale) {
    Object.assign(this.state, { scale, scaleChosen: true });
    this.paint(null, []);
  }

  // All heads of a kind in one file: those that have not come are fetched first.
  download(format) {
    const { kind } = this.state;
    if (format !== "json" || kind.whole.size === kind.layers * kind.heads) return download(this, format);
    this.afterAll = format;
    const all = Array.from({ length: kind.layers * kind.heads }, (_, i) => ({ kind: kind.id, layer: Math.floor(i / kind.heads), head: i % kind.heads }));
    return this.ask(all);
  }

  mirror() {
    if (this.picture && this.picture.mirror_url && this.refs.root.isConnected) {
      mirrorAddress(this.state);
      // Streamlit may write its own copy of the address right after a run.
      clearTimeout(this.later);
      this.later = setTimeout(() => this.refs.root.isConnected && mirrorAddress(this.state), 400);
    }
  }

  // -- zoom ----------------------------------------------------------------------------------------------------------
  zoomAt(factor, fx = 0.5, fy = 0.5) {
    const { matrix } = this.layouts.head;
    if (!matrix) return;
    this.askFor(this.state.layer, this.state.head);
    this.state.zoom = zoomed(this.state.kind, matrix, this.state.zoom, factor, fx, fy);
    this.paintSoon();
  }

  zoomStep(name) {
    if (name === "zoom_reset") this.state.zoom = WHOLE;
    else this.zoomAt(name === "zoom_in" ? 1.5 : 1 / 1.5);
    this.paintSoon();
  }

  // The piece of the chosen head on screen, in cells.
  shownPart() {
    return windowOf(this.state.kind, this.state.zoom);
  }

  pan(from, dx, dy) {
    const { matrix } = this.layouts.head;
    if (!matrix) return;
    this.state.zoom = panned(this.state.kind, from, -dx, -dy, matrix.cells);
    this.paintSoon();
  }

  // -- light ---------------------------------------------------------------------------------------------------------
  hover(lit, event) {
    const key = (one) => (one ? JSON.stringify(one) : "");
    if (event && lit) this.moveTip(lit, event);
    else this.refs.tip.hidden = true;
    if (key(lit) === key(this.lit)) return;
    this.lit = lit;
    if (lit) this.askFor(lit.layer, lit.head, 120);
    this.lightSoon();
  }

  unpin() {
    this.pinned = null;
    this.several.clear();
  }

  // `adds`: the row joins those that are pinned already, or leaves them; what they see together is said.
  pin(lit, adds = false) {
    if (adds && lit && lit.row !== null) {
      if (this.pinned && this.pinned.row !== null) this.several.add(this.pinned.row);
      if (!this.several.delete(lit.row)) this.several.add(lit.row);
      const last = [...this.several].pop();
      this.pinned = last === undefined ? null : { row: last, column: null, lead: "row", label: true };
      this.lit = null;
      this.lightSoon();
      return;
    }
    this.several.clear();
    const same = lit && this.pinned && lit.row === this.pinned.row && lit.column === this.pinned.column;
    this.pinned = same ? null : lit;
    if (lit && !same && lit.row !== null && lit.label) this.tellToken(lit.row);
    if (lit && !same && lit.row !== null && lit.column !== null) this.cursor = { row: lit.row, column: lit.column };
    this.lightSoon();
  }

  moveTip(lit, event) {
    const { tip, root } = this.refs;
    const lines = tooltip(this.state, lit, this.picture.text);
    tip.replaceChildren(...lines.map((line) => element("div", { text: line })));
    tip.hidden = false;
    const frame = root.getBoundingClientRect();
    const x = event.clientX - frame.left;
    const y = event.clientY - frame.top;
    const left = x + 18 + tip.offsetWidth > frame.width ? x - tip.offsetWidth - 14 : x + 18;
    const top = y + 22 + tip.offsetHeight > frame.height ? y - tip.offsetHeight - 12 : y + 20;
    tip.style.transform = `translate(${Math.round(Math.max(0, left))}px, ${Math.round(Math.max(0, top))}px)`;
  }

  // -- keyboard ------------------------------------------------------------------------------------------------------
  markFocused(layer, head) {
    this.focused = { layer, head };
    for (const cell of this.refs.headCells) {
      const index = cell.layer === layer && cell.head === head ? "0" : "-1";
      cell.choose.setAttribute("tabindex", index);
      cell.toggle.setAttribute("tabindex", index);
    }
  }

  focusHead(layer, head, onSwitch = false) {
    this.markFocused(layer, head);
    const cell = this.refs.headCells.find((one) => one.layer === layer && one.head === head);
    (onSwitch ? cell.toggle : cell.choose).focus({ focusVisible: true });
  }

  cursorLit() {
    return { ...this.cursor, lead: "row", label: false, layer: this.state.layer, head: this.state.head };
  }

  moveCursor(row, column) {
    const { kind } = this.state;
    this.cursor = { row: clamp(row, 0, kind.rows - 1), column: clamp(column, 0, kind.columns - 1) };
    const zoom = showing(kind, this.state.zoom, this.cursor.row, this.cursor.column);
    if (zoom !== this.state.zoom) {
      this.state.zoom = zoom;
      this.paintSoon();
    }
    this.hover(this.cursorLit());
  }

  leaveMatrix() {
    if (this.pinned) this.pin(null);
    else this.focusHead(this.state.layer, this.state.head);
  }
}
