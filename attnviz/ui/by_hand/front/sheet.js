// The whole walk on the page: what the server said, what is chosen here, and when to lay out, draw and light.

import { element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { clamp, numberText } from "../../front/numbers.js";
import { Operations } from "../../front/operations.js";
import { Shell } from "../../front/shell.js";
import { appearance, applyTheme, baseOf, numberOver, ramp, readTheme } from "../../front/theme.js";
import { Board } from "./board.js";
import { Code } from "./code.js";
import { Editor } from "./editor.js";
import { lookedAt, placeOf, sameScreen } from "./equations.js";
import { cellsOf, definitionsOf, linesOf } from "./expression.js";
import { screenName } from "./names.js";
import { Rail } from "./rail.js";
import { arithmeticOf, generalText, scaleText } from "./rules.js";
import { Shapes } from "./shapes.js";
import { Picker, Switches } from "./switches.js";
import { readAnswer } from "./walk.js";
import { LONGEST_DEFINED, LONGEST_LIT, Why } from "./why.js";
import { Keyboard } from "./keyboard.js";

// Kept while the tab lives, so that another page and back finds the same step.
const remembered = (window.attnvizByHandKept = window.attnvizByHandKept || { step: null, at: null, head: 0, view: "one", digits: 2, row: null, asked: null });

export class Sheet extends Shell {
  constructor(host) {
    super(host, ".sheet-place");
    this.operations = new Operations();
    this.operations.deliver = (message) => this.send("operations", message);
    this.hovered = this.held = this.aimed = null;
    this.board = new Board(this);
    this.why = new Why(this);
    this.rail = new Rail(this);
    this.switches = new Switches(this);
    this.code = new Code(this);
    this.shapes = new Shapes(this);
    this.editor = new Editor(this);
    this.title = element("h2");
    this.about = element("p", { class: "about" });
    this.busy = element("div", { class: "busy", role: "status" });
    this.spoken = element("p", { class: "spoken", "aria-live": "polite" });
    this.views = new Picker((view) => this.chooseView(view));
    this.boardCard = element("section", { class: "card main" }, [element("header", {}, [this.title, this.about, this.views.node]), this.board.node, this.why.node]);
    this.body = element("div", { class: "walk" }, [this.rail.node, this.switches.node, element("div", { class: "cards" }, [this.boardCard, this.code.node])]);
    this.root = element("div", { class: "sheet" }, [this.body, this.shapes.node, this.busy, this.spoken]);
    this.root.hidden = true;
    // Matrices that come to lie under a mouse that does not move are not pointed at.
    this.pointer = this.stillAt = null;
    this.root.addEventListener("pointermove", ({ clientX, clientY }) => (this.pointer = { x: clientX, y: clientY }));
    this.place.append(this.root);
    const sizes = new ResizeObserver(() => this.resized());
    sizes.observe(this.root);
    this.page = document.querySelector('[data-testid="stMain"]') || document.documentElement;
    for (const part of [this.page, this.page.firstElementChild]) if (part) sizes.observe(part);
    this.keyboard = new Keyboard(this);
  }

  // -- the server ----------------------------------------------------------------------------------------------------
  read(bytes, parsed) {
    return readAnswer(bytes, parsed);
  }

  show(answer) {
    const isWalk = answer.mode === "walk";
    const another = !this.answer || this.answer.scope !== answer.scope;
    this.answer = answer;
    this.operations.receive(answer);
    this.root.lang = answer.language;
    this.root.dataset.mode = answer.mode;
    this.root.setAttribute("aria-label", answer.text.title);
    this.root.setAttribute("role", "region");
    this.busy.textContent = answer.text.computing;
    this.readTheme(answer);
    this.body.hidden = !isWalk;
    this.shapes.node.hidden = isWalk;
    this.walk = isWalk ? answer : null;
    if (isWalk) this.showWalk(answer, another);
    else this.shapes.write(answer);
    this.root.hidden = false;
    this.place.dataset.state = "ready";
    this.measureWidth();
    this.fitHeight();
    if (isWalk) this.layout();
    this.busySoon();
    if (isWalk && answer.problem && answer.problem.place && this.complained !== answer.seq) {
      this.complained = answer.seq; // once: another language says it again, but opens nothing
      this.editor.reopen(answer.problem);
    }
    this.root.dataset.drawn = `${answer.scope} ${answer.seq}`;
  }

  showWalk(answer, another) {
    if (another) {
      // A list that was just chosen from would take the next space for itself.
      const active = document.activeElement;
      if (active && active.getAttribute("role") === "combobox") active.blur();
      this.hovered = this.held = null;
      this.board.offsets = {};
    }
    const { asked } = answer;
    const adopted = Boolean(asked.id) && asked.id !== remembered.asked;
    if (adopted) {
      const index = asked.stage ? answer.screens.findIndex((screen) => screen.stage === asked.stage) : asked.step ? asked.step - 1 : null;
      Object.assign(remembered, { asked: asked.id, step: index, head: (asked.head || 1) - 1, view: asked.view || remembered.view, row: asked.row ? asked.row - 1 : null });
    } else if (another && asked.head && !asked.id && !remembered.chosen) remembered.head = asked.head - 1;
    // The page's question is about a weight: it opens where the weights are made, and one walks back or on from there.
    if (remembered.step === null) remembered.step = answer.screens.findIndex((screen) => screen.stage === "softmax");
    // Other steps (pre-norm, another model, another page and back): stay with what was being looked at, whatever its number.
    const at = this.screen ? placeOf(this.screen) : remembered.at;
    if (at && !adopted) remembered.step = sameScreen(answer.screens, at)?.index ?? remembered.step;
    this.step = clamp(remembered.step, 0, answer.screens.length - 1);
    this.head = clamp(remembered.head, 0, answer.heads - 1);
    this.view = remembered.view;
    this.digits = remembered.digits;
    this.screen = answer.screens[this.step];
    remembered.at = placeOf(this.screen);
    this.write();
  }

  ask(op, values = {}) {
    this.operations.add({ op, ...values });
    this.busySoon();
    return true;
  }

  busySoon() {
    clearTimeout(this.busyTimer);
    this.root.dataset.busy = "false";
    if (this.operations.busy) this.busyTimer = setTimeout(() => (this.root.dataset.busy = String(this.operations.busy)), 350);
  }

  // -- what is chosen here -------------------------------------------------------------------------------------------
  walkOn(by) {
    return this.go(this.step + by);
  }

  go(index) {
    if (!this.walk) return false;
    const step = clamp(index, 0, this.walk.screens.length - 1);
    if (step !== this.step) {
      this.step = remembered.step = step;
      this.screen = this.walk.screens[step];
      remembered.at = placeOf(this.screen);
      this.hovered = this.held = null;
      this.stillAt = this.pointer;
      this.changed();
      const { text } = this.walk;
      this.spoken.textContent = `${fill(text.step_of, { number: step + 1, count: this.walk.screens.length })}: ${screenName(this.walk, this.screen)}`;
    }
    return true;
  }

  goTo(name) {
    this.go(this.walk.screens.findIndex((screen) => screen.steps.includes(name)));
  }

  chooseHead(head) {
    this.head = remembered.head = head;
    remembered.chosen = true;
    this.held = this.hovered = null;
    this.changed();
  }

  chooseView(view) {
    this.view = remembered.view = view;
    this.changed();
  }

  chooseDigits(digits) {
    this.digits = remembered.digits = digits;
    this.changed();
  }

  changed() {
    this.write();
    this.layout();
  }

  hover(cell) {
    if (this.editor.open || cell === this.hovered) return;
    this.hovered = cell;
    this.light();
  }

  hold(cell) {
    this.held = { name: cell.name, row: cell.row, column: cell.column, head: cell.head };
    const step = this.walk.step(cell.name);
    if (step.axes[0] === "query") remembered.row = cell.row;
    const node = this.board.find(cell);
    if (node) node.focus({ preventScroll: true });
    this.light();
    this.spoken.textContent = this.why.lines.innerText;
    this.mirror();
  }

  release() {
    this.held = this.hovered = null;
    this.light();
  }

  // The number that is looked at while nothing is pointed at: of the same row, step after step.
  get focus() {
    const { walk } = this;
    const step = lookedAt(this.screen);
    const row = Math.min(remembered.row ?? Math.min(2, walk.rowLabels.length - 1), step.rows - 1);
    let column = step.operation === "concat" ? this.head * walk.step(step.inputs[0]).columns : 0;
    if (step.role === "weights") for (let c = 0; c < step.columns; c++) if (step.at(row, c, this.head) > step.at(row, column, this.head)) column = c;
    return { name: step.name, row: step.axes[0] === "one" ? 0 : row, column: step.role === "mask" ? Math.min(row, step.columns - 1) : column, head: step.hasHeads ? this.head : 0 };
  }

  // -- words, layout, light ------------------------------------------------------------------------------------------
  write() {
    const { walk, screen } = this;
    this.title.replaceChildren(element("i", { text: String(screen.index + 1) }), screenName(walk, screen));
    this.views.write(walk.text.view, [["one", walk.text.view_one], ["all", walk.text.view_all]], this.view);
    this.body.dataset.view = this.view;
    this.about.textContent = aboutScreen(walk, screen);
    this.rail.write();
    this.switches.write();
    this.code.write();
    this.why.complain(walk.problem);
  }

  readTheme(answer) {
    this.theme = readTheme(this.place, answer.theme);
    this.appeared = appearance(this.place);
    const signed = ramp(this.theme.difference);
    this.theme.signedCss = signed.map((rgb) => `rgb(${rgb.join(",")})`);
    this.theme.signedInk = signed.map(numberOver);
    applyTheme(this.root, this.theme);
    for (const name of ["visible", "right"]) this.root.style.setProperty(`--av-${name}`, this.theme[name]);
  }

  // Narrow windows scroll; the others are filled.
  measureWidth() {
    this.root.dataset.width = this.root.clientWidth < 900 ? "narrow" : "wide";
  }

  retheme() {
    this.readTheme(this.answer);
    if (this.walk) this.changed();
  }

  // As high as the window leaves room for under what stands above.
  fitHeight() {
    const above = this.root.getBoundingClientRect().top - this.page.getBoundingClientRect().top + this.page.scrollTop;
    const below = 1.1 * parseFloat(getComputedStyle(document.documentElement).fontSize) + 3;
    const height = `${Math.floor(clamp(this.page.clientHeight - above - below, 500, 1400))}px`;
    if (this.root.dataset.width !== "narrow" && this.root.style.getPropertyValue("--height") !== height) this.root.style.setProperty("--height", height);
  }

  resized() {
    if (!this.answer || !this.root.clientWidth) return;
    this.measureWidth();
    this.fitHeight();
    const size = `${this.root.clientWidth}×${this.root.clientHeight}×${window.devicePixelRatio}`;
    if (!this.walk || size === this.size || !this.root.clientWidth) return;
    this.layout();
  }

  layout() {
    if (!this.root.clientWidth || this.editor.open) return;
    this.fitHeight();
    this.size = `${this.root.clientWidth}×${this.root.clientHeight}×${window.devicePixelRatio}`;
    this.base = baseOf(this.root, this.theme);
    this.board.layout();
    this.light();
    this.mirror();
  }

  light() {
    if (!this.walk || this.editor.open) return;
    const cell = this.hovered || this.held || this.focus;
    this.aimed = cell;
    const found = this.explain(cell, !this.hovered && Boolean(this.held));
    this.board.light(cell, cellsOf(found.tree));
    this.why.write(cell, found);
    this.code.mark();
  }

  // Where a number comes from, and its lines as pieces; held: no sum is shortened.
  explain({ name, row, column, head }, held) {
    const found = arithmeticOf(this.walk, name, row, column, head);
    const several = definitionsOf(found.tree).length > 0;
    const longest = held ? 0 : several ? LONGEST_DEFINED : LONGEST_LIT;
    return { ...found, several, lines: linesOf(found.tree, found.result, this.digits, longest) };
  }

  // Step, head, row and view in the page's address, without a trip to the server.
  mirror() {
    const url = new URL(window.location.href);
    const wanted = { step: String(this.step + 1), head: String(this.head + 1), row: remembered.row === null ? null : String(remembered.row + 1), view: this.view === "one" ? null : this.view };
    for (const [name, value] of Object.entries(wanted)) {
      if (value === null) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    if (url.href !== window.location.href) window.history.replaceState(window.history.state, "", url);
  }
}

// What a step does, in a sentence; the switches change what is true.
function aboutScreen(walk, screen) {
  const { text, variant } = walk;
  const { stage } = screen;
  if (stage === "input" && !walk.byName.has("x")) return text.about_input_qkv;
  if (stage === "input" && walk.byName.has("memory")) return text.about_memory;
  if (stage === "norm" && walk.norm_kind === "rms") return text.about_norm_rms;
  if (stage === "project" && walk.byName.has("memory")) return text.about_project_cross;
  if (stage === "project" && walk.each > 1) return fill(text.about_project_groups, { heads: walk.heads, groups: walk.groups, each: walk.each });
  if (stage === "scale") return aboutScale(walk, screen);
  if (stage === "mask" && variant.mask !== "before") return text.about_mask_after;
  if (stage === "softmax" && variant.mask !== "before") return text[`about_softmax_${variant.mask.replaceAll("-", "_")}`];
  if (stage === "softmax" && walk.byName.has("sink")) return text.about_softmax_sink;
  if (stage === "combine" && variant.combine === "sum") return text.about_combine_sum;
  return text[`about_${stage}`];
}

// What becomes of the products before the mask: each model does some of it.
function aboutScale(walk, { all }) {
  const { text, variant } = walk;
  const has = (operation) => all.some((step) => step.operation === operation);
  const root = `√${walk.headDim} = ${numberText(Math.sqrt(walk.headDim), 2)}`;
  const said = [!variant.divide ? text.about_scale_off : has("times") ? fill(text.about_scale_own, { scaling: scaleText(walk.scaling) }) : fill(text.about_scale, { root })];
  if (has("softcap")) said.push(fill(text.about_scale_cap, { cap: generalText(walk.softcap) }));
  if (has("add")) said.push(text.about_scale_bias);
  return said.join(" ");
}
