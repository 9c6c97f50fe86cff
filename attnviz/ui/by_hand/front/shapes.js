// Products that do not exist: two frames whose meeting sides differ, what is wrong, and what mends it.

import { element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";

export class Shapes {
  constructor(sheet) {
    this.sheet = sheet;
    this.node = element("div", { class: "shapes" });
  }

  write(answer) {
    const { text } = answer;
    const cases = answer.cases.map((one, i) => this.case(one, i, text));
    this.reset = element("button", { type: "button", class: "tool", text: text.reset, ...(answer.can_reset ? {} : { disabled: "" }), click: () => this.sheet.ask("reset") });
    this.node.replaceChildren(
      element("header", {}, [element("h2", { text: text.shapes_title }), element("p", { class: "hint", text: text.shapes_about }), this.reset]),
      element("div", { class: "cases" }, [...cases, this.split(answer.split, text)]),
    );
  }

  case(one, index, text) {
    const { left, right, product, fix } = one;
    const clash = product === null;
    const [sum, mend] = this.words(one, text);
    const longest = Math.max(left[1], left[2], right[1], right[2], 4);
    const frame = (of, side) => this.frame(of, side, index, text, clash, longest);
    return element("section", { class: "card case", "data-clash": String(clash), "data-case": index }, [
      element("h3", { text: text[`shapes_${index}`] }),
      element("div", { class: "frames" }, [
        frame(left, 0), element("span", { class: "sign", text: "·" }), frame(right, 1), element("span", { class: "sign", text: clash ? "≠" : "=" }),
        clash ? element("span", { class: "none", text: "✗" }) : this.frame(["", ...product], null, index, text, false, longest),
      ]),
      element("p", { class: "verdict", text: sum }),
      element("p", { class: "mend", text: mend }),
      element("pre", { text: clash ? `${one.code}\n${one.torch}` : one.code, "aria-label": text.shapes_torch, "data-fix": fix || "" }),
    ]);
  }

  words({ left, right, product, fix }, text) {
    if (product) return [fill(text.shapes_fine, { rows: product[0], columns: product[1] }), ""];
    const clash = fill(text.shapes_clash, { columns: left[2], rows: right[1] });
    const fixed = `(${left[1]}×${left[2]}) · (${right[2]}×${right[1]}) = ${left[1]}×${right[1]}`;
    return [clash, fix === "transpose" ? fill(text.shapes_transpose, { name: right[0], fixed }) : fill(text.shapes_none, { columns: left[2], rows: right[1] })];
  }

  // A matrix as squares; the side that meets the other matrix is marked.
  frame([name, rows, columns], side, index, text, clash, longest) {
    const unit = 7.2 / Math.max(longest, 4);
    const grid = element("div", { class: "frame-cells" });
    grid.style.gridTemplateColumns = `repeat(${columns}, calc(${unit}em * var(--scale, 1)))`;
    grid.style.gridAutoRows = `calc(${unit}em * var(--scale, 1))`;
    for (let i = 0; i < rows * columns; i++) {
      const meets = side === 0 ? Math.floor(i / columns) === 0 : i % columns === 0;
      grid.append(element("i", { "data-meets": String(side !== null && meets) }));
    }
    const parts = [element("b", { text: name ? `${name} ` : "" }), grid];
    const steps = side === null ? element("span", { class: "size", text: `${rows}×${columns}` })
      : element("span", { class: "size" }, [
        this.stepper(rows, fill(text.shapes_rows, { name }), text, { case: index, side, name: "rows" }, side === 1), element("span", { text: "×" }),
        this.stepper(columns, fill(text.shapes_columns, { name }), text, { case: index, side, name: "columns" }, side === 0),
      ]);
    return element("div", { class: "frame", "data-side": String(side), "data-clash": String(clash) }, [...parts, steps]);
  }

  stepper(value, label, text, values, meets) {
    const button = (sign, by, hint) => element("button", { type: "button", text: sign, title: `${label}: ${hint}`, "aria-label": `${label}: ${hint}`, click: () => this.sheet.ask("shape", { ...values, value: value + by }) });
    return element("span", { class: "stepper", "data-meets": String(meets) }, [button("−", -1, text.shapes_fewer), element("output", { text: String(value), "aria-label": label }), button("+", 1, text.shapes_more)]);
  }

  split({ d_model, n_heads, head_dim, refused }, text) {
    const values = { d_model, heads: n_heads, head_dim };
    const line = element("div", { class: "slices" });
    for (let i = 0; i < d_model; i++) {
      const head = head_dim ? Math.floor(i / head_dim) : Math.floor((i * n_heads) / d_model);
      const whole = head_dim || i < Math.floor(d_model / n_heads) * n_heads;
      line.append(element("i", { "data-head": String(whole ? (head_dim ? head : Math.floor(i / Math.floor(d_model / n_heads || 1))) % 2 : "left"), text: String(i + 1) }));
    }
    return element("section", { class: "card case split", "data-clash": String(!head_dim) }, [
      element("h3", { text: text.shapes_heads }),
      element("div", { class: "frames" }, [line, element("div", { class: "size" }, [
        element("span", { text: text.shapes_d_model }), this.stepper(d_model, text.shapes_d_model, text, { name: "d_model" }, true),
        element("span", { text: text.shapes_n_heads }), this.stepper(n_heads, text.shapes_n_heads, text, { name: "n_heads" }, true),
      ])]),
      element("p", { class: "verdict", text: fill(head_dim ? text.shapes_heads_fine : text.shapes_heads_clash, values) }),
      element("p", { class: "mend", text: "" }),
      element("pre", { text: refused || `x.view(-1, ${n_heads}, ${head_dim})` }),
    ]);
  }
}
