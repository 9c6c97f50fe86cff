// A change that eyes can follow: what was on a canvas fades out over what is drawn now. Nobody who asks for less motion
// sees any.

export const MOTION = 200; // milliseconds

/** Whether nothing may move. */
export function still() {
  return !globalThis.matchMedia || globalThis.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Call it before the canvases are drawn anew. @param {(HTMLCanvasElement & { ghost?: HTMLCanvasElement })[]} canvases */
export function fadeFrom(...canvases) {
  if (still()) return;
  const shown = canvases.filter((canvas) => typeof canvas.animate === "function" && canvas.isConnected && canvas.width && canvas.height);
  for (const { ghost } of shown) ghost?.remove();
  // All places are read before anything is added: else the browser lays the page out anew for each.
  const places = shown.map(({ offsetLeft, offsetTop }) => ({ left: `${offsetLeft}px`, top: `${offsetTop}px` }));
  shown.forEach((canvas, i) => {
    const ghost = /** @type {HTMLCanvasElement} */ (canvas.cloneNode());
    ghost.getContext("2d")?.drawImage(canvas, 0, 0);
    ghost.setAttribute("aria-hidden", "true");
    ghost.dataset.fading = "true";
    Object.assign(ghost.style, { position: "absolute", ...places[i], pointerEvents: "none" });
    canvas.ghost = ghost;
    canvas.after(ghost);
    const gone = () => ghost.remove();
    ghost.animate([{ opacity: 1 }, { opacity: 0 }], { duration: MOTION, easing: "ease-out", fill: "forwards" }).finished.then(gone, gone);
  });
}
