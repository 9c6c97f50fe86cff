// What could have come: the likeliest tokens with their probabilities, the draw, the entropy; a click says another one.

import { element } from "../../front/dom.js";
import { fill, fontOf, printable, widest } from "../../front/labels.js";
import { clamp, numberText, probabilityText } from "../../front/numbers.js";

export class AlternativesCard {
  constructor(stage) {
    this.stage = stage;
    this.title = element("h2");
    this.tools = element("div", { class: "card-tools" });
    this.list = element("ol", { class: "alternatives" });
    this.strip = element("div", { class: "draw-strip" });
    this.facts = element("dl", { class: "facts" });
    this.field = element("input", { type: "text", maxlength: "40", autocomplete: "off", spellcheck: "false" });
    this.form = element("form", { class: "other" }, [this.field, element("button", { type: "submit", class: "tool wide" })]);
    this.refused = element("p", { class: "refused", role: "alert" });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.field.value) this.stage.typed(this.at, this.field.value);
    });
    this.hint = element("p", { class: "caption" });
    this.card = element("section", { class: "card alternatives-card" }, [
      element("header", {}, [this.title, this.tools]), this.list, this.strip, this.facts, this.form, this.refused, this.hint,
    ]);
  }

  draw(path) {
    const { shot, state } = this.stage;
    const { text } = shot;
    const empty = path.length === 0;
    this.card.classList.toggle("empty", empty);
    this.form.lastElementChild.textContent = text.force;
    this.field.placeholder = text.force_other;
    this.field.setAttribute("aria-label", text.force_other);
    if (empty) {
      this.at = null;
      this.title.textContent = text.nothing_yet;
      this.hint.textContent = text.press_next;
      this.list.replaceChildren();
      this.facts.replaceChildren();
      this.strip.replaceChildren();
      return;
    }
    this.at = this.stage.row(path);
    const step = path.step(this.at);
    const given = this.at < shot.subject.prefix;
    this.title.textContent = fill(text.after, { token: printable(step.fed) });
    this.tools.replaceChildren(...(shot.sampled ? [element("span", { class: "bars-key" }, [element("i", { class: "was" }), element("span", { text: text.key_p }), element("i", { class: "now" }), element("span", { text: text.key_chance })])] : []));
    this.form.hidden = given;
    this.hint.textContent = given ? text.given : text.force_hint;
    this.refused.textContent = state.refused ? fill(text.refused, { token: state.refused }) : "";
    this.writeList(step, given, text);
    this.writeStrip(step, text);
    this.writeFacts(step, text);
  }

  writeList(step, given, text) {
    const shown = step.alternatives.slice();
    if (!shown.some(({ id }) => id === step.id)) shown.push({ id: step.id, token: step.token, p: step.p, chance: step.chance });
    const size = parseFloat(getComputedStyle(this.list).fontSize) || 15;
    const longest = widest(shown.map(({ token }) => `▸ ${printable(token)}`), fontOf(this.stage.theme, size * 1.05, 700)) / size;
    this.list.style.setProperty("--name", `${clamp(longest + 0.2, 4, 8).toFixed(2)}em`);
    this.list.replaceChildren(...shown.map((one) => {
      const taken = one.id === step.id;
      const button = element("button", { type: "button", class: "alternative", "data-id": String(one.id) });
      button.disabled = given || taken;
      button.addEventListener("click", () => this.stage.force(this.at, one.id));
      const name = element("span", { class: "name", text: (taken ? "▸ " : "") + printable(one.token) });
      const bars = element("span", { class: "bars" });
      const bar = (kind, value) => {
        const made = element("i", { class: kind });
        made.style.width = `${clamp(value, 0, 1) * 100}%`;
        bars.append(made);
      };
      bar(this.stage.shot.sampled ? "was" : "now", one.p);
      if (this.stage.shot.sampled) bar("now", one.chance);
      const numbers = element("span", { class: "number", text: probabilityText(one.p) });
      if (this.stage.shot.sampled) numbers.append(element("b", { text: ` ${one.chance > 0 ? probabilityText(one.chance) : text.dropped}` }));
      button.append(name, bars, numbers);
      button.title = taken ? text.taken : fill(text.force_this, { token: printable(one.token) });
      const item = element("li", { class: `${taken ? "taken" : ""} ${step.forced && taken ? "forced" : ""} ${one.chance === 0 && this.stage.shot.sampled ? "dropped" : ""}` }, [button]);
      return item;
    }));
  }

  // All chances side by side, the likeliest first, and where the random number fell.
  writeStrip(step, text) {
    this.strip.replaceChildren();
    this.strip.hidden = step.draw === null || step.draw === undefined;
    if (this.strip.hidden) return;
    const ordered = step.alternatives.filter(({ chance }) => chance > 0).sort((a, b) => b.chance - a.chance);
    const bar = element("div", { class: "strip" });
    let sum = 0;
    ordered.forEach(({ id, token, chance }) => {
      const piece = element("i", { class: id === step.id ? "hit" : "", text: chance > 0.09 ? printable(token) : "" });
      piece.style.width = `${chance * 100}%`;
      piece.title = `${printable(token)} ${probabilityText(chance)}`;
      bar.append(piece);
      sum += chance;
    });
    const rest = element("i", { class: "rest", text: sum < 0.85 ? text.others : "" });
    rest.style.width = `${Math.max(0, 1 - sum) * 100}%`;
    bar.append(rest);
    const needle = element("span", { class: "needle" });
    needle.style.left = `${step.draw * 100}%`;
    this.strip.append(element("span", { class: "word", text: fill(text.draw, { number: numberText(step.draw, 3) }) }), element("div", { class: "strip-place" }, [bar, needle]));
  }

  writeFacts(step, text) {
    const most = this.stage.shot.most_entropy;
    const gauge = element("span", { class: "gauge" }, [element("i")]);
    gauge.firstElementChild.style.width = `${(step.entropy / most) * 100}%`;
    const entropy = [element("b", { class: "entropy", text: numberText(step.entropy) }), element("span", { text: ` ${fill(text.of_most, { most: numberText(most) })}` }), gauge];
    if (this.stage.shot.sampled) entropy.splice(1, 0, element("span", { text: ` → ${numberText(step.chance_entropy)}` }));
    const entries = [
      [text.entropy, entropy],
      [text.log_p, [element("b", { text: numberText(step.log_p) }), element("span", { text: ` ${fill(text.sum_so_far, { sum: numberText(step.cumulative) })}` })]],
      [text.rank, [element("b", { text: String(step.rank + 1) }), element("span", { text: step.forced ? ` ${this.at < this.stage.shot.subject.prefix ? text.was_prefix : text.was_forced}` : "" })]],
    ];
    this.facts.replaceChildren(...entries.flatMap(([name, value]) => [element("dt", { text: name }), element("dd", {}, value)]));
  }
}
