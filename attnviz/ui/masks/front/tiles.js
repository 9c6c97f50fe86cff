// A matrix of coloured cells with numbers: what all the pictures of the lab are made of.

import { Raster, rgba } from "../../front/cells.js";
import { clamp, fontOf, textWidth, widest } from "../../front/labels.js";
import { matrixLayout, usual } from "../../front/layout.js";
import { paintColumnLabel, paintRowLabel, shownIndices, styleAt } from "../../front/matrix.js";
import { numberOver } from "../../front/theme.js";

// One matrix of numbers and how a number looks. `blocked` (one byte a cell) is hatched; `marked` cells get a frame.
export class Tiles {
  constructor({ rows, columns, values, paint, write = null, blocked = null, marked = null, hatchNumbers = false }) {
    Object.assign(this, { rows, columns, values, paint, write, blocked, marked, hatchNumbers });
    this.raster = null;
  }

  at(q, k) {
    return this.values[q * this.columns + k];
  }

  // One pixel a cell; a blocked cell is left empty, so that the hatching beneath it shows.
  rasterised() {
    if (!this.raster) {
      this.raster = new Raster(this.columns, this.rows);
      const { pixels } = this.raster;
      for (let i = 0; i < pixels.length; i++) {
        if (!this.blocked || !this.blocked[i]) pixels[i] = rgba(this.paint(this.values[i], i));
      }
    }
    return this.raster;
  }
}

function colourOf(pixel) {
  return `rgb(${pixel & 255},${(pixel >> 8) & 255},${(pixel >> 16) & 255})`;
}

function inkOver(pixel, theme) {
  if (pixel >>> 24 === 0) return theme.ink;
  return numberOver([pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255]);
}

// Cells into a box; `part` is the window of cells that is shown: {left, top, columns, rows}.
export function paintTiles(painter, tiles, box, part, theme) {
  const cw = box.w / part.columns;
  const ch = box.h / part.rows;
  const raster = tiles.rasterised();
  const roomy = cw >= 5 && ch >= 5;
  painter.clipped(box.x, box.y, box.w, box.h, () => {
    painter.hatch(box.x, box.y, box.w, box.h, Math.min(cw, ch) < 14);
    if (!roomy) {
      const whole = part.columns === tiles.columns && part.rows === tiles.rows;
      painter.raster(raster, box.x, box.y, box.w, box.h, whole ? null : part);
    }
    const shown = shownCells(tiles, part);
    if (roomy) paintCellsAndGaps(painter, raster, tiles, box, part, shown, theme);
    paintMarks(painter, tiles, box, part, shown, theme);
    if (tiles.write) paintCellTexts(painter, raster, tiles, box, part, shown, theme);
  });
  painter.frame(box.x - 0.5, box.y - 0.5, box.w + 1, box.h + 1, theme.line, 1);
}

function shownCells(tiles, part) {
  return {
    top: Math.max(0, Math.floor(part.top)), left: Math.max(0, Math.floor(part.left)),
    bottom: Math.min(tiles.rows, Math.ceil(part.top + part.rows)),
    right: Math.min(tiles.columns, Math.ceil(part.left + part.columns)),
  };
}

function paintCellsAndGaps(painter, raster, tiles, box, part, shown, theme) {
  const cw = box.w / part.columns;
  const ch = box.h / part.rows;
  for (let q = shown.top; q < shown.bottom; q++) {
    for (let k = shown.left; k < shown.right; k++) {
      const pixel = raster.pixels[q * tiles.columns + k];
      if (pixel >>> 24) painter.rect(box.x + (k - part.left) * cw, box.y + (q - part.top) * ch, cw, ch, colourOf(pixel));
    }
  }
  const gap = cw >= 20 && ch >= 16 ? 2 : 1;
  for (let q = Math.max(1, Math.ceil(part.top)); q < shown.bottom; q++) {
    painter.rect(box.x, box.y + (q - part.top) * ch - gap / 2, box.w, gap, theme.surface);
  }
  for (let k = Math.max(1, Math.ceil(part.left)); k < shown.right; k++) {
    painter.rect(box.x + (k - part.left) * cw - gap / 2, box.y, gap, box.h, theme.surface);
  }
}

function paintMarks(painter, tiles, box, part, shown, theme) {
  if (!tiles.marked) return;
  const cw = box.w / part.columns;
  const ch = box.h / part.rows;
  const width = clamp(Math.min(cw, ch) * 0.09, 1, 3);
  const framed = Math.min(cw, ch) >= 14;
  for (let q = shown.top; q < shown.bottom; q++) {
    for (let k = shown.left; k < shown.right; k++) {
      if (!tiles.marked[q * tiles.columns + k]) continue;
      const [x, y] = [box.x + (k - part.left) * cw, box.y + (q - part.top) * ch];
      const i = q * tiles.columns + k;
      const alone = !tiles.marked[i - 1] && !tiles.marked[i + 1]; // in a large matrix a cell must not be lost to the eye
      const [w, h] = alone ? [Math.max(cw, 5), Math.max(ch, 5)] : [cw, ch];
      if (!framed) painter.rect(x - (w - cw) / 2, y - (h - ch) / 2, w, h, theme.alarm, alone ? 1 : tiles.blocked && tiles.blocked[i] ? 0.2 : 0.6);
      else painter.frame(x + width / 2 + 1, y + width / 2 + 1, cw - width - 2, ch - width - 2, theme.alarm, width);
    }
  }
}

// Numbers as soon as they fit, all of one matrix in one size.
function paintCellTexts(painter, raster, tiles, box, part, shown, theme) {
  const cw = box.w / part.columns;
  const ch = box.h / part.rows;
  const most = clamp(Math.min(cw * 0.52, ch * 0.56), 0, 17);
  if (most < 8) return;
  const texts = [];
  let longest = 1;
  for (let q = shown.top; q < shown.bottom; q++) {
    for (let k = shown.left; k < shown.right; k++) {
      const i = q * tiles.columns + k;
      if (tiles.blocked && tiles.blocked[i] && !tiles.hatchNumbers) continue;
      const text = tiles.write(tiles.values[i], i);
      if (!text) continue;
      longest = Math.max(longest, textWidth(text, fontOf(theme, 10)) / 10);
      texts.push([q, k, i, text]);
    }
  }
  const size = Math.min(most, (cw - 2.5) / longest);
  if (size < 8) return;
  for (const [q, k, i, text] of texts) {
    const [x, y] = [box.x + (k + 0.5 - part.left) * cw, box.y + (q + 0.5 - part.top) * ch];
    const blocked = tiles.blocked && tiles.blocked[i];
    const alarm = text === "NaN";
    if (blocked) {
      const width = textWidth(text, fontOf(theme, size)) + 4;
      painter.pill(x - width / 2, y - size * 0.62, width, size * 1.24, 3, theme.blocked_fill, 0.92);
    }
    const colour = alarm ? theme.alarm : blocked ? theme.muted : inkOver(raster.pixels[i], theme);
    painter.text(text, x, y + 0.5, { size, colour, align: "center", weight: alarm ? 700 : 400 });
  }
}

// The hovered or chosen row and column: thin frames that leave the colours as they are.
export function paintCrossing(painter, box, part, row, column, theme) {
  const cw = box.w / part.columns;
  const ch = box.h / part.rows;
  painter.clipped(box.x - 2, box.y - 2, box.w + 4, box.h + 4, () => {
    if (row !== null) painter.frame(box.x, box.y + (row - part.top) * ch, box.w, Math.max(ch, 2), theme.query, 2, 2);
    if (column !== null) painter.frame(box.x + (column - part.left) * cw, box.y, Math.max(cw, 2), box.h, theme.key, 2, 2);
  });
}

// The room that labels need, lit or not.
export function labelsWidth(labels, theme, size) {
  return Math.ceil(Math.max(widest(labels, fontOf(theme, size)), widest(labels, fontOf(theme, size, 700)))) + 1;
}

// Labels that would only lean a little lie flat in a smaller size.
export function flatter(style, labels, theme, pitch, least) {
  if (!style.angle) return style;
  const room = pitch - 4;
  const size = Math.min(style.size, (style.size * room) / labelsWidth(labels, theme, style.size));
  return size >= least ? { ...style, angle: 0, size, room, flatRoom: room, reach: 0 } : style;
}

// A matrix with its labels in a box; unlike in a narrow card no row label is cut while the cells can make room.
export function wholeMatrix(axes, box, theme, base, ratio) {
  let layout = matrixLayout(axes, box, theme, base, ratio);
  const need = Math.min(labelsWidth(axes.rowLabels, theme, layout.rowSize), box.w * 0.3);
  const extra = need - layout.rowRoom;
  if (extra > 0) {
    layout = matrixLayout(axes, { ...box, x: box.x + extra, w: box.w - extra }, theme, base, ratio);
    layout = { ...layout, box, rowRoom: layout.rowRoom + extra };
  }
  return { ...layout, columnStyle: flatter(layout.columnStyle, axes.columnLabels, theme, layout.cw, base * 0.85) };
}

// Labels of a matrix, thinned when they don't fit; the lit ones are always there.
export function paintRowLabels(painter, axes, layout, part, theme, lit) {
  const ch = layout.cells.h / part.rows;
  const last = Math.min(axes.rows, part.top + part.rows - 0.4);
  const indices = new Set(shownIndices(part.top, last, ch, layout.rowSize * 1.12));
  const inside = lit !== null && lit + 0.5 >= part.top && lit + 0.5 <= part.top + part.rows;
  for (const q of indices) {
    const y = layout.cells.y + (q + 0.5 - part.top) * ch;
    const hidden = inside && Math.abs(q - lit) * ch < layout.rowSize * 1.2;
    if (y > layout.cells.y && !hidden) paintRowLabel(painter, axes, layout, theme, q, y, { lit: false, room: layout.rowRoom });
  }
  if (inside) {
    const y = layout.cells.y + (lit + 0.5 - part.top) * ch;
    painter.pill(layout.cells.x - layout.rowRoom - 12, y - layout.rowSize * 0.75, layout.rowRoom + 9, layout.rowSize * 1.5, 5, theme.query, 0.14);
    paintRowLabel(painter, axes, layout, theme, lit, y, { lit: true, room: layout.rowRoom });
  }
}

export function paintColumnLabels(painter, axes, layout, part, theme, lit, only = null) {
  const cw = layout.cells.w / part.columns;
  const usual = styleAt(layout, cw);
  // Labels that could only stand when all are written lie flat when most are left out.
  const width = labelsWidth(axes.columnLabels, theme, usual.size);
  const crowded = cw < usual.size * 1.12;
  const style = crowded ? { ...usual, angle: 0, room: width, flatRoom: width } : usual;
  const need = crowded ? width + 8 : style.angle ? style.size * 1.12 : cw;
  const last = Math.min(axes.columns, part.left + part.columns - 0.4);
  const indices = only || shownIndices(part.left, last, cw, need);
  const inside = lit !== null && lit + 0.5 >= part.left && lit + 0.5 <= part.left + part.columns;
  for (const k of indices) {
    const x = layout.cells.x + (k + 0.5 - part.left) * cw;
    const hidden = inside && k !== lit && Math.abs(k - lit) * cw < need * 0.95;
    if (x < layout.cells.x || hidden || (inside && k === lit)) continue;
    paintColumnLabel(painter, axes.columnLabels[k], style, theme, x, layout.cells.y - 2, { unknown: axes.unknownColumns.has(k) });
  }
  if (inside) {
    const x = layout.cells.x + (lit + 0.5 - part.left) * cw;
    paintColumnLabel(painter, axes.columnLabels[lit], style, theme, x, layout.cells.y - 2, { lit: true, colour: theme.key });
  }
}
