// The receptive field: layer over layer, what one output can see; or, pointing at an input, whom it reaches.

import { say } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { labelStyle } from "../../front/layout.js";
import { paintColumnLabel } from "../../front/matrix.js";
import { clamp } from "../../front/numbers.js";
import { CanvasPainter } from "../../front/painter.js";
import { shownIndices } from "../../front/zoom.js";

const MOST_DOTS = 40; // tokens drawn with lines between the layers; more become bars of cells

export class Field {
  constructor(lab) {
    this.lab = lab;
    const { body } = lab.refs.field;
    body.addEventListener("pointermove", (event) => lab.hover(this.hit(event)));
    body.addEventListener("pointerleave", () => lab.hover(null));
    body.addEventListener("click", (event) => {
      const hit = this.hit(event);
      if (hit && hit.row !== null) lab.chooseRow(hit.row);
    });
  }

  write() {
    const { refs, shot } = this.lab;
    say(refs.field.title, shot.text.field_title);
    refs.field.section.hidden = !shot.has("layers");
    this.masks = null;
  }

  // One mask a layer, from the inputs up.
  levels() {
    if (!this.masks) {
      const { shot } = this.lab;
      const [count, rows, columns] = shot.shape("layers");
      const all = shot.array("layers");
      this.masks = Array.from({ length: count }, (_, i) => all.subarray(i * rows * columns, (i + 1) * rows * columns));
    }
    return this.masks;
  }

  // Which positions at every level lie between the chosen output and what it sees; from above for a row, from below for an input.
  cone() {
    const { lab } = this;
    const { rows: size } = lab.shot.axes;
    const forward = Boolean(lab.lit && lab.lit.column !== null && (lab.lit.row === null || lab.lit.row === undefined));
    const masks = this.levels();
    const lit = Array.from({ length: masks.length + 1 }, () => new Uint8Array(size));
    if (forward) {
      lit[0][lab.lit.column] = 1;
      for (let level = 0; level < masks.length; level++) {
        for (let q = 0; q < size; q++) lit[level + 1][q] = lit[level][q] || anyOf(masks[level], lit[level], q, size);
      }
      return { lit, forward, at: lab.lit.column };
    }
    const row = lab.shownRow();
    lit[masks.length][row] = 1;
    for (let level = masks.length - 1; level >= 0; level--) {
      for (let q = 0; q < size; q++) {
        if (!lit[level + 1][q]) continue;
        lit[level][q] = 1;
        for (let k = 0; k < size; k++) if (masks[level][q * size + k]) lit[level][k] = 1;
      }
    }
    return { lit, forward, at: row };
  }

  layout(width, height) {
    const { theme, base, shot } = this.lab;
    const count = shot.axes.rows;
    const left = base * 5;
    const pitch = (width - left - base * 2.6) / count;
    const style = labelStyle(shot.axes.columnLabels, theme, pitch, clamp(pitch * 0.42, base * 0.72, base), base * 4);
    const levels = this.levels().length;
    const bottom = height - style.height - 4;
    this.box = { width, height, left, pitch, style, bottom, step: (bottom - base * 1.2) / levels };
    return this.box;
  }

  x(position) {
    return this.box.left + (position + 0.5) * this.box.pitch;
  }

  y(level) {
    return this.box.bottom - level * this.box.step - this.lab.base * 0.4;
  }

  draw() {
    const { lab, box } = this;
    const { refs, shot, theme, base } = lab;
    const { axes, text } = shot;
    const painter = CanvasPainter.on(refs.field.canvas, box.width, box.height, theme, lab.ratio);
    const masks = this.levels();
    const { lit, forward, at } = this.cone();
    const colour = forward ? theme.key : theme.query;
    const token = axes.rowLabels[at];
    say(refs.field.hint, fill(forward ? text.field_forward : text.field_backward, { token, position: at + 1 }));
    if (axes.rows <= MOST_DOTS) this.drawLines(painter, masks, lit, colour);
    const radius = clamp(box.pitch * 0.26, 1.5, base * 0.42);
    for (let level = 0; level <= masks.length; level++) {
      const name = level === 0 ? text.inputs : fill(text.layer_number, { number: level });
      painter.text(name, 0, this.y(level), { size: base * 0.9, colour: theme.muted });
      let reached = 0;
      for (let i = 0; i < axes.rows; i++) {
        const on = lit[level][i] === 1;
        reached += on ? 1 : 0;
        const future = shot.has_future && on && (forward ? level > 0 && i < at : level < masks.length && i > at);
        this.dot(painter, this.x(i), this.y(level), radius, on ? (future ? theme.alarm : colour) : theme.line);
      }
      painter.text(String(reached), box.width - base * 1.6, this.y(level), { size: base, weight: 700, colour: theme.ink });
    }
    const need = box.style.angle ? box.style.size * 1.15 : Math.min(box.style.room, box.pitch);
    for (const k of shownIndices(0, axes.rows, box.pitch, need)) {
      paintColumnLabel(painter, axes.columnLabels[k], box.style, theme, this.x(k), box.bottom + 6, {
        lit: lit[0][k] === 1, colour, unknown: axes.unknownColumns.has(k), below: true,
      });
    }
  }

  dot(painter, x, y, radius, colour) {
    painter.pill(x - radius, y - radius, 2 * radius, 2 * radius, radius, colour);
  }

  drawLines(painter, masks, lit, colour) {
    const { base, shot } = this.lab;
    const size = shot.axes.rows;
    masks.forEach((mask, level) => {
      for (let q = 0; q < size; q++) {
        if (!lit[level + 1][q]) continue;
        for (let k = 0; k < size; k++) {
          if (!lit[level][k] || (!mask[q * size + k] && q !== k)) continue;
          // A position keeps itself through the residual connection, also where the mask blocks it.
          painter.line(this.x(k), this.y(level) - base * 0.3, this.x(q), this.y(level + 1) + base * 0.3, colour, 1.3, mask[q * size + k] ? 0.42 : 0.2);
        }
      }
    });
  }

  hit(event) {
    if (!this.box || !this.masks) return null;
    const bounds = this.lab.refs.field.canvas.getBoundingClientRect();
    const position = Math.floor((event.clientX - bounds.left - this.box.left) / this.box.pitch);
    if (position < 0 || position >= this.lab.shot.axes.rows) return null;
    // Near the inputs one asks whom an input reaches, further up what an output sees.
    const below = event.clientY - bounds.top > this.y(0) - this.box.step / 2;
    return below ? { row: null, column: position } : { row: position, column: null };
  }
}

function anyOf(mask, lit, q, size) {
  for (let k = 0; k < size; k++) if (lit[k] && mask[q * size + k]) return 1;
  return 0;
}
