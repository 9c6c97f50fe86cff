// What the views have in common: the name of a site, buttons of which one is pressed.

import { element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";

export function siteName(site, text) {
  const [stack, layer, kind] = site.split(".");
  return fill(text.site_name, { stack: text["stack_" + stack], layer: Number(layer) + 1, kind: text["kind_" + kind] });
}

// Buttons with one of them pressed.
export function segments(entries, chosen, choose, label) {
  const group = element("div", { class: "segmented", role: "group", "aria-label": label });
  for (const { value, text, title } of entries) {
    const button = element("button", { type: "button", text, "aria-pressed": String(value === chosen), click: () => choose(value) });
    if (title) button.title = title;
    button.dataset.value = String(value);
    group.append(button);
  }
  return group;
}
