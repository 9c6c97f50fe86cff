// Choosing a head needs no server, so the server learns of it when somebody is about to leave: By hand, opened from the
// side bar, begins with the head that was looked at last. The press comes before the click that leaves.

const opens = ({ type, key }) => type === "pointerdown" || key === "Enter";
const leads = (path) => path.some((node) => node.matches?.("[data-testid=stSidebar] a"));

export function tellOnLeaving(stage) {
  const hear = (event) => {
    if (!stage.connected) for (const type of ["pointerdown", "keydown"]) window.removeEventListener(type, hear, true);
    else if (opens(event) && leads(event.composedPath())) stage.tellLooked();
  };
  for (const type of ["pointerdown", "keydown"]) window.addEventListener(type, hear, true);
}
