import { streamlitWords } from "../../../front/host.js";

export function showShare(text, { element: parentElement }) {
  const button = parentElement.querySelector("button");
  const field = parentElement.querySelector("input");
  const said = parentElement.querySelector(".said");
  const label = button.querySelector("span");
  label.textContent = text.share;
  button.title = text.share_help;

  function say(words, done) {
    label.textContent = words;
    said.textContent = words;
    button.classList.toggle("done", done);
    clearTimeout(button.timer);
    button.timer = setTimeout(() => {
      label.textContent = text.share;
      button.classList.remove("done");
    }, 2200);
  }

  button.onclick = async (event) => {
    // Whoever opens the link reads their own language, unless the sender asks for this one.
    const link = new URL(window.location.href);
    if (!event.shiftKey) link.searchParams.delete("lang");
    const address = link.href;
    try {
      await navigator.clipboard.writeText(address);
      field.hidden = true;
      say(text.share_done, true);
    } catch {
      // Outside https and localhost browsers have no clipboard: show the address, selected.
      field.hidden = false;
      field.value = address;
      field.focus();
      field.select();
      say(text.share_failed, false);
    }
  };
}

export default function (component) {
  streamlitWords(component, showShare);
}
