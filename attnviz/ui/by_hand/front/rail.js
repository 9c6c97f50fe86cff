// The steps in a row, each with a small picture of what it makes; the one shown is marked.

import { element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { lastMade } from "./equations.js";
import { colours, isBlocked } from "./matrix.js";
import { screenName } from "./names.js";

export class Rail {
  constructor(sheet) {
    this.sheet = sheet;
    this.back = element("button", { type: "button", class: "turn", text: "←", click: () => sheet.walkOn(-1) });
    this.forward = element("button", { type: "button", class: "turn", text: "→", click: () => sheet.walkOn(1) });
    this.list = element("ol");
    this.node = element("nav", { class: "rail" }, [this.back, this.list, this.forward]);
  }

  write() {
    const { sheet } = this;
    const { walk, step } = sheet;
    const { text } = walk;
    this.node.setAttribute("aria-label", text.steps);
    for (const [button, name] of [[this.back, "back"], [this.forward, "forward"]]) {
      button.title = text[name];
      button.setAttribute("aria-label", text[name]);
    }
    this.back.disabled = step === 0;
    this.forward.disabled = step === walk.screens.length - 1;
    const buttons = walk.screens.map((screen) => {
      const canvas = element("canvas", { "aria-hidden": "true" });
      this.draw(canvas, screen);
      const name = screenName(walk, screen, "rail");
      const button = element("button", { type: "button", title: `${fill(text.step_of, { number: screen.index + 1, count: walk.screens.length })}: ${screenName(walk, screen)}`, click: () => sheet.go(screen.index) }, [
        element("i", { text: String(screen.index + 1) }), canvas, element("span", { text: name }),
      ]);
      button.dataset.state = screen.index === step ? "now" : screen.index < step ? "done" : "later";
      if (screen.index === step) button.setAttribute("aria-current", "step");
      if (screen.all.some((one) => one.edits.length)) button.dataset.mark = "edited";
      else if (screen.all.some((one) => one.before)) button.dataset.mark = "moved";
      return element("li", {}, [button]);
    });
    this.list.dataset.many = String(buttons.length > 15);
    this.list.replaceChildren(...buttons);
    // On a phone the rail is wider than the window: the step that is chosen is in sight, once it is laid out.
    requestAnimationFrame(() => {
      const now = this.list.children[step];
      if (now && this.list.scrollWidth > this.list.clientWidth) this.list.scrollLeft = now.offsetLeft - this.list.offsetLeft - (this.list.clientWidth - now.offsetWidth) / 2;
    });
  }

  // The last matrix of the step, a pixel a number.
  draw(canvas, screen) {
    const { walk, theme, head } = this.sheet;
    const made = lastMade(screen);
    const shown = made.hasHeads ? head : 0;
    const [rows, columns] = [Math.min(made.rows, 24), Math.min(made.columns, 32)];
    canvas.width = columns;
    canvas.height = rows;
    const context = canvas.getContext("2d");
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const value = made.at(row, column, shown);
        if (isBlocked(walk, made, row, column, shown)) context.fillStyle = theme.blocked;
        else if (Number.isNaN(value)) context.fillStyle = theme.alarm_fill;
        else if (made.role === "mask") context.fillStyle = theme.visible;
        else if (made.role === "weights") [context.fillStyle] = colours.weight(theme, value, made);
        else [context.fillStyle] = colours.signed(theme, Number.isFinite(value) ? value : 0, made.peak(shown));
        context.fillRect(column, row, 1, 1);
      }
    }
  }
}
