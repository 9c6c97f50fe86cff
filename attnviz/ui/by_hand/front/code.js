// The same steps as PyTorch: the lines of the step on screen are marked; the whole runs as it stands.

import { element } from "../../front/dom.js";
import { safeName, save } from "../../front/download.js";

export class Code {
  constructor(sheet) {
    this.sheet = sheet;
    this.title = element("h2");
    this.copy = element("button", { type: "button", click: () => this.copied() });
    this.save = element("button", { type: "button", click: () => save(new Blob([this.source], { type: "text/x-python" }), `${safeName(sheet.walk.name, "walk")}.py`) });
    this.numbers = element("button", { type: "button", click: () => save(numbersFile(sheet.walk), "numbers.safetensors") });
    this.pre = element("pre", { tabindex: "0" });
    this.node = element("section", { class: "card code" }, [
      element("header", {}, [this.title, element("span", { class: "card-tools" }, [this.copy, this.save, this.numbers])]), this.pre,
    ]);
  }

  get source() {
    return `${this.sheet.walk.code.map(([line]) => line).join("\n")}\n`;
  }

  async copied() {
    const { text } = this.sheet.walk;
    try {
      await navigator.clipboard.writeText(this.source);
    } catch {
      getSelection().selectAllChildren(this.pre); // without a clipboard: selected, ready for Ctrl+C
      return;
    }
    this.copy.textContent = text.code_copied;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.copy.textContent = text.code_copy), 1800);
  }

  write() {
    const { walk } = this.sheet;
    const { text } = walk;
    this.title.textContent = text.code;
    this.copy.textContent = text.code_copy;
    this.save.textContent = text.code_download;
    this.numbers.textContent = text.code_numbers;
    this.numbers.hidden = !walk.needs_file;
    this.numbers.title = text.code_file;
    this.pre.setAttribute("aria-label", text.code);
    this.lines = walk.code.map(([line, step]) => {
      const given = / = torch\.tensor\(/.test(line);
      const node = element("span", { class: "line", "data-given": String(given), ...(step ? { "data-step": step } : {}) });
      paintCode(node, line || " ");
      if (step) {
        node.title = line;
        node.addEventListener("click", () => this.sheet.goTo(step));
      }
      return node;
    });
    this.pre.replaceChildren(...this.lines);
    this.mark();
  }

  mark() {
    const { walk, screen, aimed } = this.sheet;
    const here = new Set(screen.steps);
    let first = null;
    for (const [i, [, step]] of walk.code.entries()) {
      const now = here.has(step);
      this.lines[i].dataset.now = String(now);
      this.lines[i].dataset.aim = String(Boolean(aimed) && aimed.name === step);
      if (now && !first) first = this.lines[i];
    }
    if (first && this.pre.clientHeight && this.marked !== screen.index + walk.code.length * 100) {
      this.marked = screen.index + walk.code.length * 100;
      this.pre.scrollTop = Math.max(0, first.offsetTop - this.pre.clientHeight * 0.28);
    }
  }
}

// Comments, strings and numbers in other colours: enough to read code from the back row.
function paintCode(node, line) {
  for (const part of line.split(/(#.*$|"[^"]*"|\b(?:import|from|as|def|return|True|False|None)\b|\b\d+(?:\.\d+)?(?:e-?\d+)?\b)/)) {
    if (!part) continue;
    const kind = part[0] === "#" ? "comment" : part[0] === '"' ? "string" : /^\d/.test(part) ? "digits" : /^(import|from|as|def|return|True|False|None)$/.test(part) ? "word" : "";
    node.append(kind ? element("span", { class: kind, text: part }) : part);
  }
}

// The given matrices as safetensors: 8 bytes of length, a JSON header, the numbers in order.
function numbersFile(walk) {
  const header = {};
  const parts = [];
  let end = 0;
  for (const step of walk.byName.values()) {
    if (step.operation !== "given") continue;
    const kind = step.values instanceof Float64Array ? "F64" : step.values instanceof Float32Array ? "F32" : "BOOL";
    header[step.name] = { dtype: kind, shape: step.shape, data_offsets: [end, (end += step.values.byteLength)] };
    parts.push(step.values);
  }
  let text = JSON.stringify(header);
  text += " ".repeat((8 - (text.length % 8)) % 8);
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(text.length), true);
  return new Blob([length, text, ...parts], { type: "application/octet-stream" });
}
