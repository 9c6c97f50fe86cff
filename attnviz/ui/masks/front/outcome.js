// What it does to the answer: every position's prediction before and now, the loss, and the candidates at one position.

import { element, refill, say } from "../../front/dom.js";
import { fill, printable } from "../../front/labels.js";
import { clamp, lossChange, lossDigits, lossText, probabilityText } from "../../front/numbers.js";

export class Outcome {
  constructor(lab) {
    this.lab = lab;
    this.title = element("h2");
    this.loss = element("p");
    this.hint = element("p", { class: "hint" });
    this.tokens = element("div", { class: "tokens", role: "listbox", "aria-orientation": "horizontal" });
    this.top = element("p", { class: "top" });
    this.bars = element("ol", { class: "bars" });
    lab.refs.outcome.append(element("header", {}, [this.title, this.loss]), this.hint, this.tokens, this.top, this.bars);
    this.tokens.addEventListener("keydown", (event) => this.key(event));
  }

  write() {
    const { shot } = this.lab;
    const { text, steps } = shot;
    say(this.title, text.outcome_title);
    say(this.hint, text[`outcome_${shot.scored}`]);
    this.tokens.setAttribute("aria-label", text.tokens_label);
    refill(this.loss, [shot.loss, text.loss], () => lossMoved(shot));
    // What is said at most positions stays, and so do their buttons: hundreds would be laid out anew.
    const said = steps.map((step) => JSON.stringify([step.read, step.target, step.now[0], step.own[0], text.step_hint]));
    const before = this.buttons && said.length === this.said.length ? this.said : null;
    const buttons = steps.map((step, p) => (before && said[p] === before[p] ? this.buttons[p] : this.token(step, p)));
    if (before) buttons.forEach((button, p) => button !== this.buttons[p] && this.buttons[p].replaceWith(button));
    else this.tokens.replaceChildren(...buttons);
    this.buttons = buttons;
    this.said = said;
    this.choose(this.lab.shownPosition());
  }

  token(step, p) {
    const { text } = this.lab.shot;
    const changed = step.now[0] !== step.own[0];
    const wrong = step.target !== null && step.now[0] !== step.target;
    const parts = [element("small", { text: printable(step.read) }), element("b", { text: printable(step.now[0]) })];
    if (changed) parts.push(element("s", { text: printable(step.own[0]) }));
    const hint = fill(text.step_hint, { read: printable(step.read), now: printable(step.now[0]), own: printable(step.own[0]) });
    return element("button", {
      type: "button", role: "option", class: `token${changed ? " changed" : ""}${wrong ? " wrong" : ""}`, title: hint, "aria-label": hint,
      click: () => this.lab.choosePosition(p),
    }, parts);
  }

  choose(p) {
    const { shot } = this.lab;
    const { steps, text } = shot;
    if (!steps.length) return;
    const step = steps[p];
    this.buttons.forEach((button, i) => {
      if (button.getAttribute("aria-selected") === String(i === p)) return;
      button.setAttribute("aria-selected", String(i === p));
      button.tabIndex = i === p ? 0 : -1;
    });
    refill(this.top, [step.read, text.top_at, text.own_short, text.now_short], () => [
      element("span", { text: fill(text.top_at, { read: printable(step.read) }) }),
      element("span", { class: "keys" }, [
        element("i", { class: "key-before" }), element("span", { text: text.own_short }), element("i", { class: "key-after" }), element("span", { text: text.now_short }),
      ]),
    ]);
    const choices = shot.choices(p);
    refill(this.bars, [choices, step.target], () => choices.map(([token, now, own]) => candidateBar(token, now, own, token === step.target)));
  }

  key(event) {
    const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -1e6, End: 1e6 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.lab.choosePosition(clamp(this.lab.shownPosition() + steps[event.key], 0, this.buttons.length - 1));
    this.buttons[this.lab.shownPosition()].focus();
  }
}

// "loss 0.084 → 0.732 (+0.649)"; nothing where nothing is scored.
function lossMoved({ loss, text }) {
  if (!loss) return [];
  const change = loss.now === null ? null : loss.now - loss.own;
  const style = change === null || change > 0.0005 ? "worse" : change < -0.0005 ? "better" : "same";
  const digits = lossDigits(change);
  return [
    element("span", { class: "loss" }, [
      element("span", { class: "faint", text: `${text.loss} ` }), element("span", { class: "before", text: `${lossText(loss.own, digits)} → ` }),
      element("b", { text: lossText(loss.now, digits) }),
      element("b", { class: style, text: change === null ? " NaN" : ` (${lossChange(change, digits)})` }),
    ]),
  ];
}

function candidateBar(token, now, own, right) {
  const bar = (name, share) => {
    const one = element("i", { class: name });
    one.style.width = `${share === null ? 0 : clamp(share, 0, 1) * 100}%`;
    return one;
  };
  return element("li", {}, [
    element("span", { class: `name${right ? " right" : ""}`, text: `${right ? "✓ " : ""}${printable(token)}` }),
    element("span", { class: "pair" }, [bar("before", own), bar("after", now)]),
    element("span", { class: `number${now === null ? " alarm" : ""}`, text: `${probabilityText(own)} → ${probabilityText(now)}` }),
  ]);
}

// The verdict in one plain sentence, large; what follows from it, smaller.
export function writeVerdict(lab) {
  const { refs, shot } = lab;
  const { level, sentence, details } = shot.verdict;
  const sign = { leak: "⚠", dead: "⚠", fine: "✓" }[level];
  refs.verdict.dataset.level = level;
  refill(refs.verdict, [shot.verdict, shot.loss, shot.changed, shot.leak_cell, shot.language], () => [
    element("span", { class: "sign", text: sign, "aria-hidden": "true" }),
    element("strong", { text: sentence }),
    element("span", { class: "details", title: details.join("\n") }, details.map((detail) => element("span", { class: "detail", text: detail }))),
    ...lossMoved(shot),
    ...trial(lab),
  ]);
}

// The button of the claim: it opens one future cell, or takes back what was changed.
function trial(lab) {
  const { text, loss, changed, leak_cell: cell } = lab.shot;
  if (!changed && !cell) return [];
  const back = loss && loss.own !== null ? fill(text.verdict_back, { loss: lossText(loss.own) }) : text.verdict_back_plain;
  const label = changed ? back : fill(text.verdict_try, { row: cell && cell[0] + 1, column: cell && cell[1] + 1 });
  const act = () => (changed ? lab.ask("reset") : lab.paint.fill([cell[0], cell[0], cell[1], cell[1]], true, lab.paint.strokes++));
  return [element("button", { type: "button", class: `trial ${changed ? "back" : ""}`, text: label, click: act })];
}
