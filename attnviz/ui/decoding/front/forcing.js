// Teacher forcing above free running on the same sentence, and the mistake that both are made to write.

import { element } from "../../front/dom.js";
import { fill, printable } from "../../front/labels.js";
import { clamp, probabilityText } from "../../front/numbers.js";
import { Lane } from "./lanes.js";
import { TakeAway } from "./take.js";

export class ForcingView {
  constructor(stage) {
    this.stage = stage;
    this.verdict = element("p", { class: "verdict", role: "status" });
    this.clear = element("button", { type: "button", class: "tool wide clear-mistake", click: () => stage.setMistake(null) });
    this.take = new TakeAway(stage);
    this.bar = element("div", { class: "bar" }, [this.verdict, this.clear, this.take.root]);
    this.teacher = new Lane(this, "teacher");
    this.free = new Lane(this, "free");
    this.hint = element("p", { class: "caption" });
    this.menu = element("div", { class: "menu", role: "dialog", hidden: "" });
    this.root = element("div", { class: "view forcing" }, [this.bar, this.teacher.card, this.free.card, this.hint, this.menu]);
    this.root.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    this.root.addEventListener("click", (event) => {
      if (!event.composedPath().includes(this.menu) && !event.target.closest?.(".said")) this.close();
    });
  }

  write() {
    const { lesson, text } = this.stage.shot;
    const { mistake } = lesson;
    this.take.write();
    this.clear.textContent = text.clear_mistake;
    this.clear.hidden = !mistake;
    const values = mistake && {
      position: mistake.position + 1, right: printable(mistake.right), token: printable(mistake.token),
      teacher: lesson.teacher_correct, free: lesson.free_correct, scored: lesson.scored,
    };
    this.verdict.textContent = mistake ? fill(text.verdict_mistake, values) : lesson.parts_at === null ? text.verdict_same : fill(text.verdict_parts, { position: lesson.parts_at + 1 });
    this.teacher.write(lesson, text);
    this.free.write(lesson, text);
    this.hint.textContent = `${text["reference_" + lesson.reference]} ${text.forcing_hint}`;
    this.align();
    if (this.stage.state.refused && this.opened) this.say(fill(text.refused, { token: this.stage.state.refused }));
    else this.close();
  }

  draw() {}

  // Both lanes scroll together, so that positions stay below each other.
  align() {
    const [a, b] = [this.teacher.columns, this.free.columns];
    a.onscroll = () => (b.scrollLeft = a.scrollLeft);
    b.onscroll = () => (a.scrollLeft = b.scrollLeft);
  }

  choose(position, place, button) {
    const { lesson, text } = this.stage.shot;
    const right = place.target;
    this.opened = position;
    const items = place.likeliest.filter(({ token }) => token !== right).slice(0, 5).map(({ id, token, p }) =>
      element("button", { type: "button", class: "wrong-token", "data-id": String(id), click: () => this.stage.setMistake([position, id]) }, [
        element("span", { text: printable(token) }), element("span", { class: "p", text: probabilityText(p) }),
      ]),
    );
    const field = element("input", { type: "text", maxlength: "40", autocomplete: "off", "aria-label": text.force_other, placeholder: text.force_other });
    const form = element("form", { class: "other" }, [field, element("button", { type: "submit", class: "tool wide", text: text.force })]);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (field.value) this.stage.typed(position, field.value, true);
    });
    this.refused = element("p", { class: "refused", role: "alert" });
    this.menu.replaceChildren(element("h3", { text: fill(text.choose_mistake, { position: position + 1, right: printable(right ?? lesson.labels?.[position] ?? "") }) }), ...items, form, this.refused);
    this.menu.hidden = false;
    const [box, at] = [this.root.getBoundingClientRect(), button.getBoundingClientRect()];
    this.menu.style.left = `${clamp(at.left - box.left, 0, Math.max(0, box.width - this.menu.offsetWidth))}px`;
    const below = at.bottom - box.top + 6;
    this.menu.style.top = `${Math.min(below, Math.max(0, box.height - this.menu.offsetHeight))}px`;
    this.menu.querySelector("button, input").focus({ preventScroll: true });
  }

  say(sentence) {
    if (this.refused) this.refused.textContent = sentence;
  }

  close() {
    this.menu.hidden = true;
    this.opened = null;
  }
}
