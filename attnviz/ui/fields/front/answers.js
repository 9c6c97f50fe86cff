// @ts-check
// What the model says: a bar a label, now and before, the right one marked; under them the numbers that the laws are
// about.

import { element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { probabilityText } from "../../front/numbers.js";

const SHORT = 6; // letters of a label that stands beside its bar

export class Answers {
  constructor(stage) {
    this.stage = stage;
    this.title = element("h2");
    this.verdict = element("p", { class: "verdict", role: "status" });
    this.list = element("ol", { class: "bars-list" });
    this.key = element("p", { class: "bars-key" });
    this.facts = element("ul", { class: "facts" });
    this.root = element("section", { class: "card answers-card" }, [
      element("header", {}, [this.title]), this.verdict, this.list, this.key, this.facts,
    ]);
  }

  // The position whose answer is shown: CLS speaks for the whole, a node for itself.
  place() {
    const { shot, state } = this.stage;
    if (!shot.model.perToken) return 0;
    return state.query || shot.asked[0] || 1;
  }

  // What is said at that position, now and of the example as it is.
  said() {
    const { shot, state } = this.stage;
    const { text } = shot;
    const place = this.place();
    const [now, before] = [shot.chances("now", place), shot.chances("before", place)];
    const [best, was] = [now, before].map((chances) => chances.indexOf(Math.max(...chances)));
    const words = { label: shot.labels[best], was: shot.labels[was], p: probabilityText(now[best]) };
    return {
      now, before, best,
      truth: shot.truth[place],
      moved: state.changed.length > 0 || state.off.length > 0,
      title: fill(text[shot.model.perToken ? "answers_node" : "answers_title"], { node: shot.positions[place] }),
      verdict: fill(text[best === was ? "verdict_same" : "verdict_other"], words),
    };
  }

  write() {
    const { shot } = this.stage;
    const { text } = shot;
    const { now, before, best, truth, moved, title, verdict } = this.said();
    this.title.textContent = title;
    this.verdict.textContent = verdict;
    this.verdict.dataset.right = truth === null ? "" : String(truth === best);
    this.list.replaceChildren(...[...now.keys()].map((i) => this.bar(i, now[i], before[i], { best, truth, moved })));
    this.list.dataset.long = String(Math.max(...shot.labels.map((label) => label.length)) > SHORT);
    this.key.hidden = !moved;
    this.key.replaceChildren(
      element("i", { class: "was" }), element("span", { text: text.before }),
      element("i", { class: "now" }), element("span", { text: text.now }),
    );
    this.facts.replaceChildren(...shot.facts.map((fact) => element("li", { text: fact })));
  }

  bar(i, now, before, { best, truth, moved }) {
    const { labels, text } = this.stage.shot;
    const bars = element("span", { class: "bars" });
    if (moved) bars.append(element("i", { class: "was", style: `width:${(100 * before).toFixed(1)}%` }));
    bars.append(element("i", { class: "now", style: `width:${(100 * now).toFixed(1)}%` }));
    const mark = truth === i ? element("em", { text: "✓", title: text.right }) : element("em");
    const numbers = [element("b", { text: probabilityText(now) })];
    if (moved) numbers.unshift(element("s", { text: probabilityText(before) }));
    return element("li", { class: i === best ? "best" : "", "data-label": labels[i] }, [
      element("span", { class: "label" }, [mark, element("span", { text: labels[i] })]), bars,
      element("span", { class: "number" }, numbers),
    ]);
  }
}
