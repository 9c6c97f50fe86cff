// The lab: one shot of the server, what is hovered and chosen here, and when to lay out and draw.

import { say } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { clamp } from "../../front/numbers.js";
import { Line } from "../../front/line.js";
import { fadeFrom } from "../../front/motion.js";
import { Operations } from "../../front/operations.js";
import { pixelsOf } from "../../front/raster.js";
import { Shell } from "../../front/shell.js";
import { appearance, applyTheme, baseOf, ramp, readTheme } from "../../front/theme.js";
import { WHOLE, panned, showing, zoomed } from "../../front/zoom.js";
import { Bar } from "./bar.js";
import { buildLab, placeCards } from "./build.js";
import { expectedCells } from "./expected.js";
import { Field } from "./field.js";
import { Flow } from "./flow.js";
import { Formula } from "./formula.js";
import { Heads } from "./heads.js";
import { Outcome, writeVerdict } from "./outcome.js";
import { Paint } from "./paint.js";
import { Reach } from "./reach.js";
import { writeRowNumbers } from "./rownumbers.js";
import { Shot } from "./shot.js";
import { Padding, TakeAway } from "./side.js";

export class Lab extends Shell {
  constructor(host) {
    super(host, ".lab-place");
    this.refs = buildLab(this);
    this.root = this.refs.root;
    this.operations = new Operations();
    this.line = new Line({ since: () => this.arrivals.hosted, take: (bytes, since) => this.arrive(bytes, since) });
    this.operations.deliver = (message) => this.line.ask(message, {
      otherwise: () => this.connected && this.send("operations", message),
      settle: () => this.connected && !this.operations.busy && this.send("settled", this.shot.seq),
    });
    this.zoom = WHOLE;
    this.lit = this.size = this.laid = null;
    this.cursor = { row: 0, column: 0 };
    this.bar = new Bar(this);
    this.formula = new Formula(this);
    this.paint = new Paint(this);
    this.flow = new Flow(this);
    this.outcome = new Outcome(this);
    this.heads = new Heads(this);
    this.reach = new Reach(this);
    this.field = new Field(this);
    this.padding = new Padding(this);
    this.take = new TakeAway(this);
    this.refs.root.hidden = true;
    this.canvases = [
      [this.paint, this.refs.paint], [this.flow, this.refs.flow], [this.heads, this.refs.heads], [this.reach, this.refs.reach], [this.field, this.refs.field],
    ];
    new ResizeObserver(() => this.resized()).observe(this.refs.root);
    this.hearKeys((event) => this.shortcut(event));
  }

  // -- the server ----------------------------------------------------------------------------------------------------
  read(bytes, parsed) {
    return Shot.read(bytes, parsed);
  }

  show(shot) {
    const before = this.shot;
    // A run that began before the last direct answer knows nothing of it; the next one does.
    if (before && before.scope === shot.scope && shot.seq < before.seq) return;
    this.shot = shot;
    this.line.path = shot.line;
    this.operations.receive(shot);
    const painted = this.cells;
    this.cells = expectedCells(shot, this.operations.waiting);
    const sentence = JSON.stringify([shot.rows, shot.columns, shot.unknown_rows, shot.unknown_columns]);
    if (sentence !== this.sentence) {
      this.sentence = sentence;
      this.zoom = WHOLE;
      this.lit = null;
      this.row = this.position = null;
      this.cursor = { row: 0, column: 0 };
    } else {
      const { rowLabels, columnLabels } = before.axes;
      Object.assign(shot.axes, { rowLabels, columnLabels }); // the same lists, so that they are known to be measured
      if (before.target.kind !== shot.target.kind) this.row = this.position = null;
      else if (!this.paint.stroke) fadeFrom(this.refs.flow.canvas, this.refs.heads.canvas, this.refs.reach.canvas);
    }
    if (!before || !alike(painted, this.cells) || !shot.same("own", before)) this.paint.changed();
    if (shot.view !== this.view) placeCards(this.refs, (this.view = this.refs.root.dataset.view = shot.view));
    this.write();
    this.refs.root.hidden = false;
    this.place.dataset.state = "ready";
    this.layout();
    this.refs.root.dataset.drawn = String(shot.seq);
  }

  // Hand an operation to the server; returns its number.
  ask(op, values = {}) {
    const seq = this.operations.add({ op, ...values });
    this.busySoon();
    return seq;
  }

  busySoon() {
    clearTimeout(this.busyTimer);
    this.refs.root.dataset.busy = "false";
    if (this.operations.busy) this.busyTimer = setTimeout(() => (this.refs.root.dataset.busy = String(this.operations.busy)), 350);
  }

  // -- words, sizes, drawing -----------------------------------------------------------------------------------------
  write() {
    const { refs, shot } = this;
    if (refs.root.lang !== shot.language) refs.root.lang = shot.language;
    refs.root.setAttribute("aria-label", shot.text.title);
    say(refs.busy, shot.text.computing);
    for (const part of [this.bar, this.formula, this.paint, this.flow, this.outcome, this.heads, this.reach, this.field, this.padding, this.take]) part.write();
    writeVerdict(this);
    this.busySoon();
  }

  // After the browser has laid out the page, so that asking costs nothing.
  resized() {
    const before = this.size;
    this.measureSize();
    if (this.size !== before) this.layout();
  }

  measureSize() {
    const width = this.refs.root.clientWidth;
    this.size = width ? `${width}×${window.devicePixelRatio}` : "";
    this.wide = width >= 900;
  }

  retheme() {
    this.theme = null;
    this.paint.changed();
    this.flow.parts = this.heads.tiles = this.reach.drawn = null;
    this.layout();
  }

  layout() {
    const { refs, shot } = this;
    if (this.size === null) this.measureSize();
    if (!shot || !this.size) return;
    if (!this.theme) {
      this.theme = readTheme(this.place, shot.theme);
      this.appeared = appearance(this.place);
      this.theme.differencePixels = pixelsOf(ramp(this.theme.difference));
      applyTheme(refs.root, this.theme);
    }
    const open = this.canvases.filter(([, { section }]) => !section.hidden && section.isConnected);
    const bodies = open.map(([, { body }]) => body);
    // What decides the room that there is, so that from one painted cell to the next nobody need ask for it.
    const laid = JSON.stringify([this.size, this.appeared, shot.view, shot.language, this.sentence, shot.heads, open.length]);
    const fresh = laid !== this.laid;
    if (fresh) {
      this.laid = laid;
      this.ratio = window.devicePixelRatio || 1;
      this.base = baseOf(refs.root, this.theme);
      refs.root.dataset.width = this.wide ? "wide" : "narrow";
      for (const body of bodies) body.style.minHeight = "";
      this.rowWidth = refs.row.clientWidth;
    }
    writeRowNumbers(this);
    // All sizes are read together: each that is asked for after a change makes the browser lay out the page again.
    const sizes = () => bodies.map((body) => [body.clientWidth, body.clientHeight]);
    const rooms = sizes();
    let grows = fresh; // what a picture needs is known when it was laid out once
    open.forEach(([part, { body }], i) => {
      const height = Math.ceil(part.layout(this.widthFor(part, rooms[i][0]), rooms[i][1]).height);
      if (height <= rooms[i][1]) return;
      body.style.minHeight = `${height}px`;
      grows = true;
    });
    // A card is as high as the one beside it, and what is drawn in it fills it.
    if (grows) {
      sizes().forEach(([width, height], i) => {
        if (width !== rooms[i][0] || height !== rooms[i][1]) open[i][0].layout(this.widthFor(open[i][0], width), height);
      });
    }
    for (const [part] of open) part.draw();
  }

  // Six pictures in a row cannot be read in a phone's width: they scroll.
  widthFor(part, width) {
    return part === this.flow ? Math.max(width, 38 * this.base) : width;
  }

  drawSoon() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      for (const [part, { section }] of this.canvases) if (!section.hidden && section.isConnected && part !== this.heads) part.draw();
      writeRowNumbers(this);
    });
  }

  // -- what is pointed at and chosen ---------------------------------------------------------------------------------
  hover(hit) {
    const key = JSON.stringify(hit);
    if (key === this.litKey) return;
    this.litKey = key;
    this.lit = hit;
    this.drawSoon();
  }

  // The row whose numbers are printed: the one pointed at, the one chosen, else the one with the largest change.
  shownRow() {
    const { shot } = this;
    const pointed = this.lit ? this.lit.row ?? null : null;
    return clamp(pointed ?? this.row ?? shot.telling_row, 0, shot.axes.rows - 1);
  }

  shownPosition() {
    const { shot } = this;
    return clamp(this.position ?? shot.telling_position, 0, Math.max(0, shot.steps.length - 1));
  }

  chooseRow(row) {
    this.row = row;
    if (this.shot.target.kind !== "encoder_self") this.position = row;
    this.outcome.choose(this.shownPosition());
    this.drawSoon();
  }

  choosePosition(position) {
    this.position = position;
    if (this.shot.target.kind !== "encoder_self") this.row = position;
    this.outcome.choose(position);
    this.drawSoon();
  }

  // -- keyboard and zoom ---------------------------------------------------------------------------------------------
  shortcut(event) {
    const focused = event.composedPath()[0];
    const typing = focused instanceof HTMLElement && (focused.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(focused.tagName));
    if (!this.shot || typing || event.altKey || !(event.ctrlKey || event.metaKey)) return;
    const key = event.key.toLowerCase();
    const redo = key === "y" || (key === "z" && event.shiftKey);
    if (!redo && key !== "z") return;
    event.preventDefault();
    this.ask(redo ? "redo" : "undo");
    this.cells = expectedCells(this.shot, this.operations.waiting);
    this.paint.changed();
    this.paint.draw();
  }

  moveCursor(row, column) {
    this.cursor = { row, column };
    this.zoom = showing(this.shot.axes, this.zoom, row, column);
    this.hover({ row, column });
  }

  // What a screen reader hears of the cell under the cursor.
  say() {
    const { row, column } = this.cursor;
    const { axes, text } = this.shot;
    const state = this.cells[row * axes.columns + column] ? text.visible : text.blocked;
    this.refs.spoken.textContent = fill(text.cell_said, { row: row + 1, query: axes.rowLabels[row], column: column + 1, key: axes.columnLabels[column], state });
  }

  zoomStep(name) {
    if (name === "zoom_reset") this.zoom = WHOLE;
    else this.zoomAt(name === "zoom_in" ? 1.6 : 1 / 1.6, 0.5, 0.5);
    this.drawSoon();
  }

  zoomAt(factor, fx, fy) {
    this.zoom = zoomed(this.shot.axes, this.paint.box, this.zoom, factor, fx, fy);
    this.drawSoon();
  }

  pan(dx, dy, cells) {
    this.zoom = panned(this.shot.axes, this.zoom, dx, dy, cells);
    this.drawSoon();
  }
}

function alike(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
