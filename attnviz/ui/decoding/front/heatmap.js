// A head's weights on a canvas: a row is a query, a column a key; the future is hatched, what is not there yet is empty.
// what: {rows: [{from, to, weights, visible}], columns, unknown, lit, marks(q, k), band(k)}

import { paintCells, paintTexts } from "../../front/cells.js";
import { fill, fitted, fontOf, printable, textWidth, widest } from "../../front/labels.js";
import { clamp, numberText, weightShort } from "../../front/numbers.js";
import { CanvasPainter } from "../../front/painter.js";
import { rgba } from "../../front/raster.js";
import { shade, usualScale } from "../../front/scale.js";
import { parseColour } from "../../front/theme.js";
import { Tiles } from "../../front/tiles.js";

const LEAST_ROWS = 6;
const LEAST_COLUMNS = 5;
const LEAST_PICTURE = [800, 600];
const MARGIN = 24;
const HEADING = 56;
const PRINT = 2; // pixels a unit

export class HeatMap {
  constructor(canvas, tip) {
    this.canvas = canvas;
    this.tip = tip;
    this.hovered = null;
    canvas.addEventListener("pointermove", (event) => this.hover(event));
    canvas.addEventListener("pointerleave", () => this.hover(null));
    canvas.addEventListener("click", (event) => {
      const cell = this.cellAt(event);
      if (cell && this.onRow) this.onRow(cell.row);
    });
  }

  draw(what, theme, words) {
    Object.assign(this, { what, theme, words });
    const host = this.canvas.parentElement;
    const [width, height] = [host.clientWidth, host.clientHeight];
    if (!width || !height) return;
    const painter = CanvasPainter.on(this.canvas, width, height, theme, window.devicePixelRatio || 1);
    this.layout(width, height);
    this.paint(painter);
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", this.spoken());
  }

  // The same as a picture for print, under its title: as large as its cells like, whatever room the card has.
  picture(title) {
    const { theme, canvas } = this;
    const host = canvas.parentElement;
    const [width, height] = [Math.max(LEAST_PICTURE[0], host.clientWidth), Math.max(LEAST_PICTURE[1], host.clientHeight)];
    const sheet = document.createElement("canvas");
    const painter = CanvasPainter.on(sheet, width + 2 * MARGIN, height + HEADING + MARGIN, theme, PRINT);
    painter.rect(0, 0, width + 2 * MARGIN, height + HEADING + MARGIN, theme.surface);
    painter.text(title, MARGIN, HEADING / 2, { size: 18, weight: 650, colour: theme.ink });
    painter.c.translate(MARGIN, HEADING);
    this.hovered = null;
    this.layout(width, height);
    this.paint(painter);
    this.layout(host.clientWidth, host.clientHeight); // where the pointer finds its cells
    return sheet;
  }

  layout(width, height) {
    const { what, theme } = this;
    const size = clamp(Math.round(width / 36), Math.max(12, theme.least), Math.max(17, 1.2 * theme.least));
    const font = fontOf(theme, size);
    const fromRoom = Math.min(width * 0.2, widest(what.rows.map((row) => printable(row.from)), font));
    const toRoom = Math.min(width * 0.2, widest(what.rows.map((row) => printable(row.to ?? "")), fontOf(theme, size, 600)));
    const arrow = toRoom ? textWidth(" → ", font) : 0;
    const left = Math.ceil(fromRoom + arrow + toRoom + 10);
    const labels = what.columns.map(printable);
    const rows = Math.max(LEAST_ROWS, what.rows.length);
    const columns = Math.max(LEAST_COLUMNS, labels.length);
    const bandHeight = what.band ? Math.round(Math.max(size * 1.75, 2.1 * theme.least)) : 0;
    const cw = Math.min(theme.least ? 140 : 92, (width - left - 4) / columns);
    const longest = widest(labels, font);
    const flat = longest <= cw - 4;
    const lean = flat ? size * 1.6 : Math.min(height * 0.26, longest * Math.sin(1) + size);
    const top = Math.ceil(lean + bandHeight + 4);
    const ch = Math.min(theme.least ? 90 : 58, cw * 1.05 < 20 ? 20 : Math.max(24, cw * 0.9), (height - top - 4) / rows);
    Object.assign(this, { size, fromRoom, toRoom, arrow, left, top, cw, ch, flat, bandHeight, leanRoom: lean, labels });
  }

  // The rows so far; what a query cannot see is hatched.
  tiles() {
    const { what, theme, labels } = this;
    const [rows, columns] = [what.rows.length, labels.length];
    const values = new Float32Array(rows * columns);
    const blocked = new Uint8Array(rows * columns);
    what.rows.forEach((row, q) => {
      for (let k = 0; k < columns; k++) {
        if (k < row.visible) values[q * columns + k] = row.weights[k];
        else blocked[q * columns + k] = 1;
      }
    });
    const scale = usualScale(Math.max(rows, what.whole ?? 0), columns);
    const nan = rgba(parseColour(theme.alarm_fill));
    return new Tiles({
      rows, columns, values, blocked, paint: (weight) => (Number.isNaN(weight) ? nan : theme.pixels[shade(weight, scale)]),
      write: (weight) => numberText(weight), short: weightShort, heavy: (weight) => weight >= 0.3,
    });
  }

  paint(painter) {
    const { what, theme, left, top, cw, ch, size } = this;
    const tiles = this.tiles();
    if (tiles.values.length) {
      const box = { x: left, y: top, w: cw * tiles.columns, h: ch * tiles.rows };
      const part = { left: 0, top: 0, columns: tiles.columns, rows: tiles.rows };
      paintCells(painter, tiles, box, part, theme, { fine: cw < 16, lattice: true });
      paintTexts(painter, tiles, box, part, theme, { largest: 16 });
    }
    const gap = cw > 12 && ch > 10 ? 1 : 0;
    what.rows.forEach((row, q) => {
      const y = top + q * ch;
      for (let k = 0; what.marks && k < Math.min(row.visible, this.labels.length); k++) this.mark(painter, what.marks(q, k), left + k * cw, y, cw - gap, ch - gap);
      this.rowLabel(painter, row, q, y + ch / 2);
    });
    for (let q = what.rows.length; q < LEAST_ROWS; q++) painter.line(left, top + (q + 0.5) * ch, left + this.labels.length * cw, top + (q + 0.5) * ch, theme.line, 1, 1, [2, 5]);
    this.labels.forEach((label, k) => this.columnLabel(painter, label, k));
    if (what.band) this.band(painter);
    if (what.lit !== null && what.lit !== undefined && what.lit < what.rows.length) {
      painter.frame(left - 1.5, top + what.lit * ch - 1.5, this.labels.length * cw + 2, ch + 2, theme.query, 3, 3);
    }
    if (this.hovered) {
      const { row, column } = this.hovered;
      if (column !== null) painter.frame(left + column * cw + 0.5, top + row * ch + 0.5, cw - 2, ch - 2, theme.key, 2.5, 2);
    }
    if (size > 0 && this.labels.length === 0) painter.text("–", left, top, { size, colour: theme.muted });
  }

  rowLabel(painter, row, q, y) {
    const { theme, left } = this;
    const size = Math.max(theme.least, clamp(this.ch * 0.94, 10, this.size));
    const every = Math.ceil((size * 1.02) / this.ch);
    const lit = q === this.what.lit;
    if (!lit && (q % every || Math.abs(q - this.what.lit) < every)) return;
    let x = left - 6;
    if (this.toRoom && row.to) {
      const heavy = fontOf(theme, size, 600);
      const text = fitted(printable(row.to), this.toRoom, heavy);
      painter.text(text, x, y, { size, colour: row.alarm ? theme.alarm : theme.ink, weight: 600, align: "right" });
      x -= this.toRoom;
      painter.text(" → ", x, y, { size, colour: theme.muted, align: "right" });
      x -= this.arrow;
    }
    const text = fitted(printable(row.from), this.fromRoom + 4, fontOf(theme, size));
    painter.text(text, x, y, { size, colour: lit ? theme.query : theme.muted, weight: lit ? 700 : 400, align: "right" });
  }

  columnLabel(painter, label, k) {
    const { theme, size, left, top, cw, bandHeight } = this;
    const x = left + (k + 0.5) * cw;
    const base = top - bandHeight - 4;
    const lit = this.hovered?.column === k;
    const colour = lit ? theme.key : this.what.unknown?.includes(k) ? theme.alarm : theme.ink;
    if (this.flat) painter.text(label, x, base - size * 0.7, { size, colour, weight: lit ? 700 : 400, align: "center" });
    else if (cw >= size * 0.95 || k % Math.ceil((size * 1.05) / cw) === 0) {
      painter.text(fitted(label, this.leanRoom * 1.15, fontOf(theme, size)), x, base - 2, { size, colour, align: "left", angle: -1 });
    }
  }

  // Above the columns: the key and the value of each, filled when this step computes it, an outline when it is reused.
  band(painter) {
    const { theme, left, top, cw, bandHeight, what } = this;
    const h = (bandHeight - 4) / 2;
    this.labels.forEach((_, k) => {
      const state = what.band(k);
      if (!state) return;
      [[theme.key, 0], [theme.value, 1]].forEach(([colour, line]) => {
        const [x, y, w] = [left + k * cw + 1.5, top - bandHeight + line * (h + 1.5), cw - 4];
        if (state === "computed") painter.pill(x, y, w, h, 2, colour);
        else {
          painter.pill(x, y, w, h, 2, colour, 0.16);
          painter.frame(x + 0.75, y + 0.75, w - 1.5, h - 1.5, colour, 1.5, 2);
        }
      });
    });
    if (left > 40) {
      const size = Math.max(theme.least, clamp(h * 1.15, 8, 12));
      painter.text("K", left - 7, top - bandHeight + h / 2, { size, colour: theme.key, weight: 700, align: "right" });
      painter.text("V", left - 7, top - bandHeight + h * 1.5 + 1.5, { size, colour: theme.value, weight: 700, align: "right" });
    }
  }

  mark(painter, mark, x, y, w, h) {
    if (!mark) return;
    const { theme } = this;
    if (Math.min(w, h) < 21) {
      // Too small for outlines: computed cells are filled, reused ones get two specks.
      const [part, top] = mark === "computed" ? [w / 2, y] : [Math.min(3, w / 4), y + h - Math.min(3, w / 4) - 1];
      const height = mark === "computed" ? h : part;
      const left = mark === "computed" ? x : x + 1.5;
      painter.rect(left, top, part, height, theme.key);
      painter.rect(left + part, top, part, height, theme.value);
      return;
    }
    const size = clamp(Math.min(w, h) * 0.3, 4, 11);
    [[theme.key, 0], [theme.value, 1]].forEach(([colour, place]) => {
      const left = x + 2 + place * (size + 2);
      if (mark === "computed") {
        painter.pill(left - 0.5, y + 1.5, size + 1, size + 1, 2, theme.surface);
        painter.pill(left, y + 2, size, size, 2, colour);
      } else {
        painter.pill(left - 0.5, y + 1.5, size + 1, size + 1, 2, theme.surface);
        painter.frame(left + 0.75, y + 2.75, size - 1.5, size - 1.5, colour, 1.5, 2);
      }
    });
  }

  cellAt(event) {
    if (!this.what || !this.cw) return null;
    const box = this.canvas.getBoundingClientRect();
    const row = Math.floor((event.clientY - box.top - this.top) / this.ch);
    const column = Math.floor((event.clientX - box.left - this.left) / this.cw);
    if (row < 0 || row >= this.what.rows.length || column >= this.labels.length) return null;
    return { row, column: column < 0 ? null : column };
  }

  hover(event) {
    const cell = event && this.cellAt(event);
    if (JSON.stringify(cell) === JSON.stringify(this.hovered)) return;
    this.hovered = cell;
    if (this.what) this.draw(this.what, this.theme, this.words);
    this.tip.hidden = !cell || cell.column === null;
    if (this.tip.hidden) return;
    const row = this.what.rows[cell.row];
    const seen = cell.column < row.visible;
    this.tip.textContent = fill(seen ? this.words.cell_weight : this.words.cell_blocked, {
      query: printable(row.from), key: this.labels[cell.column], weight: seen ? numberText(row.weights[cell.column], 4) : "",
    });
    const host = this.canvas.parentElement;
    const x = this.left + (cell.column + 0.5) * this.cw;
    this.tip.style.left = `${clamp(x - this.tip.offsetWidth / 2, 0, Math.max(0, host.clientWidth - this.tip.offsetWidth))}px`;
    const y = this.top + cell.row * this.ch;
    this.tip.style.top = `${y > 40 ? y - 36 : y + this.ch + 6}px`;
  }

  spoken() {
    const { rows, lit } = this.what;
    const at = rows[lit ?? rows.length - 1];
    if (!at) return "";
    const order = Array.from(at.weights.slice(0, at.visible), (w, k) => [w, k]).sort((a, b) => b[0] - a[0]).slice(0, 3);
    return `${at.from} → ${order.map(([w, k]) => `${this.labels[k]} ${numberText(w)}`).join(", ")}`;
  }
}
