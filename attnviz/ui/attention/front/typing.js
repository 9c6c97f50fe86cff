// The sentence's field is Streamlit's, and what Streamlit answers it draws piece by piece; the picture is asked for directly
// and stands a moment earlier.

const FIELD = ".st-key-av-sentence input[type=text]";

export function askWhenTyped(stage) {
  let known = null; // what the field said when it was answered last
  const hear = (event) => {
    if (!stage.connected) {
      for (const type of KINDS) document.removeEventListener(type, hear, true);
      return;
    }
    const field = event.target.closest?.(FIELD);
    if (!field || (event.type === "keydown" && (event.key !== "Enter" || event.isComposing))) return;
    if (event.type !== "focusin" && known !== null && field.value !== known && stage.picture) stage.askSentence(field.value);
    known = field.value;
  };
  for (const type of KINDS) document.addEventListener(type, hear, true);
}

const KINDS = ["focusin", "focusout", "keydown"];
