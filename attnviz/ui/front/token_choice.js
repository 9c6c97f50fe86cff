// @ts-check
// Stages of one page speak of the same tokens: who chooses one tells the others, in the browser, without the server.

const EVENT = "attnviz-token";

/** @param {string} by who tells @param {number} row position in the decoder's input */
export function tellToken(by, row) {
  window.dispatchEvent(new CustomEvent(EVENT, { detail: { by, row } }));
}

/**
 * Hear what others choose, for as long as `here` says that there is somebody to hear.
 * @param {() => boolean} here @param {string} by who hears: what it tells itself is not heard
 * @param {(row: number) => void} heard
 */
export function hearToken(here, by, heard) {
  let seen = false;
  const listen = (/** @type {any} */ event) => {
    if (here()) seen = true;
    else if (seen) return window.removeEventListener(EVENT, listen);
    if (event.detail.by !== by) heard(event.detail.row);
  };
  window.addEventListener(EVENT, listen);
}
