// The stage on the screen: layout, drawing and the elements that follow the canvases.

import { fill } from "../../front/labels.js";
import { paintCrossing } from "../../front/light.js";
import { clamp } from "../../front/numbers.js";
import { CanvasPainter } from "../../front/painter.js";
import { appearance, applyTheme, baseOf, readTheme } from "../../front/theme.js";
import { costliest, headCaption, paintGridLight, paintHeadBox, placeOf } from "./grid.js";
import { gridLayout, headLayout, splitOf } from "./layout.js";
import { paintLines, paintLinesLight } from "./lines.js";
import { paintMatrix, paintMatrixLight } from "./matrix.js";
import { sentence, severalSentence, writePieces } from "./readout.js";
import { Stage } from "./stage.js";
import { writeStats } from "./stats.js";

const TARGET = 24; // pixels, the least a switch is wide and high
const SLICE = 5; // milliseconds a frame for heads of the grid

// What decides how much room numbers take: every digit is as wide as another.
const shapeOf = (stats) => stats.textContent.replace(/\d/g, "0");

Object.assign(Stage.prototype, {
  resized() {
    const place = this.host.querySelector(".stage-frame");
    const size = `${place.clientWidth}×${place.clientHeight}×${window.devicePixelRatio}`;
    if (!this.picture || size === this.size || !place.clientWidth) return;
    this.size = size;
    this.layout();
  },

  // Type has another size although the place has not.
  resizedSoon() {
    this.size = "";
    requestAnimationFrame(() => this.resized());
  },

  retheme() {
    this.theme = null;
    this.layout();
  },

  // Where everything lies stays, as long as there is as much of everything: `shape` says how much.
  layoutFor(shape) {
    if (shape === this.shape && this.theme && this.layouts) {
      this.layoutHead();
      this.paint();
    } else this.layout();
    this.shape = shape;
  },

  layout() {
    const { refs } = this;
    const { place } = this;
    if (!place.clientWidth) return;
    if (!this.theme) {
      this.theme = readTheme(place, this.picture.theme);
      this.appeared = appearance(this.place);
      this.statsKey = "";
      applyTheme(refs.root, this.theme);
    }
    this.ratio = window.devicePixelRatio || 1;
    const base = baseOf(refs.root, this.theme);
    this.base = base;
    const stacked = refs.root.clientWidth < 720;
    refs.root.dataset.stacked = String(stacked);
    this.tall = refs.root.clientHeight;
    const { kind } = this.state;
    const split = splitOf(kind, refs.root.clientWidth, refs.cards.clientHeight, base);
    refs.cards.style.gridTemplateColumns = stacked ? "" : `${split}px minmax(0, 1fr)`;
    const width = refs.gridScroll.clientWidth - 10; // less its padding
    const wished = (width / kind.heads) * clamp(kind.rows / kind.columns, 0.5, 1.25) + base * 4.6;
    const height = stacked ? wished * kind.layers : refs.gridScroll.clientHeight - 10;
    // Captions are the smallest type: in a presentation they take the least that can be read, and heads the rest.
    const small = kind.heads > 8 ? 0.75 : 0.87;
    const grid = gridLayout(kind, width, height, this.theme.least ? (this.theme.least + 0.4) / small : base, this.ratio, this.order());
    refs.gridBody.style.width = `${grid.width}px`;
    refs.gridBody.style.height = `${grid.height}px`;
    this.layouts = { grid, head: null };
    this.placeHeads();
    this.layoutHead();
    this.paint();
  },

  layoutHead() {
    const { refs, state } = this;
    const { kind, layer, head } = state;
    refs.headTitle.textContent = fill(this.picture.text.head_title, { layer: layer + 1, head: head + 1 });
    refs.headSite.textContent = kind.sites[layer];
    writeStats(refs, kind, layer, head, this.picture.text);
    this.fitHead();
  },

  // The matrix, the lines and the numbers of the chosen head: the numbers stand beside or below, whichever leaves the
  // cells more room.
  fitHead() {
    const { refs, base, state } = this;
    if (shapeOf(refs.stats) !== this.statsShape) refs.stats.style.height = ""; // before anything is read
    const [width, height] = (this.headSize = [refs.headBody.clientWidth, refs.headBody.clientHeight]);
    const tried = this.statsSizes(width).map((stats) => {
      const layout = headLayout(state.kind, this.view(), width, height, stats, this.theme, base, this.ratio);
      return { stats, layout, area: layout.matrix ? layout.matrix.cells.w * layout.matrix.cells.h : 0 };
    });
    const beside = width >= base * 30 && tried[0].area >= tried[1].area * 0.8;
    const { stats, layout } = tried[beside ? 0 : 1];
    const { matrix } = (this.layouts.head = layout);
    refs.stats.dataset.beside = String(beside);
    const reach = matrix ? matrix.cells.y + matrix.cells.h : height;
    refs.stats.style.height = beside ? `${clamp(reach, stats.height, stats.height * 1.5)}px` : "";
    refs.zoom.hidden = !matrix || (matrix.cw >= 28 && matrix.ch >= 16);
  },

  // How large the numbers are beside and below; measured when they, or the place for them, have changed.
  statsSizes(width) {
    const { refs, base } = this;
    const key = `${width} ${base}`;
    const shape = shapeOf(refs.stats);
    if (key !== this.statsKey || shape !== this.statsShape) {
      Object.assign(this, { statsKey: key, statsShape: shape });
      refs.stats.style.height = "";
      refs.stats.style.setProperty("--columns", width > base * 37 ? 6 : 3);
      this.statsMeasured = [true, false].map((beside) => {
        refs.stats.dataset.beside = String(beside);
        return { beside, width: refs.stats.offsetWidth, height: refs.stats.offsetHeight };
      });
    }
    return this.statsMeasured;
  },

  // Buttons and switches over the drawn heads.
  placeHeads() {
    const { grid } = this.layouts;
    this.refs.headCells.forEach((cell, i) => {
      const { x, y, column, rowHeight, cells } = grid.boxes[i];
      Object.assign(cell.choose.style, { left: `${x - 1}px`, top: `${y}px`, width: `${column}px`, height: `${rowHeight}px` });
      const slim = grid.compact || column < grid.small * 2.7 + 40; // the name of the head has its place first
      const [width, height] = slim ? [column > 52 ? 22 : 15, column > 52 ? 12 : 9] : [32, 18];
      // What is drawn may be small, what a finger must hit may not (WCAG 2.2, target size).
      const [wide, high] = [Math.max(width, TARGET), Math.max(height, TARGET)];
      Object.assign(cell.toggle.style, {
        left: `${x + cells.w - wide}px`, top: `${y + (grid.titleHeight - high) / 2 - 1}px`, width: `${wide}px`, height: `${high}px`,
      });
      cell.toggle.style.setProperty("--track", `${width}px`);
      cell.toggle.style.setProperty("--knob", `${height}px`);
    });
  },

  // Words and marks of every head that change without a new layout.
  writeHeads(only = null) {
    const { refs, state, picture } = this;
    const { kind } = state;
    for (const { layer, head, cell, choose, toggle } of refs.headCells) {
      if (only && !only.some((one) => one.layer === layer && one.head === head)) continue;
      const chosen = layer === state.layer && head === state.head;
      const off = state.isOff(layer, head);
      const names = { layer: layer + 1, head: head + 1 };
      const caption = headCaption(kind, picture.text, layer, head, state.token);
      const statistics = [caption.entropy[0], caption.delta[0], off ? picture.text.off : ""].filter(Boolean).join(" · ");
      cell.setAttribute("aria-selected", String(chosen));
      choose.setAttribute("aria-label", fill(picture.text.head_label, { ...names, statistics }));
      choose.setAttribute("aria-pressed", String(chosen));
      toggle.setAttribute("aria-checked", String(!off));
      toggle.setAttribute("aria-label", fill(picture.text.switch_label, names));
      toggle.title = off ? picture.text.switch_turn_on : picture.text.switch_turn_off;
    }
    this.markFocused(this.focused.layer, this.focused.head);
    const box = this.layouts.grid.boxes[state.layer * kind.heads + state.head].cells;
    Object.assign(refs.chosenFrame.style, {
      transform: `translate(${box.x - 4}px, ${box.y - 4}px)`, width: `${box.w + 8}px`, height: `${box.h + 8}px`,
    });
    refs.allOn.hidden = this.switches.off.size === 0;
    refs.root.dataset.pending = String(this.switches.pending);
    this.writeToken();
    refs.legendSink.hidden = kind.sink === null;
    refs.kinds.press(kind.id);
    refs.views.press(this.view());
    refs.scales.press(state.scale);
    refs.headCard.dataset.off = String(state.isOff(state.layer, state.head));
    refs.surface.setAttribute("aria-label", fill(picture.text.matrix_label, { rows: kind.rows, columns: kind.columns }));
    refs.surface.dataset.zoomed = String(state.zoom.zoom > 1);
  },

  // `changed`: the heads of the grid that look different, null for all of them. They are painted in slices, so that no
  // frame is late: the first ones now. `said`: those of which something else is said.
  paint(changed = null, said = changed) {
    if (!this.layouts || !this.layouts.head) return;
    const { head } = this.layouts;
    this.paintHead(head);
    this.paintGrid(changed);
    this.writeHeads(said);
    this.mirror();
    this.light();
  },

  paintGrid(changed) {
    const { refs, state, theme, ratio, layouts } = this;
    const { grid } = layouts;
    if (!changed) {
      const sized = `${grid.width}×${grid.height}×${ratio}`;
      // What is on screen stays until it is painted over, unless everything moved.
      if (this.gridSize !== sized || this.gridLayout !== grid) CanvasPainter.on(refs.gridStatic, grid.width, grid.height, theme, ratio);
      Object.assign(this, { gridSize: sized, gridLayout: grid });
      this.due = new Set(grid.boxes);
    } else {
      this.due ||= new Set();
      for (const { layer, head } of changed) this.due.add(grid.boxes[layer * state.kind.heads + head]);
    }
    this.paintSlice();
  },

  paintSlice() {
    cancelAnimationFrame(this.slicing);
    const { state, theme, ratio, layouts } = this;
    const began = performance.now();
    const painter = CanvasPainter.again(this.refs.gridStatic, theme, ratio);
    const most = costliest(state.kind, state.token);
    for (const box of this.due) {
      this.due.delete(box);
      painter.clear(...placeOf(layouts.grid, box));
      paintHeadBox(painter, layouts.grid, box, state, this.picture.text, theme, { most });
      if (performance.now() - began > SLICE) break;
    }
    if (this.due.size) this.slicing = requestAnimationFrame(() => this.paintSlice());
  },

  paintHead(head) {
    const { refs, state, theme, ratio } = this;
    const painter = CanvasPainter.on(refs.headStatic, ...this.headSize, theme, ratio);
    this.coarse = !state.kind.has(state.layer, state.head);
    painter.until = performance.now() + SLICE;
    if (head.matrix) paintMatrix(painter, head.matrix, state, theme);
    if (head.lines) paintLines(painter, head.lines, state, theme);
    if (painter.late) this.paintSoon(); // the rest of a large picture comes with the next frames
    refs.surface.dataset.zoomed = String(state.zoom.zoom > 1);
  },

  paintSoon() {
    if (this.painting) return;
    this.painting = requestAnimationFrame(() => {
      this.painting = 0;
      this.paintHead(this.layouts.head);
      this.light();
    });
  },

  lightSoon() {
    if (this.lighting) return;
    this.lighting = requestAnimationFrame(() => {
      this.lighting = 0;
      this.light();
    });
  },

  // Rows that are looked at together: each is framed, and what they put on the keys is summed.
  lightSeveral(onHead) {
    const { refs, state, theme } = this;
    const { matrix } = this.layouts.head;
    const rows = [...this.several].sort((a, b) => a - b);
    for (const row of matrix ? rows : []) paintCrossing(onHead, matrix.cells, this.shownPart(), row, null, theme);
    for (const count of [4, 3, 2, 1]) {
      writePieces(refs.readout, severalSentence(state, rows, this.picture.text, count));
      if (refs.readout.scrollWidth <= refs.readout.clientWidth) break;
    }
  },

  // Only the upper canvases are drawn anew when something is pointed at.
  light() {
    const { refs, state, theme, ratio, layouts } = this;
    if (!layouts || !layouts.head) return;
    const lit = this.lit || (this.pinned && { ...this.pinned, layer: state.layer, head: state.head });
    const onGrid = CanvasPainter.on(refs.gridLight, layouts.grid.width, layouts.grid.height, theme, ratio);
    const onHead = CanvasPainter.on(refs.headLight, ...this.headSize, theme, ratio);
    refs.root.dataset.pinned = String(Boolean(this.pinned));
    refs.readout.title = lit ? "" : this.picture.text.readout_more;
    if (!lit) {
      writePieces(refs.readout, [{ text: this.picture.text.readout_idle, role: "plain" }]);
      return;
    }
    if (!this.lit && this.several.size > 1) {
      this.lightSeveral(onHead);
      return;
    }
    paintGridLight(onGrid, layouts.grid, state.kind, lit, theme);
    if (layouts.head.matrix) paintMatrixLight(onHead, layouts.head.matrix, state, lit, theme);
    if (layouts.head.lines) paintLinesLight(onHead, layouts.head.lines, state, lit, theme);
    for (const [count, short] of [[3, false], [2, false], [3, true], [2, true]]) {
      writePieces(refs.readout, sentence(state, lit, this.picture.text, { count, short }));
      if (refs.readout.scrollWidth <= refs.readout.clientWidth) break;
    }
  },
});
