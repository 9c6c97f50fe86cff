// The address that the page is at, kept up to date without a new entry in the history.

import { streamlitWords } from "../../../front/host.js";

export function mirrorValues(values) {
  const address = new URL(window.location.href);
  for (const [name, value] of Object.entries(values)) {
    if (value === null) address.searchParams.delete(name);
    else address.searchParams.set(name, value);
  }
  if (values.lang) document.documentElement.lang = values.lang === "zh" ? "zh-CN" : values.lang;
  if (address.href !== window.location.href) {
    window.history.replaceState(window.history.state, "", address);
  }
}

export default function (component) {
  streamlitWords(component, mirrorValues);
}
