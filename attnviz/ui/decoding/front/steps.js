// One token a click: the bar, the ribbon, and below it either drawing, map and alternatives, or beam tree and map.

import { element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { probabilityText } from "../../front/numbers.js";
import { AlternativesCard } from "./alternatives.js";
import { MapCard } from "./map.js";
import { PartsCard } from "./parts.js";
import { Ribbon } from "./ribbon.js";
import { TakeAway } from "./take.js";
import { TreeCard } from "./tree.js";

export class StepsView {
  constructor(stage) {
    this.stage = stage;
    const button = (name, act) => element("button", { type: "button", class: `tool wide go-${name}`, click: act });
    this.go = {
      restart: button("restart", () => stage.walk(-Infinity)),
      back: button("back", () => stage.walk(-1)),
      next: button("next", () => stage.walk(1)),
      play: button("play", () => stage.playPause()),
      end: button("end", () => stage.walk(Infinity)),
    };
    this.count = element("span", { class: "count" });
    this.written = element("span", { class: "written", "aria-live": "polite" });
    this.status = element("span", { class: "status" });
    this.undo = element("button", { type: "button", class: "tool wide undo", click: () => stage.unforce() });
    this.take = new TakeAway(stage, () => (stage.shot.beam ? this.branchMap : this.map));
    this.bar = element("div", { class: "bar" }, [...Object.values(this.go), this.count, this.written, this.undo, this.status, this.take.root]);
    this.ribbon = new Ribbon();
    this.parts = new PartsCard(stage);
    this.map = new MapCard(stage, { band: true, byHand: true });
    this.branchMap = new MapCard(stage, { sites: true, byHand: true });
    this.alternatives = new AlternativesCard(stage);
    this.tree = new TreeCard(stage);
    this.cards = element("div", { class: "cards" });
    this.root = element("div", { class: "view steps" }, [this.bar, this.ribbon.root, this.cards]);
  }

  write() {
    const { shot } = this.stage;
    const beam = Boolean(shot.beam);
    this.cards.dataset.kind = beam ? "beam" : "run";
    this.cards.dataset.stacks = shot.model.has_encoder ? "2" : "1";
    const wanted = beam ? [this.tree.card, this.branchMap.card] : [this.parts.card, this.map.card, this.alternatives.card];
    if (wanted.some((card, i) => this.cards.children[i] !== card) || this.cards.children.length !== wanted.length) this.cards.replaceChildren(...wanted);
    const { text } = shot;
    for (const [name, button] of Object.entries(this.go)) {
      button.textContent = text["go_" + name];
      button.title = text[`go_${name}_help`];
    }
    this.take.write();
    if (!beam) this.parts.write();
    (beam ? this.branchMap : this.map).write();
  }

  draw() {
    const { stage } = this;
    const { shot, state } = stage;
    const path = stage.path();
    this.writeBar(path);
    this.drawRibbon(path);
    if (shot.beam) {
      this.tree.draw();
      this.branchMap.draw(path);
    } else {
      this.parts.draw();
      this.map.draw(path);
      this.alternatives.draw(path);
    }
    this.root.dataset.step = String(state.step);
  }

  writeBar(path) {
    const { shot, state, playing } = this.stage;
    const { text } = shot;
    const last = this.stage.last();
    const ended = state.step >= last;
    this.go.restart.disabled = this.go.back.disabled = state.step === 0;
    this.go.next.disabled = this.go.end.disabled = ended;
    this.go.play.textContent = playing ? text.go_pause : text.go_play;
    this.go.play.disabled = ended && !playing;
    this.count.textContent = fill(text.step_of, { step: state.step, last });
    const tokens = Array.from({ length: path.length }, (_, i) => path.token(i));
    this.written.textContent = shot.beam ? shot.beam.written[String(this.stage.node())] ?? tokens.join(shot.beam.joint) : state.step ? shot.written[state.step - 1] : "";
    this.written.title = this.written.textContent;
    const changed = !shot.beam && state.forced.length > 0;
    this.undo.hidden = !changed;
    this.undo.textContent = fill(text.unforce, { count: state.forced.length });
    const reason = shot.beam ? (ended ? shot.beam.steps[last - 1]?.reason : null) : ended && last ? shot.steps[last - 1].reason : null;
    this.status.textContent = reason ? text[(shot.beam ? "halt_" : "ended_") + reason] : text.goes_on;
    this.status.dataset.reason = reason ?? "on";
    this.written.scrollLeft = this.written.scrollWidth; // of a long text the end is what grows
  }

  drawRibbon(path) {
    const { shot, state } = this.stage;
    const { text } = shot;
    const cells = [];
    for (let i = 0; i < path.length; i++) {
      const step = path.step(i);
      const given = i < shot.subject.prefix && !shot.beam;
      const forced = step?.forced && !given;
      cells.push({
        fed: path.fed(i), said: path.token(i), class: given ? "given" : forced ? "forced" : "", act: () => this.stage.look(i),
        fedClass: i === 0 && !path.first ? "bos" : "",
        title: given ? text.was_prefix : forced ? text.was_forced : step ? `${probabilityText(step.p)}` : "",
      });
    }
    const ended = path.length > 0 && (shot.beam ? ["finished", "dropped"].includes(shot.beam.nodes[this.stage.node()].state) : state.step >= shot.steps.length);
    if (!cells.length) {
      this.ribbon.draw([{ fed: path.first ? path.shot.beam.prefix[path.first - 1] : shot.subject.bos, said: "?", fedClass: "bos", class: "coming" }], { says: text.says, reads: text.reads });
      return;
    }
    this.ribbon.draw(cells, { says: text.says, reads: text.reads, lit: this.stage.row(path), more: !ended });
  }
}
