// Who can influence whom: one layer's mask beside what follows from it through all layers.

import { element, say } from "../../front/dom.js";
import { fitted, fontOf } from "../../front/labels.js";
import { flatter, labelStyle, labelsWidth } from "../../front/layout.js";
import { paintCrossing } from "../../front/light.js";
import { paintColumnLabels, paintRowLabels } from "../../front/matrix.js";
import { clamp, shortText } from "../../front/numbers.js";
import { CanvasPainter } from "../../front/painter.js";
import { rgba } from "../../front/raster.js";
import { intensity } from "../../front/scale.js";
import { parseColour } from "../../front/theme.js";
import { Tiles } from "../../front/tiles.js";
import { windowOf } from "../../front/zoom.js";
import { paintTiles } from "./tiles.js";

export class Reach {
  constructor(lab) {
    this.lab = lab;
    this.measure = element("button", { type: "button", class: "tool wide", click: () => lab.ask("measure") });
    lab.refs.reach.tools.append(this.measure);
    const { body } = lab.refs.reach;
    body.addEventListener("pointermove", (event) => lab.hover(this.hit(event)));
    body.addEventListener("pointerleave", () => lab.hover(null));
    body.addEventListener("click", (event) => {
      const hit = this.hit(event);
      if (hit && hit.row !== null) lab.chooseRow(hit.row);
    });
  }

  write() {
    const { refs, shot } = this.lab;
    const { text } = shot;
    say(refs.reach.title, text.reach_title);
    say(refs.reach.hint, text[`reach_${shot.measured}`]);
    say(this.measure, text.measure);
    this.measure.title = text.measure_help;
    this.measure.hidden = shot.measured !== "some" && shot.measured !== "none";
    this.drawn = null;
  }

  // A square of reach: visible colour where an input arrives, alarm where it comes from the future, deeper where it moves more.
  pictures() {
    if (this.drawn) return this.drawn;
    const { shot, theme } = this.lab;
    const { rows, columns } = shot.axes;
    const reach = shot.array("reach");
    const own = shot.array("reach_own");
    const amounts = shot.has("influence") ? shot.array("influence") : null;
    const peak = amounts ? amounts.reduce((most, amount) => (amount > most && Number.isFinite(amount) ? amount : most), 0) : 0;
    const future = (i) => shot.has_future && i % columns > Math.floor(i / columns);
    const [alarm, alarmFill] = [parseColour(theme.alarm), parseColour(theme.alarm_fill)];
    const [visible, filled] = [rgba(theme.visibleRgb), rgba(alarmFill)];
    const paint = (_, i) => {
      if (amounts && Number.isNaN(amounts[i])) return filled;
      const amount = amounts && amounts[i] >= 0 ? amounts[i] : null; // below 0: not measured
      if (future(i)) return amount === null || amount > 0 ? rgba(mixed(alarmFill, alarm, amount === null || !peak ? 0.25 : 0.25 + 0.75 * Math.sqrt(amount / peak))) : filled;
      if (amount === null || !peak) return visible;
      return theme.pixels[Math.round(40 + 215 * intensity(amount / peak, "sqrt"))];
    };
    const mask = shot.has("look_mask") ? shot.array("look_mask") : this.lab.cells;
    this.drawn = [
      { title: shot.text.one_layer, tiles: new Tiles({ rows, columns, values: mask, blocked: mask.map((visible) => 1 - visible), paint: () => visible }) },
      {
        title: shot.text.all_layers_through,
        tiles: new Tiles({
          rows, columns, values: reach, blocked: reach.map((arrives) => 1 - arrives), paint, marked: reach.map((arrives, i) => (arrives && !own[i] ? 1 : 0)),
          write: (_, i) => (!amounts || amounts[i] < 0 ? "" : amounts[i] === 0 ? "0" : shortText(amounts[i])),
        }),
      },
    ];
    return this.drawn;
  }

  layout(width, height) {
    const { theme, base, shot } = this.lab;
    const { axes } = shot;
    const size = base * 0.86;
    const rowRoom = Math.min(labelsWidth(axes.rowLabels, theme, size), base * 5);
    const gap = base * 1.6;
    const room = (width - rowRoom - 12 - gap - 4) / 2;
    const leaning = labelStyle(axes.columnLabels, theme, room / axes.columns, clamp((room / axes.columns) * 0.42, base * 0.72, base * 0.9), base * 4.5);
    const style = flatter(leaning, axes.columnLabels, theme, room / axes.columns, base * 0.72);
    const top = Math.ceil(style.angle ? style.height : style.size * 1.6) + base * 1.9;
    const overhang = Math.max(0, style.reach - room / axes.columns / 2);
    const w = room - overhang;
    const h = Math.min(height - top - 4, (w / axes.columns) * 1.2 * axes.rows, w * 1.2);
    this.box = [0, 1].map((i) => ({
      cells: { x: rowRoom + 12 + i * (room + gap), y: top, w, h }, rowSize: size, rowRoom, columnStyle: style, arrow: 0, cw: w / axes.columns, ch: h / axes.rows,
    }));
    this.size = { width, height: Math.ceil(top + h + 4) };
    return this.size;
  }

  draw() {
    const { lab } = this;
    const { refs, shot, theme, base } = lab;
    const painter = CanvasPainter.on(refs.reach.canvas, this.size.width, this.size.height, theme, lab.ratio);
    const part = windowOf(shot.axes, lab.zoom);
    const { row = null, column = null } = lab.lit || {};
    this.pictures().forEach(({ title, tiles }, i) => {
      const layout = this.box[i];
      painter.text(fitted(title, layout.cells.w + base, fontOf(theme, base * 0.92, 650)), layout.cells.x, base * 0.6, { size: base * 0.92, weight: 650, colour: theme.ink });
      paintTiles(painter, tiles, layout.cells, part, theme);
      paintColumnLabels(painter, shot.axes, layout, part, theme, column);
      paintCrossing(painter, layout.cells, part, row, column, theme);
    });
    if (row === null && column !== null) this.lightOutputs(painter, part, column);
    paintRowLabels(painter, shot.axes, this.box[0], part, theme, row);
    painter.text("→", (this.box[0].cells.x + this.box[0].cells.w + this.box[1].cells.x) / 2, this.box[0].cells.y + this.box[0].cells.h / 2, {
      size: base * 1.2, colour: theme.muted, align: "center",
    });
  }

  // Pointing at an input alone lights every output that it moves.
  lightOutputs(painter, part, column) {
    const { shot, theme } = this.lab;
    const { cells, rowRoom } = this.box[0];
    const ch = cells.h / part.rows;
    for (let q = 0; q < shot.axes.rows; q++) {
      const y = cells.y + (q - part.top) * ch;
      if (movedBy(shot, q, column) && y >= cells.y - 1 && y < cells.y + cells.h) {
        painter.rect(cells.x - rowRoom - 12, y + 1, rowRoom + 9, Math.max(1, ch - 2), theme.key, 0.25);
      }
    }
  }

  hit(event) {
    if (!this.box) return null;
    const bounds = this.lab.refs.reach.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top];
    const { axes } = this.lab.shot;
    const part = windowOf(axes, this.lab.zoom);
    for (const { cells } of this.box) {
      if (x < cells.x || x >= cells.x + cells.w || y < cells.y || y >= cells.y + cells.h) continue;
      return {
        row: clamp(Math.floor(part.top + ((y - cells.y) / cells.h) * part.rows), 0, axes.rows - 1),
        column: clamp(Math.floor(part.left + ((x - cells.x) / cells.w) * part.columns), 0, axes.columns - 1),
      };
    }
    return null;
  }
}

// Whether output q moves with an input: as measured, else as far as the masks let it through.
export function movedBy(shot, q, column) {
  const i = q * shot.axes.columns + column;
  const amount = shot.has("influence") ? shot.array("influence")[i] : -1;
  return amount < 0 ? shot.array("reach")[i] === 1 : !(amount === 0);
}

function mixed(from, to, share) {
  return from.map((value, i) => Math.round(value + (to[i] - value) * share));
}
