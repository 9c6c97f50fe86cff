// A change that eyes can follow: what was on a canvas fades out over what is drawn now. Nobody who asks for less motion
// sees any.

export const MOTION = 200; // milliseconds

/** Whether nothing may move. */
export function still() {
  return !globalThis.matchMedia || globalThis.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Call it before the canvas is drawn anew. @param {HTMLCanvasElement & { ghost?: HTMLCanvasElement }} canvas */
export function fadeFrom(canvas) {
  if (typeof canvas.animate !== "function" || !canvas.width || !canvas.height || still()) return;
  canvas.ghost?.remove();
  const ghost = /** @type {HTMLCanvasElement} */ (canvas.cloneNode());
  ghost.getContext("2d")?.drawImage(canvas, 0, 0);
  ghost.setAttribute("aria-hidden", "true");
  ghost.dataset.fading = "true";
  Object.assign(ghost.style, { position: "absolute", left: `${canvas.offsetLeft}px`, top: `${canvas.offsetTop}px`, pointerEvents: "none" });
  canvas.ghost = ghost;
  canvas.after(ghost);
  const gone = () => ghost.remove();
  ghost.animate([{ opacity: 1 }, { opacity: 0 }], { duration: MOTION, easing: "ease-out", fill: "forwards" }).finished.then(gone, gone);
}
