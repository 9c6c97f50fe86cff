// @ts-check
// Held-out examples to choose from; those that are misread say so.

import { element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";

const SIZE = 38;

export class Gallery {
  constructor(stage) {
    this.stage = stage;
    this.root = element("div", { class: "gallery", role: "group" });
  }

  write() {
    const { stage } = this;
    const { gallery, text } = stage.shot;
    this.root.hidden = !gallery.length;
    this.root.setAttribute("aria-label", text.gallery);
    const buttons = gallery.map(({ example, label, right }, i) => {
      const canvas = element("canvas");
      stage.paint(canvas, SIZE, SIZE, (painter, w, h) => stage.board.thumbnail(painter, { x: 0, y: 0, w, h }, i));
      const said = fill(text[right ? "example_right" : "example_wrong"], { number: example + 1, label });
      const button = element("button", { class: "example", type: "button", title: said, "aria-label": said }, [canvas]);
      if (!right) button.append(element("em", { text: "✗" }));
      button.setAttribute("aria-pressed", String(stage.state.example === example));
      button.addEventListener("click", () => stage.go(example));
      return button;
    });
    this.root.replaceChildren(element("span", { class: "word", text: text.gallery }), ...buttons);
  }
}
