// The sentence's field is Streamlit's, and what Streamlit answers it draws piece by piece; the picture is asked for directly
// and stands a moment earlier. While Streamlit takes in a text the browser can draw nothing: so it hears of one when the
// picture is there, or before anything else happens, whatever comes first.

const FIELD = ".st-key-av-sentence input[type=text]";
const HEARD = ["focusin", "focusout", "keydown"];
const NEXT = ["pointerdown", "click", "keydown", "beforeinput", "popstate", "pagehide", "visibilitychange"];
const LONGEST = 300; // milliseconds until Streamlit hears of a text in any case

export function askWhenTyped(stage) {
  const later = new Later();
  let known = null; // what the field said when it was answered last
  const hear = (event) => {
    if (!stage.connected) {
      for (const type of HEARD) document.removeEventListener(type, hear, true);
      later.now();
      return;
    }
    const field = event.target.closest?.(FIELD);
    if (!field || later.said.has(event) || (event.type === "keydown" && (event.key !== "Enter" || event.isComposing))) return;
    if (event.type !== "focusin" && known !== null && field.value !== known && stage.picture) {
      const drawn = stage.askSentence(field.value);
      if (stage.line.path) later.until(drawn);
    }
    if (event.type !== "focusin") later.take(event);
    known = field.value;
  };
  for (const type of HEARD) document.addEventListener(type, hear, true);
}

// Events that everybody else hears of later, in their order.
class Later {
  constructor() {
    this.waiting = null; // [target, event]
    this.said = new WeakSet();
    this.next = (event) => this.said.has(event) || this.now();
  }

  // From now on, until something was drawn.
  async until(drawn) {
    const waiting = (this.waiting ??= []);
    for (const type of NEXT) window.addEventListener(type, this.next, true);
    const ends = () => this.waiting === waiting && this.now();
    setTimeout(ends, LONGEST);
    await drawn;
    requestAnimationFrame(() => requestAnimationFrame(ends)); // the second frame begins when the first is on screen
  }

  take(event) {
    if (!this.waiting) return;
    event.stopImmediatePropagation();
    this.waiting.push([event.target, event]);
  }

  now() {
    const waiting = this.waiting ?? [];
    this.waiting = null;
    for (const type of NEXT) window.removeEventListener(type, this.next, true);
    for (const [target, event] of waiting) {
      const again = new event.constructor(event.type, event);
      this.said.add(again);
      target.dispatchEvent(again);
    }
  }
}
