// Choosing a head needs no server, so the server learns of it as the mouse or the focus comes to the link of By hand, which
// begins with the head that was looked at last. Not as late as the press: what arrives after it makes Streamlit draw the
// page that is gone; and at no other link or button, since a message and a click in one moment may lose the page.

const WAYS_OUT = "[data-testid=stSidebar] a[href$=by_hand], [data-testid=stExpandSidebarButton]";

export function tellOnLeaving(stage) {
  const hear = (event) => {
    if (!stage.connected) for (const type of ["pointerover", "focusin"]) window.removeEventListener(type, hear, true);
    const there = event.target.closest?.(WAYS_OUT);
    if (there && !(event.pointerType === "touch" && there.matches("a"))) stage.tellLooked(); // a finger comes with its press
  };
  for (const type of ["pointerover", "focusin"]) window.addEventListener(type, hear, true);
}
