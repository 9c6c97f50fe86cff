// The decoder's input as a ribbon: what it says moves one place to the right and becomes what it reads next.
// cells: [{fed, said, class, title, act}]

import { drawn, element } from "../../front/dom.js";
import { printable, widest } from "../../front/labels.js";
import { clamp } from "../../front/numbers.js";

export class Ribbon {
  constructor() {
    this.lane = element("div", { class: "lane" });
    this.root = element("div", { class: "ribbon" }, [this.lane]);
  }

  draw(cells, { says, reads, lit = null, more = false }) {
    const names = element("div", { class: "names" }, [element("span", { text: says }), element("span", { text: reads })]);
    const columns = cells.map((cell, i) => {
      const said = element(cell.act ? "button" : "div", { class: `said ${cell.class ?? ""}`, text: printable(cell.said) });
      if (cell.act) {
        said.type = "button";
        said.addEventListener("click", cell.act);
      }
      if (cell.title) said.title = cell.title;
      const fed = element("div", { class: `fed ${cell.fedClass ?? ""}`, text: printable(cell.fed) });
      const shift = element("div", { class: "shift" });
      if (i + 1 < cells.length || more) shift.append(arrow());
      const column = element("div", { class: "column", "data-position": String(i) }, [said, shift, fed]);
      if (i === lit) column.setAttribute("aria-current", "step");
      return column;
    });
    if (more && cells.length) {
      const last = cells[cells.length - 1];
      columns.push(element("div", { class: "column coming" }, [element("div", { class: "said", text: "?" }), element("div", { class: "shift" }), element("div", { class: "fed", text: printable(last.said) })]));
    }
    setColumns(this.lane, cells.flatMap(({ fed, said }) => [fed, said]));
    this.lane.replaceChildren(names, ...columns);
    const current = this.lane.querySelector('[aria-current="step"]') ?? this.lane.lastElementChild;
    const most = this.lane.scrollWidth - this.lane.clientWidth;
    if (most > 0 && current) this.lane.scrollLeft = clamp(current.offsetLeft - this.lane.clientWidth * 0.7, 0, most);
  }
}

// All columns as wide as the longest token needs, within reason.
export function setColumns(lane, tokens, least = 4.6) {
  const size = parseFloat(getComputedStyle(lane).fontSize) || 15;
  const need = widest(tokens.map(printable), `650 ${size * 1.1}px ${getComputedStyle(lane).fontFamily}`) / size + 1.6;
  lane.style.setProperty("--column", `${clamp(need, least, 9).toFixed(2)}em`);
}

export function arrow(d = "M50,0 C50,13 150,7 150,19") {
  return drawn("svg", { viewBox: "0 0 100 20", preserveAspectRatio: "none", "aria-hidden": "true" }, [
    drawn("path", { d, fill: "none", "vector-effect": "non-scaling-stroke" }),
  ]);
}
