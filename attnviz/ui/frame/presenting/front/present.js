// Presentation: the type grows, sidebar and chips go, and the panel under the pointer fills the screen. It lasts as long
// as the tab, from page to page.

import { streamlitWords } from "../../../front/host.js";

const KEPT = "attnviz-present";
const root = () => document.documentElement;

export function presenting() {
  return root().dataset.avPresent === "on";
}

export function setPresenting(on) {
  if (on) root().dataset.avPresent = "on";
  else delete root().dataset.avPresent;
  window.sessionStorage.setItem(KEPT, on ? "on" : "");
  // What measures type lays itself out anew.
  window.dispatchEvent(new Event("attnviz-present"));
}

// Whether somebody is typing, and a letter is a letter.
export function typing(path) {
  return path.some((node) => node.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(node.tagName));
}

// The stage, panel or chart that a point lies in: the host of the innermost component.
export function panelAt(path) {
  return path.find((node) => node.classList && node.classList.contains("stage-frame")) || path.find((node) => node.shadowRoot) || null;
}

async function wholeScreen(panel) {
  if (document.fullscreenElement) await document.exitFullscreen();
  else if (panel) await panel.requestFullscreen();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.composedPath())) return;
  const key = event.key.toLowerCase();
  if (key === "p") setPresenting(!presenting());
  else if (key === "f" && presenting()) wholeScreen(window.attnvizPointed).catch(() => {});
  else return;
  event.preventDefault();
}

export function showPresent(text, { element }) {
  const button = element.querySelector("button");
  const write = () => {
    button.setAttribute("aria-pressed", String(presenting()));
    button.querySelector("span").textContent = presenting() ? text.present_end : text.present;
  };
  button.title = text.present_help;
  button.onclick = () => setPresenting(!presenting());
  if (!element.attnvizPresent) {
    element.attnvizPresent = true;
    window.addEventListener("attnviz-present", () => element.isConnected && element.rewrite());
  }
  element.rewrite = write;
  if (!window.attnvizPresentKeys) {
    window.attnvizPresentKeys = true;
    window.addEventListener("keydown", onKey);
    window.addEventListener("pointermove", (event) => (window.attnvizPointed = panelAt(event.composedPath())), { passive: true });
    if (window.sessionStorage.getItem(KEPT) === "on") setPresenting(true);
  }
  write();
}

export default function (component) {
  streamlitWords(component, showPresent);
}
