// Everything on screen as a file, made in the browser: a table, all of it, the map as a picture.

import { element } from "../../front/dom.js";
import { csvFile, safeName, save } from "../../front/download.js";

export class TakeAway {
  constructor(stage, map = null) {
    this.stage = stage;
    this.buttons = {
      csv: element("button", { type: "button", class: "tool", text: "CSV", click: () => this.save("csv", this.csv()) }),
      json: element("button", { type: "button", class: "tool", text: "JSON", click: () => this.save("json", this.json()) }),
    };
    if (map) this.buttons.png = element("button", { type: "button", class: "tool", text: "PNG", click: () => map().picture().toBlob((blob) => blob && this.save("png", blob)) });
    this.root = element("span", { class: "take", role: "group" }, [element("span", { class: "word", text: "↓" }), ...Object.values(this.buttons)]);
  }

  write() {
    const { text } = this.stage.shot;
    this.root.setAttribute("aria-label", text.download);
    for (const [name, button] of Object.entries(this.buttons)) button.title = text["download_" + name];
  }

  save(extension, blob) {
    const { name, view, strategy } = this.stage.shot;
    save(blob, `${safeName(name, "decoding")}-${view === "steps" ? strategy : view}.${extension}`);
  }

  csv() {
    const [names, rows] = this.table();
    return csvFile([names, ...rows].map((cells) => cells.map((cell) => cell ?? "")));
  }

  table() {
    const { steps, beam, lesson, speeds } = this.stage.shot;
    const flag = (value) => (value === null ? "" : value ? 1 : 0);
    if (lesson) {
      const names = ["regime", "position", "target", "predicted", "probability", "written", "right", "read", "read_mistake"];
      const of = (regime) => lesson[regime].map((one, i) => [regime, i, one.target, one.said, one.p, one.written, flag(one.right), one.fed, flag(one.disturbed)]);
      return [names, [...of("teacher"), ...of("free")]];
    }
    if (speeds) return [["tokens", "tokens_per_second_with_cache", "tokens_per_second_without", "speedup"], speeds.map((one) => [one.tokens, one.cached, one.uncached, one.speedup])];
    if (beam) {
      const names = ["node", "parent", "position", "token", "log_probability", "score", "normalised", "state", "reason"];
      return [names, beam.nodes.map((one, i) => [i, one.parent, one.position, one.token, one.log_p, one.score, one.normalised, one.state, one.reason])];
    }
    const names = ["position", "read", "written", "probability", "chance", "rank", "log_probability", "sum", "entropy", "draw", "forced", "stopped"];
    return [names, steps.map((one, i) => [i, one.fed, one.token, one.p, one.chance, one.rank + 1, one.log_p, one.cumulative, one.entropy, one.draw, flag(one.forced), one.reason])];
  }

  json() {
    const { name, view, strategy, subject, steps, beam, lesson, speeds } = this.stage.shot;
    return new Blob([JSON.stringify({ name, view, strategy, source: subject.columns, steps, beam, lesson, speeds })], { type: "application/json" });
  }
}
