// Numbers as they are written.

import { element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";

export function share(p) {
  return p >= 0.9995 ? "1.00" : p >= 0.0995 ? p.toFixed(2) : p >= 0.0005 ? p.toFixed(3) : p > 0 ? "<.001" : "0";
}

export function nats(x) {
  return (x <= -0.005 ? "−" : "") + Math.abs(x).toFixed(2);
}

export function thousands(n) {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",");
}

export function rate(n) {
  return n >= 100 ? thousands(n) : n.toFixed(1);
}

export function siteName(site, text) {
  const [stack, layer, kind] = site.split(".");
  return fill(text.site_name, { stack: text["stack_" + stack], layer: Number(layer) + 1, kind: text["kind_" + kind] });
}

// An element of the SVG kind.
export function drawn(tag, attributes, children = []) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
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
