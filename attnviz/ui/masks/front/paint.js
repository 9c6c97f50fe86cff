// The mask matrix: click, drag, labels, keyboard. A cell changes in the frame of the event; the server hears of it after.

import { element, refill, say } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { paintCrossing } from "../../front/light.js";
import { hitMatrix, paintColumnLabels, paintRowLabels } from "../../front/matrix.js";
import { clamp } from "../../front/numbers.js";
import { CanvasPainter } from "../../front/painter.js";
import { rgba } from "../../front/raster.js";
import { parseColour } from "../../front/theme.js";
import { Tiles } from "../../front/tiles.js";
import { mostZoom, wheelled, windowOf } from "../../front/zoom.js";
import { fillAreas } from "./expected.js";
import { paintTiles } from "./tiles.js";
import { wholeMatrix } from "./whole.js";

export class Paint {
  constructor(lab) {
    this.lab = lab;
    this.stroke = null;
    this.strokes = Math.floor(Math.random() * 2 ** 30);
    this.zoomTools = element("div", { class: "zoom", role: "group" });
    for (const [name, sign] of [["zoom_in", "+"], ["zoom_out", "−"], ["zoom_reset", "⤢"]]) {
      this.zoomTools.append(element("button", { type: "button", class: "tool", text: sign, "data-name": name, click: () => lab.zoomStep(name) }));
    }
    this.legend = element("span", { class: "legend" });
    lab.refs.paint.tools.append(this.legend);
    lab.refs.paint.line.append(this.zoomTools);
    const { surface } = lab.refs;
    surface.addEventListener("pointerdown", (event) => this.down(event));
    surface.addEventListener("pointermove", (event) => this.move(event));
    surface.addEventListener("pointerup", () => this.up());
    surface.addEventListener("pointercancel", () => this.up());
    surface.addEventListener("pointerleave", () => !this.stroke && lab.hover(null));
    surface.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    surface.addEventListener("contextmenu", (event) => this.stroke && event.preventDefault());
    surface.addEventListener("keydown", (event) => this.key(event));
    surface.addEventListener("focus", () => lab.hover(lab.cursor));
  }

  write() {
    const { refs, shot } = this.lab;
    const { text } = shot;
    say(refs.paint.title, `① ${text.paint_title}`);
    say(refs.paint.hint, text.paint_hint);
    refs.paint.hint.title = text.paint_keys;
    refs.surface.setAttribute("aria-label", fill(text.paint_label, { rows: shot.axes.rows, columns: shot.axes.columns }));
    refill(this.legend, [text.key_visible, text.key_blocked, text.key_painted, text.differs], () => [
      element("i", { class: "key-visible" }), element("span", { text: text.key_visible }),
      element("i", { class: "key-blocked" }), element("span", { text: text.key_blocked }),
      element("i", { class: "key-painted" }), element("span", { text: text.key_painted, title: text.differs }),
    ]);
    for (const button of this.zoomTools.children) {
      button.title = text[button.dataset.name];
      button.setAttribute("aria-label", text[button.dataset.name]);
    }
  }

  // A square-ish field of cells, as large as its card allows.
  layout(width, height) {
    const { lab } = this;
    const fits = `${lab.laid} ${width}×${height}`;
    if (fits !== this.fits) {
      this.fits = fits;
      this.box = wholeMatrix(lab.shot.axes, { x: 0, y: 0, w: width, h: height }, lab.theme, lab.base, lab.ratio);
    }
    this.zoomTools.hidden = mostZoom(this.box) < 1.7;
    return { width, height };
  }

  tiles() {
    const { lab } = this;
    const { shot, theme, cells } = lab;
    const own = shot.array("own");
    const [seen, opened] = [rgba(theme.visibleRgb), rgba(parseColour(theme.alarm_fill))];
    const [blocked, marked] = [0, 1].map(() => new Uint8Array(cells.length));
    const pixels = new Uint32Array(cells.length);
    for (let i = 0; i < cells.length; i++) {
      blocked[i] = 1 - cells[i];
      marked[i] = cells[i] === own[i] ? 0 : 1;
      if (cells[i]) pixels[i] = marked[i] ? opened : seen;
    }
    return new Tiles({ ...shot.axes, values: cells, blocked, marked, pixels });
  }

  draw() {
    const { lab, box } = this;
    const { refs, shot, theme } = lab;
    if (!refs.paint.section.isConnected) return;
    const tiles = (this.drawn ||= this.tiles());
    const { row = null, column = null } = lab.lit || {};
    const now = [tiles, box, theme, lab.zoom, row, column];
    if (this.shown && now.every((one, i) => one === this.shown[i])) return; // the server confirmed what was painted
    this.shown = now;
    const painter = CanvasPainter.on(refs.paint.canvas, box.box.w, box.box.h, theme, lab.ratio);
    const part = windowOf(shot.axes, lab.zoom);
    paintTiles(painter, tiles, box.cells, part, theme);
    paintRowLabels(painter, shot.axes, box, part, theme, row);
    paintColumnLabels(painter, shot.axes, box, part, theme, column);
    paintCrossing(painter, box.cells, part, row, column, theme);
  }

  changed() {
    this.drawn = null;
  }

  // -- pointer -------------------------------------------------------------------------------------------------------
  place(event) {
    const bounds = this.lab.refs.surface.getBoundingClientRect();
    return [event.clientX - bounds.left, event.clientY - bounds.top];
  }

  hit(event, inside = false) {
    const [x, y] = this.place(event);
    const { cells } = this.box;
    const into = inside ? [clamp(x, cells.x, cells.x + cells.w - 0.01), clamp(y, cells.y, cells.y + cells.h - 0.01)] : [x, y];
    return hitMatrix(this.box, this.lab.shot.axes, this.lab.zoom, ...into);
  }

  down(event) {
    if (event.button !== 0 || this.stroke) return;
    const hit = this.hit(event);
    if (!hit) return;
    const { surface } = this.lab.refs;
    surface.setPointerCapture(event.pointerId);
    surface.dataset.pointer = "true"; // the focus ring is for the keyboard
    surface.focus({ preventScroll: true });
    event.preventDefault();
    if (hit.row !== null && hit.column !== null) this.lab.cursor = hit;
    const mode = hit.row === null ? "column" : hit.column === null ? "row" : "cell";
    const visible = this.opens(this.area(hit, hit, mode), mode);
    this.stroke = { id: this.strokes++, mode, visible, last: hit };
    this.reach(hit);
  }

  move(event) {
    if (!this.stroke) {
      this.lab.hover(this.hit(event));
      return;
    }
    const passed = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const one of passed.length ? passed : [event]) this.reach(this.hit(one, true));
  }

  up() {
    if (!this.stroke) return;
    this.stroke = null;
    this.lab.operations.send(false);
  }

  // A drag is a line from cell to cell, however far apart two events are.
  reach(to) {
    const { stroke, lab } = this;
    const from = stroke.last;
    const areas = [];
    if (stroke.mode === "cell") for (const cell of lineOfCells(from, to)) areas.push(...this.area(cell, cell, "cell"));
    else areas.push(...this.area(from, to, stroke.mode));
    stroke.last = stroke.mode === "cell" ? to : { row: to.row ?? from.row, column: to.column ?? from.column };
    lab.hover(to);
    this.fill(this.restored(areas, stroke), stroke.visible, stroke.id);
  }

  area(from, to, mode) {
    const { rows, columns } = this.lab.shot.axes;
    const span = (a, b) => [Math.min(a, b), Math.max(a, b)];
    if (mode === "row") return [...span(from.row, to.row), 0, columns - 1];
    if (mode === "column") return [0, rows - 1, ...span(from.column, to.column)];
    return [to.row, to.row, to.column, to.column];
  }

  wholly([top, bottom, left, right]) {
    const { cells, shot } = this.lab;
    for (let q = top; q <= bottom; q++) {
      for (let k = left; k <= right; k++) if (!cells[q * shot.axes.columns + k]) return false;
    }
    return true;
  }

  // A cell is turned over. A label blocks first: opening a column of a causal mask would show the future by accident.
  opens(area, mode) {
    return mode === "cell" ? !this.wholly(area) : !this.some(area);
  }

  some(area) {
    const { lab } = this;
    const { columns } = lab.shot.axes;
    for (let q = area[0]; q <= area[1]; q++) {
      for (let k = area[2]; k <= area[3]; k++) if (lab.cells[q * columns + k]) return true;
    }
    return false;
  }

  // A label that opens gives its row or column back as the model has it; all of it where the model has nothing there.
  restored(areas, { mode, visible }) {
    return mode === "cell" || !visible ? areas : ownParts(areas, this.lab.shot.array("own"), this.lab.shot.axes.columns);
  }

  fill(areas, visible, stroke) {
    const { lab } = this;
    const { columns } = lab.shot.axes;
    const changing = [];
    for (let i = 0; i < areas.length; i += 4) {
      const area = areas.slice(i, i + 4);
      const value = visible ? 1 : 0;
      let changes = false;
      for (let q = area[0]; q <= area[1] && !changes; q++) {
        for (let k = area[2]; k <= area[3] && !changes; k++) changes = lab.cells[q * columns + k] !== value;
      }
      if (changes) {
        fillAreas(lab.cells, columns, area, visible);
        changing.push(...area);
      }
    }
    if (!changing.length) return;
    lab.ask("paint", { areas: changing, visible, stroke }); // the server is at it while the cell is drawn here
    this.changed();
    this.draw();
  }

  // -- wheel and keyboard --------------------------------------------------------------------------------------------
  wheel(event) {
    const { lab } = this;
    const zoomedIn = lab.zoom.zoom > 1;
    if (this.zoomTools.hidden || (!event.ctrlKey && !zoomedIn)) return;
    event.preventDefault();
    const { cells } = this.box;
    const [x, y] = this.place(event);
    const { dx, dy, factor } = wheelled(event);
    if (factor === 1) lab.pan(dx, dy, cells);
    else lab.zoomAt(factor, clamp((x - cells.x) / cells.w, 0, 1), clamp((y - cells.y) / cells.h, 0, 1));
  }

  key(event) {
    const { lab } = this;
    const { rows, columns } = lab.shot.axes;
    const at = lab.cursor;
    const page = Math.max(1, Math.floor(windowOf(lab.shot.axes, lab.zoom).rows) - 1);
    const moves = {
      ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -columns], End: [0, columns],
      PageUp: [-page, 0], PageDown: [page, 0],
    };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    lab.refs.surface.dataset.pointer = "false";
    if (event.key in moves) {
      const [dq, dk] = moves[event.key];
      const next = { row: clamp(at.row + dq, 0, rows - 1), column: clamp(at.column + dk, 0, columns - 1) };
      // Shift drags the cell's own state along, as a pressed mouse button would.
      if (event.shiftKey) this.paintOnce(next, "cell", Boolean(lab.cells[at.row * columns + at.column]));
      lab.moveCursor(next.row, next.column);
    } else if (event.key === " " || event.key === "Enter") this.paintOnce(at, "cell");
    else if (event.key === "r" || event.key === "R") this.paintOnce(at, "row");
    else if (event.key === "c" || event.key === "C") this.paintOnce(at, "column");
    else if (event.key === "+" || event.key === "-") lab.zoomStep(event.key === "+" ? "zoom_in" : "zoom_out");
    else return;
    event.preventDefault();
    event.stopPropagation(); // R and C are shortcuts of Streamlit's, too
    lab.say();
  }

  paintOnce(at, mode, visible = null) {
    const area = this.area(at, at, mode);
    const opens = visible ?? this.opens(area, mode);
    this.fill(this.restored(area, { mode, visible: opens }), opens, this.strokes++);
  }
}

// The runs of cells, as areas, that are visible in the model's own mask; the areas themselves where none is.
export function ownParts(areas, own, columns) {
  const found = [];
  for (let i = 0; i < areas.length; i += 4) {
    for (let q = areas[i]; q <= areas[i + 1]; q++) {
      for (let k = areas[i + 2]; k <= areas[i + 3]; k++) {
        if (!own[q * columns + k]) continue;
        const first = k;
        while (k < areas[i + 3] && own[q * columns + k + 1]) k++;
        found.push(q, q, first, k);
      }
    }
  }
  return found.length ? found : areas;
}

// Every cell on the straight line between two cells, both included (Bresenham).
function lineOfCells(from, to) {
  const found = [];
  let { row, column } = from;
  const dr = Math.abs(to.row - row);
  const dc = Math.abs(to.column - column);
  const [sr, sc] = [row < to.row ? 1 : -1, column < to.column ? 1 : -1];
  let error = dc - dr;
  for (;;) {
    found.push({ row, column });
    if (row === to.row && column === to.column) return found;
    const twice = 2 * error;
    if (twice > -dr) {
      error -= dr;
      column += sc;
    }
    if (twice < dc) {
      error += dc;
      row += sr;
    }
  }
}
