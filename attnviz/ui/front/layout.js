// @ts-check
// Where everything stands: pure geometry in CSS pixels, the same for the screen, PNG and SVG.

import { fontOf, textWidth, widest } from "./labels.js";
import { clamp } from "./numbers.js";

// A cell size that is a whole number of device pixels once it is big enough for that to matter.
export function snapped(size, ratio) {
  return size >= 14 ? Math.floor(size * ratio) / ratio : size;
}

const SHORT_LABEL = 3; // letter sizes

// Wide enough for nine of ten, and for all unless one is a giant that would shrink the others.
export function usual(widths) {
  const sorted = [...widths].sort((a, b) => a - b);
  const [most, largest] = [sorted[Math.ceil((sorted.length - 1) * 0.9)], sorted[sorted.length - 1]];
  return largest <= most * 1.4 ? largest : most;
}

function usualWidth(labels, font) {
  return usual(labels.map((label) => textWidth(label, font)));
}

// The size at which the labels fit side by side, if it need not be smaller than `least`.
export function sizeFitting(labels, theme, size, pitch, least) {
  const width = usualWidth(labels, fontOf(theme, size));
  return width <= pitch - 7 ? size : Math.min(size, Math.max(least, (size * (pitch - 7)) / width));
}

// Column labels lie flat, lean or stand, whichever is the first to fit. Where nearly all can lie flat, only the long ones
// lean (`flatRoom` is what a flat one may take then).
export function labelStyle(labels, theme, pitch, size, longest) {
  const font = fontOf(theme, size);
  const width = Math.min(widest(labels, font), longest);
  const flatRoom = pitch - (pitch > size * 2 ? 6 : 1);
  const flat = { angle: 0, size, height: size * 1.6, reach: 0, room: flatRoom, flatRoom };
  if (width <= flatRoom) return flat;
  // Too dense for every label: short ones stay flat and are thinned.
  const short = usualWidth(labels, font);
  if (pitch < size * 1.05 && short < size * 2.4) return { ...flat, room: Math.max(short, size) };
  const fitting = labels.filter((label) => textWidth(label, font) <= flatRoom).length;
  const mixed = fitting >= labels.length * 0.75 && pitch >= size * 2; // a long one leans over its neighbour otherwise
  const leaning = mixed || pitch >= size * 1.25;
  return leaning
    ? { angle: -Math.PI / 4, size, height: width * 0.72 + size * 0.9, reach: width * 0.72, room: width, flatRoom: mixed ? flatRoom : 0 }
    : { angle: -Math.PI / 2, size, height: width + size * 0.5, reach: 0, room: width, flatRoom: 0 };
}

function rowLabelsWidth(kind, theme, size) {
  const [light, heavy] = [fontOf(theme, size), fontOf(theme, size, 700)];
  const short = SHORT_LABEL * size; // a sign like <s> is written whole, however short the others are
  if (!kind.nextLabels.length) return Math.max(usualWidth(kind.rowLabels, heavy), Math.min(widest(kind.rowLabels, heavy), short));
  const arrow = textWidth(" → ", light);
  const widths = kind.rowLabels.map((label, q) => textWidth(label, heavy) + arrow + textWidth(kind.nextLabels[q], heavy));
  return usual(widths);
}

// The large head: labels left and above, cells filling what remains.
export function matrixLayout(kind, box, theme, base, ratio) {
  const { rows, columns } = kind;
  const least = Math.max(11, base * 0.74);
  const guess = (box.h - base * 2.4) / rows;
  const most = Math.min(box.w * 0.36, base * 15);
  let rowSize = clamp(guess * 0.58, least, base * 1.5);
  let wanted = rowLabelsWidth(kind, theme, rowSize);
  if (wanted > most) {
    rowSize = Math.max(least, (rowSize * most) / wanted);
    wanted = rowLabelsWidth(kind, theme, rowSize);
  }
  const arrow = kind.nextLabels.length ? textWidth(" → ", fontOf(theme, rowSize)) : 0;
  const rowRoom = Math.ceil(Math.min(wanted, most)) + 1;
  const left = rowRoom + 12;
  const pitch = (box.w - left) / columns;
  const wished = clamp(pitch * 0.4, least, Math.max(rowSize * 1.3, base));
  const columnSize = sizeFitting(kind.columnLabels, theme, wished, pitch, base * 0.85);
  const style = labelStyle(kind.columnLabels, theme, pitch, columnSize, Math.min(box.h * 0.26, base * 7));
  const top = Math.ceil(style.height) + 4;
  const overhang = Math.max(0, style.reach - pitch / 2);
  let cw = (box.w - left - overhang - 2) / columns;
  let ch = (box.h - top - 2) / rows;
  cw = snapped(Math.min(cw, ch * 2.3), ratio);
  ch = snapped(Math.min(ch, cw * 1.45), ratio);
  const cells = { w: cw * columns, h: ch * rows };
  // The picture stays near the left; what is left over is shared, but never more than a little on the label's side.
  const spareX = Math.max(0, box.w - left - overhang - cells.w);
  cells.x = Math.round(box.x + left + Math.min(spareX / 2, base * 5));
  cells.y = Math.round(box.y + top);
  return { box, cells, cw, ch, rowSize, rowRoom, arrow, columnStyle: style, least };
}

const measured = new WeakMap(); // a list of labels → font → its room

// The room that labels need, lit or not.
export function labelsWidth(labels, theme, size) {
  const fonts = [fontOf(theme, size), fontOf(theme, size, 700)];
  const key = fonts.join();
  const known = measured.get(labels) || measured.set(labels, new Map()).get(labels);
  if (!known.has(key)) known.set(key, Math.ceil(Math.max(...fonts.map((font) => widest(labels, font)))) + 1);
  return known.get(key);
}

// Labels that would only lean a little lie flat in a smaller size.
export function flatter(style, labels, theme, pitch, least) {
  if (!style.angle) return style;
  const room = pitch - 4;
  const size = Math.min(style.size, (style.size * room) / labelsWidth(labels, theme, style.size));
  return size >= least ? { ...style, angle: 0, size, room, flatRoom: room, reach: 0 } : style;
}
