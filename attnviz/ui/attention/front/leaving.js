// Choosing a head needs no server, so the server learns of it when somebody is about to leave, as the mouse or the focus
// comes to the side bar: By hand, opened from there, begins with the head that was looked at last. Not as late as the
// press on a link: what arrives after the click makes Streamlit draw the page that is gone.

const WAYS_OUT = "[data-testid=stSidebar], [data-testid=stExpandSidebarButton]";

export function tellOnLeaving(stage) {
  let outside = false;
  const hear = (event) => {
    if (!stage.connected) for (const type of ["pointerover", "focusin"]) window.removeEventListener(type, hear, true);
    const there = event.target.closest?.(WAYS_OUT) ?? null;
    const touched = event.pointerType === "touch" && there?.matches("[data-testid=stSidebar]");
    if (there && !outside && !touched) stage.tellLooked();
    outside = there !== null;
  };
  for (const type of ["pointerover", "focusin"]) window.addEventListener(type, hear, true);
}
