// @ts-check
// A graph with the chosen head's weights on its edges, and under it the same head as a matrix: the adjacency matrix is
// its mask. A click on an edge or a cell cuts or joins; a line drawn from node to node joins them.

import { paintCells, paintTexts } from "../../front/cells.js";
import { fill } from "../../front/labels.js";
import { clamp, numberText, weightShort } from "../../front/numbers.js";
import { shade } from "../../front/scale.js";
import { Tiles } from "../../front/tiles.js";
import { circle, distance, edgeName, nearest, spread } from "./geometry.js";

const SCALE = "sqrt";
const REACH = 8; // pixels from an edge that still mean it
const MANY = 12; // nodes from which everything is smaller

// Of what is 0 the number, too: that is what the mask promises.
function cellNumber(weight) {
  return weight === 0 ? "0" : weightShort(weight);
}

export class GraphBoard {
  constructor(stage) {
    this.stage = stage;
    this.from = null; // the node a line is drawn from
    this.at = null; // where the pointer is
    this.cursor = null; // the edge that the keyboard is at
  }

  // -- the graph as it is now ----------------------------------------------------------------------------------------
  get count() {
    return this.stage.shot.board.nodes;
  }

  base() {
    return new Set(this.stage.shot.board.edges.map(([one, other]) => edgeName(one, other)));
  }

  // Every edge that is or was there: [one, other, what has become of it].
  edges() {
    const base = this.base();
    const names = [...new Set([...base, ...this.stage.state.changed])];
    return names.map((name) => {
      const [one, other] = name.split("-").map(Number);
      const changed = this.stage.isChanged(name);
      return { name, one, other, fate: changed ? (base.has(name) ? "cut" : "joined") : "there" };
    });
  }

  toggle(one, other) {
    const name = edgeName(one, other);
    this.stage.change([name], !this.stage.isChanged(name));
  }

  // -- where things are ----------------------------------------------------------------------------------------------
  layout(w, h) {
    const many = this.count > MANY;
    const radius = many ? 9 : clamp(Math.min(w, h) * 0.042, 13, 22);
    const size = Math.floor(Math.min(h * 0.42, w * 0.62));
    const type = this.type();
    const margin = many ? 4 : type + 10;
    const cells = { w: size - margin, h: size - margin, x: Math.round((w - size) / 2) + margin, y: h - size + margin - 2 };
    const said = many ? 0 : type + 4; // what is written above the highest node and below the lowest
    const graph = { x: many ? 0 : w * 0.14, y: said, w: many ? w : w * 0.72, h: h - size - 12 - 2 * said };
    const places = spread(this.stage.shot.array("places"), this.count, graph, radius);
    const [wide, high] = [Math.max(30, type * 2.5), Math.max(24, type * 1.5)];
    const cls = { x: wide / 2 + 2, y: high / 2 + 2, w: wide, h: high };
    return { radius, cells, graph, places, cls, many };
  }

  // How large what stands beside nodes and rows is written.
  type() {
    return Math.max(12, this.stage.theme?.least ?? 0);
  }

  here() {
    return this.layout(this.stage.area.clientWidth, this.stage.area.clientHeight);
  }

  // What lies under a point: a node (its number), "cls", an edge, a cell of the matrix.
  hit(x, y) {
    const { radius, cells, places, cls } = this.here();
    const point = { x, y };
    if (Math.abs(x - cls.x) <= cls.w / 2 && Math.abs(y - cls.y) <= cls.h / 2) return { cls: true };
    const node = nearest(places.map((place) => Math.hypot(place.x - x, place.y - y)), radius + 3);
    if (node !== null) return { node };
    if (x >= cells.x && y >= cells.y && x < cells.x + cells.w && y < cells.y + cells.h) {
      const step = cells.w / (this.count + 1);
      return { row: Math.floor((y - cells.y) / step), column: Math.floor((x - cells.x) / step) };
    }
    const edges = this.edges();
    const edge = nearest(edges.map(({ one, other }) => distance(point, places[one], places[other])), REACH);
    return edge === null ? {} : { edge: edges[edge] };
  }

  nameOf(position) {
    const { positions, text } = this.stage.shot;
    return position === 0 ? positions[0] : fill(text.node, { node: positions[position] });
  }

  // -- what is done --------------------------------------------------------------------------------------------------
  tools() {
    return [];
  }

  down(x, y) {
    const found = this.hit(x, y);
    if (found.node !== undefined) this.from = found.node;
    else if (found.cls) this.stage.ask(0);
    else if (found.edge) this.toggle(found.edge.one, found.edge.other);
    else if (found.row > 0 && found.column > 0 && found.row !== found.column) this.toggle(found.row - 1, found.column - 1);
    else if (found.row !== undefined) this.stage.ask(found.row);
  }

  move(x, y, pressed) {
    this.at = { x, y };
    if (this.from !== null && pressed) this.stage.draw();
  }

  up(x, y) {
    if (this.from === null) return;
    const { node } = x < 0 ? {} : this.hit(x, y);
    const { from } = this;
    this.from = null;
    if (node === undefined) this.stage.draw();
    else if (node === from) this.stage.ask(node + 1);
    else this.toggle(from, node);
  }

  leave() {
    this.at = null;
  }

  key(event) {
    const edges = this.edges();
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 };
    if (!edges.length) return;
    if (event.key in steps) this.cursor = ((this.cursor ?? -1) + steps[event.key] + edges.length) % edges.length;
    else if ((event.key === " " || event.key === "Enter") && this.cursor !== null) {
      const { one, other } = edges[Math.min(this.cursor, edges.length - 1)];
      this.toggle(one, other);
    } else return;
    event.preventDefault();
    this.stage.draw();
  }

  describe(x, y) {
    if (this.from !== null) return "";
    const { shot, state } = this.stage;
    const found = this.hit(x, y);
    const weights = shot.matrix(state.layer, state.head);
    const weight = (query, key) => numberText(weights[query * shot.size + key], 3);
    if (found.node !== undefined || found.cls) {
      const key = found.cls ? 0 : found.node + 1;
      return fill(shot.text.tip_weight, { query: this.nameOf(state.query), key: this.nameOf(key), weight: weight(state.query, key) });
    }
    if (found.edge) {
      const { one, other, fate } = found.edge;
      return fill(shot.text[`tip_${fate}`], { one, other, there: weight(one + 1, other + 1), back: weight(other + 1, one + 1) });
    }
    if (found.row === undefined) return "";
    const names = { query: this.nameOf(found.row), key: this.nameOf(found.column), weight: weight(found.row, found.column) };
    const blocked = shot.blocked(state.layer, state.head)[found.row * shot.size + found.column];
    return fill(shot.text[blocked ? "tip_blocked" : "tip_weight"], names);
  }

  // -- drawing -------------------------------------------------------------------------------------------------------
  draw(painter, w, h) {
    const layout = this.layout(w, h);
    this.drawEdges(painter, layout);
    if (this.from !== null && this.at) {
      const { x, y } = layout.places[this.from];
      painter.line(x, y, this.at.x, this.at.y, this.stage.theme.accent, 2, 1, [6, 5]);
    }
    for (let node = 0; node < this.count; node++) this.drawNode(painter, layout, node);
    this.drawCls(painter, layout);
    this.drawMatrix(painter, layout);
  }

  // An edge in two halves: the half at a node is how much that node looks across.
  drawEdges(painter, { places, many }) {
    const { shot, state, theme } = this.stage;
    const weights = shot.matrix(state.layer, state.head);
    const edges = this.edges();
    const width = (weight) => 1 + (many ? 5 : 9) * Math.sqrt(weight);
    edges.forEach(({ one, other, fate }, i) => {
      const [a, b] = [places[one], places[other]];
      const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
      if (fate === "cut") {
        painter.line(a.x, a.y, b.x, b.y, theme.alarm, 1.5, 0.9, [3, 6]);
        painter.text("✕", middle.x, middle.y, { size: Math.max(many ? 10 : 14, theme.least), colour: theme.alarm, align: "center", weight: 700 });
      } else {
        const asked = state.query === 0 || state.query === one + 1 || state.query === other + 1;
        painter.line(a.x, a.y, b.x, b.y, fate === "joined" ? theme.alarm : theme.blocked, many ? 0.8 : 1.4, many ? 0.7 : 1);
        for (const [from, to, start] of [[one, other, a], [other, one, b]]) {
          if (!asked || (state.query && state.query !== from + 1)) continue;
          const weight = weights[(from + 1) * shot.size + to + 1];
          painter.line(start.x, start.y, middle.x, middle.y, theme.strong, width(weight), state.query ? 0.85 : clamp(0.15 + weight, 0, 0.85));
        }
      }
      if (i === this.cursor) painter.frame(middle.x - 9, middle.y - 9, 18, 18, theme.accent, 2, 5);
    });
  }

  drawNode(painter, { places, radius, many }, node) {
    const { shot, state, theme } = this.stage;
    const { x, y } = places[node];
    const position = node + 1;
    const weight = shot.row(state.layer, state.head, state.query)[position];
    const level = shade(weight, SCALE);
    const [left, top, size] = [x - radius, y - radius, 2 * radius];
    painter.pill(left - 1.5, top - 1.5, size + 3, size + 3, radius + 1.5, theme.surface);
    if (this.unseen(position)) painter.inCircle(x, y, radius, () => painter.hatch(left, top, size, size, many));
    else painter.pill(left, top, size, size, radius, theme.css[level]);
    const asked = state.query === position;
    painter.frame(left, top, size, size, asked ? theme.query : this.ring(position), asked ? 3.5 : many ? 2 : 1.5, radius);
    const ink = this.unseen(position) ? theme.ink : theme.inkOn[level];
    painter.text(shot.positions[position], x, y, { size: Math.max(many ? 9.5 : 14, theme.least), colour: ink, align: "center", weight: 650 });
    if (many) {
      if (shot.right[position] === false) painter.text("✗", x + radius, y - radius, { size: Math.max(11, theme.least), colour: theme.alarm, align: "center", weight: 800 });
      return;
    }
    const away = y >= places.reduce((sum, place) => sum + place.y, 0) / this.count ? 1 : -1;
    const said = this.unseen(position) ? "0" : weightShort(weight) || "0";
    painter.text(said, x, y + away * (radius + 3 + this.type() / 2), { size: this.type(), colour: theme.muted, align: "center" });
  }

  // The side that the model puts a member on, where nodes have one.
  ring(position) {
    const { shot, theme } = this.stage;
    if (!shot.model.perToken) return theme.muted;
    const chances = shot.chances("now", position);
    return theme.runs[chances.indexOf(Math.max(...chances))];
  }

  // Whether the query may not look at a position at all.
  unseen(position) {
    const { shot, state } = this.stage;
    if (state.head < 0) return false;
    return Boolean(shot.blocked(state.layer, state.head)[state.query * shot.size + position]);
  }

  drawCls(painter, { cls }) {
    const { shot, state, theme } = this.stage;
    const level = shade(shot.row(state.layer, state.head, state.query)[0], SCALE);
    const [x, y] = [cls.x - cls.w / 2, cls.y - cls.h / 2];
    if (this.unseen(0)) painter.hatch(x, y, cls.w, cls.h);
    else painter.pill(x, y, cls.w, cls.h, 6, theme.css[level]);
    painter.frame(x, y, cls.w, cls.h, state.query === 0 ? theme.query : theme.muted, state.query === 0 ? 3 : 1.2, 6);
    painter.text("CLS", cls.x, cls.y, { size: Math.max(11, theme.least), colour: this.unseen(0) ? theme.ink : theme.inkOn[level], align: "center", weight: 650 });
  }

  drawMatrix(painter, { cells, many }) {
    const { shot, state, theme } = this.stage;
    const count = this.count + 1;
    const tiles = this.matrix(state.layer, state.head);
    const part = { left: 0, top: 0, columns: count, rows: count };
    paintCells(painter, tiles, cells, part, theme, { fine: many, lattice: true });
    if (!many) paintTexts(painter, tiles, cells, part, theme);
    const step = cells.w / count;
    painter.frame(cells.x, cells.y + state.query * step, cells.w, step, theme.query, many ? 1.5 : 2.5);
    if (many) return;
    for (let i = 0; i < count; i++) {
      const name = i ? shot.positions[i] : "C";
      painter.text(name, cells.x - Math.max(9, theme.least * 0.6), cells.y + (i + 0.5) * step, { size: Math.max(11, theme.least), colour: theme.muted, align: "center" });
      painter.text(name, cells.x + (i + 0.5) * step, cells.y - Math.max(9, theme.least * 0.6), { size: Math.max(11, theme.least), colour: theme.muted, align: "center" });
    }
  }

  // The positions that there are, out of a head's weights.
  matrix(layer, head) {
    const { shot, theme } = this.stage;
    const count = this.count + 1;
    const [weights, blocked] = [shot.matrix(layer, head), shot.blocked(layer, head)];
    const picked = (from) => Float32Array.from({ length: count * count }, (_, i) => from[Math.floor(i / count) * shot.size + (i % count)]);
    return new Tiles({
      rows: count, columns: count, values: picked(weights), blocked: head < 0 ? null : picked(blocked),
      paint: (weight) => theme.pixels[shade(weight, SCALE)],
      write: cellNumber, short: cellNumber, hatchNumbers: true,
    });
  }

  tile(painter, box, layer, head) {
    const { theme, state } = this.stage;
    const count = this.count + 1;
    paintCells(painter, this.matrix(layer, head), box, { left: 0, top: 0, columns: count, rows: count }, theme, { fine: true });
    const step = box.h / count;
    painter.frame(box.x, box.y + state.query * step, box.w, step, theme.query, 1.5);
  }

  thumbnail(painter, box, i) {
    const { theme, shot } = this.stage;
    const { nodes, edges } = shot.board.thumbnails[i];
    const places = spread(circle(nodes), nodes, box, 3);
    for (const [one, other] of edges) painter.line(places[one].x, places[one].y, places[other].x, places[other].y, theme.muted, 1);
    for (const { x, y } of places) painter.pill(x - 2.5, y - 2.5, 5, 5, 2.5, theme.ink);
  }
}
