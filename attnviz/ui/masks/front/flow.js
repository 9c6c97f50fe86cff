// One head's computation, left to right: scores → masked scores → weights → output → prediction. Rows stay in line.

import { say } from "../../front/dom.js";
import { fill, fitted, fontOf, printable, textWidth } from "../../front/labels.js";
import { flatter, labelStyle, labelsWidth } from "../../front/layout.js";
import { paintCrossing } from "../../front/light.js";
import { paintColumnLabels, paintRowLabels } from "../../front/matrix.js";
import { bare, clamp, numberText, probabilityText, shortText } from "../../front/numbers.js";
import { CanvasPainter } from "../../front/painter.js";
import { rgba } from "../../front/raster.js";
import { shade, usualScale } from "../../front/scale.js";
import { parseColour } from "../../front/theme.js";
import { Tiles } from "../../front/tiles.js";
import { shownIndices, windowOf } from "../../front/zoom.js";
import { Choice } from "./build.js";
import { movedBy } from "./reach.js";
import { paintTiles } from "./tiles.js";

export class Flow {
  constructor(lab) {
    this.lab = lab;
    const { body } = lab.refs.flow;
    body.addEventListener("pointermove", (event) => lab.hover(this.hit(event)));
    body.addEventListener("pointerleave", () => lab.hover(null));
    body.addEventListener("click", (event) => this.choose(event));
    this.heads = new Choice((value) => lab.ask("look", { kind: lab.shot.target.kind, layer: Math.floor(value / 4096), head: value % 4096 }));
    lab.refs.flow.tools.append(this.heads.node);
  }

  write() {
    const { refs, shot } = this.lab;
    const { text, target, look } = shot;
    const layers = shot.kinds.find(({ kind }) => kind === target.kind).layers;
    const options = [];
    for (let layer = 0; layer < layers; layer++) {
      for (let head = 0; head < shot.heads; head++) options.push([String(layer * 4096 + head), fill(text.head_name, { layer: layer + 1, head: head + 1 })]);
    }
    say(refs.flow.title, text.flow_title);
    say(refs.flow.hint, text[`flow_${shot.how.replaceAll("-", "_")}`]);
    this.heads.write(text.look_help, options, String(look.layer * 4096 + look.head));
    this.parts = null;
  }

  // What is drawn, from left to right.
  blocks() {
    if (this.parts) return this.parts;
    const { shot, theme } = this.lab;
    const { text } = shot;
    const { rows, columns } = shot.axes;
    const mask = shot.has("look_mask") ? shot.array("look_mask") : shot.array("mask");
    const scores = shot.array("scores");
    const weights = shot.array("weights");
    const output = shot.array("head_output");
    const scorePixels = signedPixels(scores, theme);
    const weightPixels = pixelsOfWeights(weights, theme, usualScale(rows, columns));
    const maskedPixels = scorePixels.slice();
    const replaced = shot.blocked_score;
    const instead = Number(replaced);
    const [blocked, gone, leaking] = [0, 1, 2].map(() => new Uint8Array(mask.length)); // leaking: blocked, and yet it weighs
    const masked = replaced === null ? scores : scores.slice();
    for (let i = 0; i < mask.length; i++) {
      if (mask[i]) continue;
      blocked[i] = 1;
      maskedPixels[i] = 0;
      if (replaced !== null) masked[i] = instead;
      if (weights[i] === 0) {
        gone[i] = 1;
        weightPixels[i] = 0;
      } else leaking[i] = 1;
    }
    this.parts = [
      { id: "scores", title: `② ${text.scores}`, tiles: new Tiles({ rows, columns, values: scores, pixels: scorePixels, write: shortText }) },
      {
        id: "masked", title: `③ ${text.masked_scores}`,
        tiles: new Tiles({ rows, columns, values: masked, pixels: maskedPixels, blocked, hatchNumbers: true, write: shortText }),
      },
      {
        id: "weights", title: `④ ${text.weights}`, sums: shot.array("row_sums"), sinks: shot.has("sinks") ? shot.array("sinks") : null,
        tiles: new Tiles({
          rows, columns, values: weights, pixels: weightPixels, blocked: gone, marked: leaking,
          write: (v) => bare(numberText(v)),
        }),
      },
      { id: "output", title: `⑤ ${text.output}`, tiles: new Tiles({ rows, columns: shot.shape("head_output")[1], values: output, pixels: signedPixels(output, theme) }) },
    ];
    return this.parts;
  }

  layout(width, height) {
    const { lab } = this;
    const { theme, base } = lab;
    const { axes, steps, target, text } = lab.shot;
    const blocks = this.blocks();
    const size = clamp((height / axes.rows) * 0.4, base * (theme.least ? 0.84 : 0.78), base * 1.05);
    const rowRoom = Math.min(labelsWidth(axes.rowLabels, theme, size), base * 6);
    const predicts = target.kind !== "encoder_self" && steps.length === axes.rows;
    const titled = labelsWidth([`⑥ ${text.prediction}`], theme, base * 0.95);
    const answer = predicts ? clamp(labelsWidth([...new Set(steps.map((step) => step.now[0]))].map((token) => `${printable(token)}  0.000`), theme, size) + 4, titled, base * 9) : 0;
    const gap = base * 1.5;
    const sums = base * 2.5;
    const outputWidth = base * 3.4;
    const pitchFor = (room) => room / (3 * axes.columns);
    const beyond = Math.max(0, labelsWidth([`⑤ ${text.output}`], theme, base * 0.95) - outputWidth);
    const room = width - rowRoom - 12 - 3 * gap - sums - outputWidth - (predicts ? Math.max(1.4 * gap, beyond + 6) + answer : beyond);
    const columnSize = clamp(pitchFor(room) * 0.4, base * 0.72, base);
    const leaning = labelStyle(axes.columnLabels, theme, pitchFor(room), columnSize, base * 5);
    const style = flatter(leaning, axes.columnLabels, theme, pitchFor(room), base * 0.72);
    const top = Math.ceil(style.angle ? style.height : style.size * 1.6) + base * 2.1;
    const overhang = Math.max(0, style.reach - pitchFor(room) / 2);
    const cw = Math.min((room - overhang) / (3 * axes.columns), base * 4);
    const below = base * 0.4;
    const ch = Math.min((height - top - below) / axes.rows, cw * 1.7, base * 3.4);
    let x = rowRoom + 12;
    for (const block of blocks) {
      const w = block.id === "output" ? outputWidth : cw * axes.columns;
      block.layout = { cells: { x, y: top, w, h: ch * axes.rows }, cw, ch, rowSize: size, rowRoom, columnStyle: style, arrow: 0 };
      x += w + (block.id === "weights" ? sums : 0) + (block.id === "output" ? Math.max(1.4 * gap, beyond + 6) : gap);
    }
    this.box = { width, height: Math.ceil(top + ch * axes.rows + below - 1e-6), gap, size, sums, answerX: x, answer, predicts, style };
    return this.box;
  }

  draw() {
    const { lab, box } = this;
    const { refs, shot, theme, base } = lab;
    const { axes, text } = shot;
    const painter = CanvasPainter.on(refs.flow.canvas, box.width, box.height, theme, lab.ratio);
    const part = windowOf(axes, lab.zoom);
    const lit = lab.lit || {};
    const [row, column] = [lit.row ?? null, lit.column ?? null];
    for (const block of this.blocks()) {
      const { layout, tiles } = block;
      const { cells } = layout;
      const own = block.id === "output" ? { ...part, left: 0, columns: tiles.columns } : part;
      paintTiles(painter, tiles, cells, own, theme);
      painter.text(block.title, cells.x, base * 0.75, { size: base * 0.95, weight: 650, colour: theme.ink });
      if (block.id !== "output") paintColumnLabels(painter, axes, layout, part, theme, column);
      paintCrossing(painter, cells, own, row, block.id === "output" ? null : column, theme);
      if (block.sums) this.drawSums(painter, block, part, row);
      const middle = cells.y + cells.h / 2;
      const end = cells.x + cells.w + (block.sums ? box.sums : 0) + (block.id === "output" ? 0.7 : 0.5) * box.gap;
      if (block.id !== "output" || box.predicts) painter.text("→", end, middle, { size: base * 1.15, colour: theme.muted, align: "center" });
    }
    paintRowLabels(painter, axes, this.blocks()[0].layout, part, theme, row);
    if (box.predicts) this.drawAnswers(painter, part, row);
    else if (box.answer) painter.text(text.prediction, box.answerX, base * 0.75, { size: base, colour: theme.muted });
  }

  // Row sums: 1 where the mask was applied before the softmax, whatever comes out elsewhere.
  drawSums(painter, block, part, lit) {
    const { theme, base } = this.lab;
    const { cells } = block.layout;
    const ch = cells.h / part.rows;
    const x = cells.x + cells.w + base * 0.45;
    painter.text("Σ", x + base * 0.8, cells.y - base * 0.75, { size: base * 0.92, colour: theme.muted, weight: 650, align: "center" });
    for (const q of shownIndices(part.top, Math.min(block.tiles.rows, part.top + part.rows - 0.4), ch, this.box.size * 1.12)) {
      const sum = block.sums[q];
      const wrong = !(Math.abs(sum + (block.sinks ? block.sinks[q] : 0) - 1) < 0.005);
      const y = cells.y + (q + 0.5 - part.top) * ch;
      painter.text(numberText(sum), x, y, { size: this.box.size * 0.92, colour: wrong ? theme.alarm : theme.muted, weight: wrong || q === lit ? 700 : 400 });
    }
  }

  drawAnswers(painter, part, lit) {
    const { lab, box } = this;
    const { theme, base, shot } = lab;
    const { cells } = this.blocks()[0].layout;
    const ch = cells.h / part.rows;
    painter.text(`⑥ ${shot.text.prediction}`, box.answerX, base * 0.75, { size: base * 0.95, weight: 650, colour: theme.ink });
    for (const q of shownIndices(part.top, Math.min(shot.axes.rows, part.top + part.rows - 0.4), ch, box.size * 1.12)) {
      const step = shot.steps[q];
      const [token, probability] = step.now;
      const changed = token !== step.own[0];
      const y = cells.y + (q + 0.5 - part.top) * ch;
      const { row = null, column = null } = lab.lit || {};
      if (row === null && column !== null && movedBy(shot, q, column)) {
        painter.rect(box.answerX - 6, y - ch / 2 + 1, box.answer + 2, Math.max(1, ch - 2), theme.key, 0.25);
      }
      const font = fontOf(theme, box.size, changed || q === lit ? 700 : 500);
      const name = fitted(printable(token), box.answer - 10 - textWidth("0.000", fontOf(theme, box.size * 0.86)), font);
      if (changed) painter.pill(box.answerX - 4, y - box.size * 0.78, textWidth(name, font) + 8, box.size * 1.56, 4, theme.alarm_fill);
      painter.text(name, box.answerX, y, { size: box.size, weight: changed || q === lit ? 700 : 500, colour: changed ? theme.alarm : theme.ink });
      painter.text(probabilityText(probability), box.answerX + textWidth(name, font) + 8, y, { size: box.size * 0.86, colour: theme.muted });
    }
  }

  // -- pointer -------------------------------------------------------------------------------------------------------
  hit(event) {
    if (!this.box) return null;
    const bounds = this.lab.refs.flow.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top];
    const { axes } = this.lab.shot;
    const part = windowOf(axes, this.lab.zoom);
    const first = this.blocks()[0].layout.cells;
    const inRow = y >= first.y && y < first.y + first.h;
    const row = inRow ? clamp(Math.floor(part.top + ((y - first.y) / first.h) * part.rows), 0, axes.rows - 1) : null;
    for (const { id, layout } of this.blocks()) {
      const { cells } = layout;
      if (id === "output" || x < cells.x || x >= cells.x + cells.w || y > cells.y + cells.h) continue;
      return { row, column: clamp(Math.floor(part.left + ((x - cells.x) / cells.w) * part.columns), 0, axes.columns - 1) };
    }
    return row === null ? null : { row, column: null };
  }

  choose(event) {
    const hit = this.hit(event);
    if (hit && hit.row !== null) this.lab.chooseRow(hit.row);
  }
}

// Negative brown, positive teal, by the largest finite value; what is no number stands out.
function signedPixels(values, theme) {
  let peak = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]);
    if (size > peak && size < Infinity) peak = size;
  }
  const nan = rgba(parseColour(theme.alarm_fill));
  const colours = theme.differencePixels;
  const pixels = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const share = peak ? clamp(value / peak, -1, 1) : 0;
    pixels[i] = Number.isNaN(value) ? nan : colours[Math.round((share + 1) * 127.5)];
  }
  return pixels;
}

// The same colours as on every page.
function pixelsOfWeights(weights, theme, scale) {
  const nan = rgba(parseColour(theme.alarm_fill));
  const pixels = new Uint32Array(weights.length);
  for (let i = 0; i < weights.length; i++) pixels[i] = Number.isNaN(weights[i]) ? nan : theme.pixels[shade(weights[i], scale)];
  return pixels;
}
