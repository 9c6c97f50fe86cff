// The stage as a sheet of its own, for PNG and SVG: the board, every head, what the model says.

import { fill, fitted, fontOf, wrapped } from "../../front/labels.js";
import { paintLegend } from "../../front/legend.js";
import { probabilityText } from "../../front/numbers.js";
import { moved } from "../../front/painter.js";
import { headName, mapsOf, tileSize } from "./heads.js";
import { ROLLOUT } from "./shot.js";

export const SHEET = { width: 1680, height: 1000 };
const [BASE, MARGIN, TOP] = [17, 36, 128];
const [BOARD, TILES, SAID] = [560, 640, 336]; // how wide: together with the margins between, the sheet
const HIGH = SHEET.height - TOP - 2 * MARGIN;
const [LINE, SMALL] = [30, 14];

export function paintSheet(painter, stage) {
  const { shot, state, theme } = stage;
  const board = new stage.board.constructor(stage); // without anybody's cursor
  painter.rect(0, 0, SHEET.width, SHEET.height, theme.surface);
  painter.text(shot.title, MARGIN, MARGIN + 14, { size: 30, weight: 700, colour: theme.ink });
  heading(painter, theme, `${headName(shot.text, state.layer, state.head)} · ${board.nameOf(state.query)}`, MARGIN);
  heading(painter, theme, fill(shot.text.heads_title, { query: board.nameOf(state.query) }), 2 * MARGIN + BOARD);
  const said = stage.answers.said();
  paintLegend(painter, theme, shot.text, MARGIN, SHEET.height - MARGIN + 2, BASE);
  heading(painter, theme, said.title, 3 * MARGIN + BOARD + TILES);
  moved(painter, MARGIN, TOP, (p) => board.draw(p, BOARD, HIGH));
  moved(painter, 2 * MARGIN + BOARD, TOP, (p) => paintHeads(p, stage, board));
  moved(painter, 3 * MARGIN + BOARD + TILES, TOP, (p) => paintAnswers(p, stage, said));
}

function heading(painter, theme, text, x) {
  painter.text(text, x, TOP - 28, { size: BASE, weight: 650, colour: theme.ink });
}

function paintHeads(painter, stage, board) {
  const { shot, state, theme } = stage;
  const { layers, heads } = shot.model;
  const { columns, size } = tileSize(layers, heads + 1, TILES, HIGH);
  const lines = Math.ceil((heads + 1) / columns);
  mapsOf(shot.model).forEach(({ layer, head }, i) => {
    const place = i % (heads + 1);
    const x = (place % columns) * (size + 18);
    const y = (layer * lines + Math.floor(place / columns)) * (size + 33);
    const chosen = layer === state.layer && head === state.head;
    const off = head !== ROLLOUT && stage.isOff(layer, head);
    moved(painter, x, y, (p) => board.tile(p, { x: 0, y: 0, w: size, h: size }, layer, head));
    if (chosen) painter.frame(x - 3, y - 3, size + 6, size + 6, theme.accent, 2.5, 4);
    const name = headName(shot.text, layer, head);
    const words = { size: SMALL, weight: chosen ? 700 : 400, colour: off ? theme.alarm : chosen ? theme.ink : theme.muted };
    painter.text(fitted(off ? `${name} ${shot.text.off}` : name, size + 14, fontOf(theme, SMALL)), x, y + size + 15, words);
  });
}

function paintAnswers(painter, stage, { now, before, best, truth, moved: changed, verdict }) {
  const { shot, theme } = stage;
  const colour = truth === null ? theme.ink : truth === best ? theme.right : theme.alarm;
  painter.text(fitted(verdict, SAID, fontOf(theme, BASE, 650)), 0, 10, { size: BASE, weight: 650, colour });
  const facts = shot.facts.flatMap((fact) => wrapped(fact, SAID, fontOf(theme, SMALL)));
  const room = Math.floor((HIGH - 60 - LINE * (facts.length + 1)) / (2 * LINE));
  const likeliest = [...now.keys()].sort((one, other) => now[other] - now[one]).slice(0, room);
  likeliest.sort((one, other) => one - other).forEach((label, i) => {
    const y = 48 + i * 2 * LINE;
    const words = { size: BASE, weight: label === best ? 700 : 400, colour: theme.ink };
    const numbers = (changed ? [before[label], now[label]] : [now[label]]).map(probabilityText).join(" → ");
    const name = `${truth === label ? "✓ " : ""}${shot.labels[label]}`;
    painter.text(fitted(name, SAID - 120, fontOf(theme, BASE)), 0, y, words);
    painter.text(numbers, SAID, y, { ...words, align: "right" });
    if (changed) painter.rect(0, y + 14, Math.max(2, before[label] * SAID), 7, theme.before);
    painter.rect(0, y + (changed ? 23 : 14), Math.max(2, now[label] * SAID), 7, theme.after);
  });
  const below = 48 + likeliest.length * 2 * LINE + 12;
  if (changed) {
    painter.rect(0, below - 5, 14, 10, theme.before);
    painter.text(shot.text.before, 20, below, { size: SMALL, colour: theme.muted });
    painter.rect(120, below - 5, 14, 10, theme.after);
    painter.text(shot.text.now, 140, below, { size: SMALL, colour: theme.muted });
  }
  facts.forEach((line, i) => painter.text(line, 0, below + 0.8 * (i + 1) * LINE, { size: SMALL, colour: theme.muted }));
}
