// The elements around the canvases, built once, and their words, written whenever the language changes.

import { element } from "../../front/dom.js";
import { downloadButtons, nameDownloads } from "../../front/download.js";

const VIEWS = ["matrix", "lines", "both", "mask"];
const WORTH = ["token", "sentence"];
const SCALES = ["linear", "sqrt", "row"];
const FORMATS = ["png", "svg", "csv", "json"];

// A row of buttons of which one is pressed.
function segmented(name, options, choose) {
  const buttons = new Map();
  const group = element("div", { class: `segmented ${name}`, role: "group" });
  for (const option of options) {
    const button = element("button", { type: "button", "data-option": option, "aria-pressed": "false" });
    button.addEventListener("click", () => choose(option));
    buttons.set(option, button);
    group.append(button);
  }
  return { group, buttons, press: (chosen) => buttons.forEach((b, option) => b.setAttribute("aria-pressed", String(option === chosen))) };
}

export function buildFrame(stage) {
  const refs = {};
  const make = (name, tag, properties = {}, children = []) => {
    refs[name] = element(tag, properties, children);
    return refs[name];
  };
  refs.views = segmented("views", VIEWS, (view) => stage.setView(view));
  refs.scales = segmented("scales", SCALES, (scale) => stage.setScale(scale));
  refs.downloads = downloadButtons(FORMATS, (format) => stage.download(format));
  make("kindsPlace", "div", { class: "kinds-place" });
  const bar = make("bar", "div", { class: "bar" }, [
    refs.kindsPlace,
    element("div", { class: "tools" }, [refs.scales.group, refs.downloads]),
  ]);

  make("legendLow", "span", { text: "0" });
  make("legendHigh", "span", { text: "1" });
  make("legendBlocked", "span");
  make("legendSink", "span", { class: "legend-sink" });
  const legend = make("legend", "div", { class: "legend" }, [
    refs.legendLow, element("i", { class: "legend-ramp" }), refs.legendHigh, element("i", { class: "legend-hatch" }), refs.legendBlocked,
    refs.legendSink,
  ]);
  make("gridTitle", "h2");
  make("gridHint", "p", { class: "hint" });
  refs.worth = segmented("worth", WORTH, (of) => stage.setWorth(of));
  make("sort", "button", { type: "button", class: "sort", "aria-pressed": "false" });
  refs.sort.addEventListener("click", () => stage.setSorted(!stage.state.sorted));
  make("sortBy", "select", { class: "sort-by" });
  refs.sortBy.addEventListener("change", () => stage.setSortBy(refs.sortBy.value));
  make("needed", "button", { type: "button", class: "sort" });
  refs.needed.addEventListener("click", () => stage.findNeeded());
  make("worthRow", "div", { class: "worth-row" }, [refs.worth.group, refs.sortBy, refs.sort, refs.needed]);
  make("allOn", "button", { type: "button", class: "all-on" });
  refs.allOn.addEventListener("click", () => stage.allOn());
  make("gridStatic", "canvas", { class: "layer", "aria-hidden": "true" });
  make("gridLight", "canvas", { class: "layer light", "aria-hidden": "true" });
  make("chosenFrame", "div", { class: "chosen-frame", "aria-hidden": "true" });
  make("heads", "div", { class: "heads", role: "grid" });
  make("gridBody", "div", { class: "grid-body" }, [refs.gridStatic, refs.gridLight, refs.chosenFrame, refs.heads]);
  make("gridScroll", "div", { class: "grid-scroll" }, [refs.gridBody]);
  const gridCard = make("gridCard", "section", { class: "card grid-card" }, [
    element("header", {}, [refs.gridTitle, legend]),
    element("div", { class: "hint-row" }, [refs.gridHint, refs.worthRow, refs.allOn]),
    refs.gridScroll,
  ]);

  make("headTitle", "h2");
  make("headSite", "code");
  make("readout", "p", { class: "readout", role: "status", "aria-live": "polite", "aria-atomic": "true" });
  make("headStatic", "canvas", { class: "layer", "aria-hidden": "true" });
  make("headLight", "canvas", { class: "layer light", "aria-hidden": "true" });
  make("surface", "div", { class: "surface", role: "application", tabindex: "0" });
  make("stats", "dl", { class: "stats" });
  refs.zoom = element("div", { class: "zoom", role: "group", hidden: "" });
  refs.zoomButtons = new Map();
  for (const [name, sign] of [["zoom_in", "+"], ["zoom_out", "−"], ["zoom_reset", "⤢"]]) {
    const button = element("button", { type: "button", text: sign });
    button.addEventListener("click", () => stage.zoomStep(name));
    refs.zoomButtons.set(name, button);
    refs.zoom.append(button);
  }
  make("headBody", "div", { class: "head-body" }, [refs.headStatic, refs.headLight, refs.surface, refs.stats]);
  const headCard = make("headCard", "section", { class: "card head-card" }, [
    element("header", {}, [element("div", { class: "head-name" }, [refs.headTitle, refs.headSite]), refs.views.group]),
    element("div", { class: "readout-row" }, [refs.readout, refs.zoom]),
    refs.headBody,
  ]);
  make("tip", "div", { class: "tip", "aria-hidden": "true", hidden: "" });
  make("cards", "div", { class: "cards" }, [gridCard, headCard]);
  make("progress", "div", { class: "progress", role: "status" });
  make("root", "div", { class: "stage", role: "region" }, [bar, refs.cards, refs.progress, refs.tip]);
  return refs;
}

// The words of the moment; token text never comes through here.
export function writeFrame(refs, stage, picture) {
  const text = picture.text;
  refs.root.setAttribute("aria-label", text.stage);
  refs.kinds = segmented("kinds", picture.kinds.map((kind) => kind.id), (id) => stage.setKind(id));
  refs.kinds.group.setAttribute("aria-label", text.kinds);
  refs.kinds.buttons.forEach((button, id) => {
    button.textContent = text[`kind_${id}`];
    button.title = text[`about_${id}`];
  });
  refs.kindsPlace.replaceChildren(refs.kinds.group);
  refs.views.group.setAttribute("aria-label", text.views);
  refs.views.buttons.forEach((button, view) => (button.textContent = text[`view_${view}`]));
  refs.scales.group.setAttribute("aria-label", text.scales);
  refs.scales.buttons.forEach((button, scale) => {
    button.textContent = text[`scale_${scale}`];
    button.title = text[`scale_${scale}_hint`];
  });
  nameDownloads(refs.downloads, text);
  refs.gridTitle.textContent = text.grid_title;
  refs.gridHint.textContent = text.grid_hint;
  refs.gridHint.title = text.keys_hint;
  refs.heads.setAttribute("aria-label", `${text.grid_title}. ${text.keys_hint}`);
  refs.worth.group.setAttribute("aria-label", text.delta_loss);
  refs.worth.buttons.get("sentence").textContent = text.worth_sentence;
  refs.worth.buttons.get("sentence").title = text.delta_loss_hint;
  refs.worth.buttons.get("token").title = text.worth_token_hint;
  refs.sort.textContent = text.worth_sort;
  refs.sort.title = text.worth_sort_hint;
  refs.needed.textContent = text.worth_needed;
  refs.legendBlocked.textContent = text.blocked.replace(/^■\s*/, ""); // the hatch stands before it
  refs.legendSink.textContent = text.sink;
  refs.legendSink.title = text.sink_hint;
  refs.allOn.textContent = text.all_on;
  refs.progress.textContent = text.working;
  refs.stats.setAttribute("aria-label", text.statistics);
  refs.zoom.setAttribute("aria-label", text.zoom_hint);
  refs.zoomButtons.forEach((button, name) => {
    button.title = name === "zoom_reset" ? `${text[name]} · ${text.zoom_hint}` : text[name];
    button.setAttribute("aria-label", text[name]);
  });
}

// One cell a head over the canvas: a button that chooses it and a switch, both reachable by keyboard.
export function buildHeads(refs, stage, kind) {
  refs.headCells = [];
  const rows = [];
  for (let layer = 0; layer < kind.layers; layer++) {
    const row = element("div", { role: "row" });
    for (let head = 0; head < kind.heads; head++) {
      const choose = element("button", { type: "button", class: "head", tabindex: "-1", "data-head": `${layer + 1}.${head + 1}` });
      const toggle = element("button", { type: "button", class: "switch", role: "switch", tabindex: "-1", "data-switch": `${layer + 1}.${head + 1}` });
      const cell = element("div", { role: "gridcell", class: "head-cell" }, [choose, toggle]);
      choose.addEventListener("click", (event) => stage.choose(layer, head, event.detail === 0));
      toggle.addEventListener("click", () => stage.toggle(layer, head));
      refs.headCells.push({ layer, head, cell, choose, toggle });
      row.append(cell);
    }
    rows.push(row);
  }
  refs.heads.replaceChildren(...rows);
}
