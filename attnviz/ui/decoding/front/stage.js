// The stage: one answer of the server, where the class stands in it, and what is told back.

import { element } from "../../front/dom.js";
import { clamp } from "../../front/numbers.js";
import { Shell } from "../../front/shell.js";
import { appearance, applyTheme, readTheme } from "../../front/theme.js";
import { CacheView } from "./cache.js";
import { ForcingView } from "./forcing.js";
import { BranchPath, RunPath } from "./path.js";
import { Shot } from "./shot.js";
import { StepsView } from "./steps.js";

const PLAY_EVERY = 750; // milliseconds a token
const TELL_AFTER = 220; // milliseconds of rest before the server hears where we are

export class DecodingStage extends Shell {
  constructor(host) {
    super(host, ".stage-place");
    this.root = element("div", { class: "stage" });
    this.busy = element("div", { class: "progress", role: "status" });
    this.place.append(this.root, this.busy);
    this.views = {};
    this.state = { step: 0, row: null, site: null, head: null, forced: [], node: null, mistake: undefined, attempt: 0, refused: null };
    this.seq = this.answered = 0;
    this.withCache = true;
    new ResizeObserver(() => this.resized()).observe(this.root);
    this.hearKeys((event) => this.shortcut(event));
  }

  // -- the server ----------------------------------------------------------------------------------------------------
  read(bytes, parsed) {
    return Shot.read(bytes, parsed);
  }

  show(shot) {
    const before = this.shot;
    this.shot = shot;
    const { state } = shot;
    const fresh = !before || before.state.scope !== shot.state.scope;
    if (fresh || state.seq >= this.seq) {
      // The server knows all that was told: its word holds. What has not been told yet stays ours.
      this.seq = this.answered = Math.max(state.seq, fresh ? 0 : this.seq);
      const own = this.telling ? { step: this.state.step } : {};
      Object.assign(this.state, { step: state.step ?? this.state.step, forced: state.forced, attempt: state.attempt, refused: state.refused, ...own });
      this.busy.dataset.on = "false";
    }
    if (fresh || !this.known(this.state.site)) {
      Object.assign(this.state, { site: this.known(state.site) ? state.site : shot.firstSite(), head: state.head, row: null, node: null });
      this.pause();
    }
    if (!before || before.view !== shot.view || Boolean(before.beam) !== Boolean(shot.beam)) this.pause();
    if (shot.view !== "steps" && shot.kindOf(this.state.site) === "encoder_self") this.state.site = shot.firstSite();
    if (shot.beam && shot.kindOf(this.state.site) === "encoder_self") this.state.site = shot.firstSite();
    if (this.state.head !== null && this.state.head >= shot.model.heads) this.state.head = null;
    this.state.node = shot.beam && this.state.node !== null && this.state.node < shot.beam.nodes.length && before?.beam ? this.state.node : null;
    this.state.step = clamp(this.state.step, 0, this.last());
    this.mount();
    this.write();
    this.place.dataset.state = "ready";
    this.draw();
    this.root.dataset.drawn = `${shot.state.seq}`;
  }

  known(site) {
    return this.shot.model.sites.some((one) => one.site === site);
  }

  // Every message says everything, so that only the last one matters.
  tell(more = {}, now = false) {
    clearTimeout(this.telling);
    this.extra = { ...this.extra, ...more };
    const send = () => {
      this.telling = null;
      const { step, row, site, head, forced, attempt } = this.state;
      this.send?.("message", { scope: this.shot.state.scope, seq: ++this.seq, step, row, site, head, forced, attempt, ...this.extra });
      this.extra = {};
      this.root.dataset.told = String(this.seq);
    };
    if (now) {
      send();
      this.wait();
    } else this.telling = setTimeout(send, TELL_AFTER);
  }

  wait() {
    this.busy.textContent = this.shot.text.computing;
    this.busy.dataset.on = "true";
  }

  // -- where we are --------------------------------------------------------------------------------------------------
  last() {
    const { shot } = this;
    return shot.beam ? shot.beam.steps.length : shot.steps ? shot.steps.length : 0;
  }

  // The beam's node that is followed: the chosen one while it is on screen, else the best.
  node() {
    const { beam } = this.shot;
    const { step, node } = this.state;
    if (node !== null && beam.steps.slice(0, step).some((one) => one.new.includes(node))) return node;
    return step ? beam.steps[step - 1].best : 0;
  }

  path() {
    return this.shot.beam ? new BranchPath(this.shot, this.node()) : new RunPath(this.shot, this.state.step);
  }

  // The query that is looked at: the chosen one, else the newest.
  row(path) {
    const { row } = this.state;
    return row !== null && row < path.length ? row : Math.max(0, path.length - 1);
  }

  // -- what is done --------------------------------------------------------------------------------------------------
  walk(by) {
    const to = clamp(this.state.step + by, 0, this.last());
    if (to === this.state.step) return this.pause();
    Object.assign(this.state, { step: to, row: null, refused: null });
    if (this.shot.beam) this.state.node = null;
    this.draw();
    this.tell();
    if (to === this.last()) this.pause();
  }

  playPause() {
    if (this.playing) return this.pause();
    this.playing = setInterval(() => (this.root.isConnected ? this.walk(1) : this.pause()), PLAY_EVERY);
    this.walk(1);
  }

  pause() {
    if (!this.playing) return;
    clearInterval(this.playing);
    this.playing = null;
    this.draw();
  }

  look(row) {
    this.state.row = row;
    this.state.refused = null;
    this.draw();
    this.tell();
  }

  chooseMap(site, head) {
    Object.assign(this.state, { site, head });
    this.write();
    this.draw();
    this.tell({}, !this.shot.has(site));
  }

  follow(node) {
    this.state.node = node;
    this.state.row = null;
    this.draw();
    this.tell();
  }

  force(position, token) {
    this.pause();
    this.state.forced = [...this.state.forced.filter(([at]) => at < position), [position, token]];
    Object.assign(this.state, { step: position + 1, row: null, refused: null });
    this.tell({}, true);
  }

  unforce() {
    this.pause();
    this.state.forced = [];
    this.tell({}, true);
  }

  typed(position, text, mistake = false) {
    this.tell({ typed: { position, text, mistake } }, true);
  }

  setMistake(pair) {
    this.tell({ mistake: pair }, true);
  }

  measureAgain() {
    this.state.attempt += 1;
    this.tell({}, true);
  }

  setWay(withCache) {
    this.withCache = withCache;
    this.write();
    this.draw();
  }

  openByHand() {
    this.tell({ by_hand: true, node: this.shot.beam ? this.node() : null }, true);
  }

  shortcut(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || !this.shot || this.shot.view === "forcing") return;
    const target = event.composedPath()[0];
    if (target.closest?.("input, textarea, select, [contenteditable], [role=radiogroup], [role=listbox], [role=dialog]")) return;
    const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };
    if (event.key in steps) this.walk(steps[event.key]);
    else if (event.key === " " && !target.closest?.("button, a, summary, [role=button]")) this.walk(1);
    else return;
    event.preventDefault();
  }

  // -- drawing -------------------------------------------------------------------------------------------------------
  mount() {
    const { view } = this.shot;
    this.views[view] ??= new { steps: StepsView, forcing: ForcingView, cache: CacheView }[view](this);
    this.view = this.views[view];
    if (this.root.firstElementChild !== this.view.root) this.root.replaceChildren(this.view.root);
    this.place.dataset.view = view;
    this.root.lang = this.shot.language;
    this.root.setAttribute("aria-label", this.shot.text.title);
  }

  theming() {
    if (this.theme) return;
    this.appeared = appearance(this.place);
    this.theme = readTheme(this.place, this.shot.theme);
    applyTheme(this.root, this.theme);
    for (const name of ["right", "before", "after", "visible", "alarm_fill"]) this.root.style.setProperty(`--av-${name.replace("_", "-")}`, this.theme[name]);
  }

  write() {
    this.theming();
    this.view.write();
  }

  draw() {
    if (!this.shot || !this.view) return;
    this.theming();
    this.view.draw();
  }

  retheme() {
    this.theme = null;
    this.write();
    this.draw();
  }

  resized() {
    const size = `${this.root.clientWidth}×${this.root.clientHeight}×${window.devicePixelRatio}`;
    if (size === this.size || !this.root.clientWidth) return;
    this.size = size;
    this.draw();
  }
}
