// One regime as a lane of columns: target, prediction, input; a click on a prediction opens what could be put there.

import { element } from "../../front/dom.js";
import { fill, printable } from "../../front/labels.js";
import { lossText, probabilityText } from "../../front/numbers.js";
import { arrow, setColumns } from "./ribbon.js";

// From a target's side straight down between the columns, past what is written, to what is read next.
const FROM_TARGET = "M97,-64 C100,-64 100,-62 100,-58 L100,1 C100,12 150,6 150,19";

export class Lane {
  constructor(view, name) {
    this.view = view;
    this.name = name;
    this.heading = element("h2");
    this.score = element("span", { class: "score" });
    this.story = element("p", { class: "caption" });
    this.columns = element("div", { class: "lane-columns" });
    this.card = element("section", { class: `card lane-card ${name}` }, [element("header", {}, [this.heading, this.score]), this.story, this.columns]);
  }

  write(lesson, text) {
    const places = lesson[this.name];
    this.heading.textContent = text["regime_" + this.name];
    this.story.textContent = text[`regime_${this.name}_story`];
    const right = lesson[`${this.name}_correct`];
    const clean = lesson[`${this.name}_clean`];
    this.score.replaceChildren(element("b", { text: `${right} / ${lesson.scored}` }), element("span", { text: ` ${text.right}` }));
    if (lesson.mistake) this.score.append(element("span", { class: "was", text: fill(text.without_mistake, { right: clean, scored: lesson.scored }) }));
    if (this.name === "teacher") this.score.append(element("span", { class: "was", text: fill(text.loss_of, { loss: lossText(lesson.loss) }) }));
    const [target, said] = [element("span", { text: text.lane_target }), element("span", { class: "of-said", text: text.lane_said })];
    const names = element("div", { class: "names" }, [target, said, element("span", { class: "gap" }), element("span", { text: text.lane_fed })]);
    setColumns(this.columns, [...lesson.teacher, ...lesson.free].flatMap((one) => [one.fed, one.said, one.written, one.target ?? ""]), 5);
    const columns = places.map((place, i) => this.column(place, i, places, lesson, text));
    this.columns.replaceChildren(names, ...columns);
  }

  column(place, i, places, lesson, text) {
    const teacher = this.name === "teacher";
    const parted = lesson.parts_at !== null && i >= lesson.parts_at;
    const target = element("div", { class: `target ${teacher ? "is-read" : ""}`, text: place.target === null ? "–" : printable(place.target) });
    const overwritten = lesson.mistake?.position === i;
    const said = element("button", { type: "button", class: `said ${place.right === true ? "right" : place.right === false ? "wrong" : ""} ${overwritten ? "overwritten" : ""}` }, [
      element("span", { class: "token", text: printable(place.said) }), element("span", { class: "p", text: probabilityText(place.p) }),
    ]);
    if (overwritten) said.append(element("span", { class: "instead", text: `→ ${printable(place.written)}` }));
    const could = i < lesson.scored - 1;
    said.disabled = !could;
    said.title = could ? text.put_mistake : "";
    said.addEventListener("click", () => this.view.choose(i, place, said));
    const shift = element("div", { class: "shift" });
    if (i + 1 < places.length) shift.append(arrow(teacher ? FROM_TARGET : undefined));
    const fed = element("div", { class: `fed ${i === 0 ? "bos" : ""} ${place.disturbed ? "disturbed" : ""}`, text: printable(place.fed) });
    const column = element("div", { class: `column ${parted ? "parted" : ""}`, "data-position": String(i) });
    // Rows stand alike in both. Teacher forcing feeds the targets: its arrows start there. Free running feeds what it says.
    column.append(target, said, shift, fed);
    return column;
  }
}
