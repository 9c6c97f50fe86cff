// @ts-check
// Where a stage lives. It knows a host, nothing of Streamlit: the element it fills, and `send`, which tells the other
// side something under a name. Data comes through `receive`, again and again. A notebook or a page of its own is
// another adapter beside the one for Streamlit.

/** @typedef {{ element: HTMLElement, send: (name: string, value: unknown) => void }} Host */
/** @typedef {{ receive: (data: any, host: Host) => unknown, connected: boolean }} Stage */

/**
 * Streamlit calls a component anew after every change of data or theme. All state lives on the element; no clean-up
 * function is returned, because a superseded run's would be called after the newer one began.
 * @param {{ data: any, parentElement: any, setStateValue: (name: string, value: unknown) => void }} component
 * @param {string} name under which the element keeps its stage
 * @param {new (element: HTMLElement) => Stage} Made
 */
export function streamlit({ data, parentElement, setStateValue }, name, Made) {
  return serve({ element: parentElement, send: (what, value) => setStateValue(what, value) }, data, name, Made);
}

/**
 * Hand data to the stage that lives on the host's element; it is made there if it is not, or was thrown out.
 * @param {Host} host @param {any} data @param {string} name @param {new (element: HTMLElement) => Stage} Made
 */
export function serve(host, data, name, Made) {
  const kept = /** @type {any} */ (host.element);
  if (!kept[name] || !kept[name].connected) kept[name] = new Made(host.element);
  return kept[name].receive(data, host);
}

/**
 * The same for a component without a life of its own, whose data are words and numbers (plain_data.py).
 * @param {{ data: string, parentElement: any, setStateValue: (name: string, value: unknown) => void }} component
 * @param {(data: any, host: Host) => void} show
 */
export function streamlitWords({ data, parentElement, setStateValue }, show) {
  show(JSON.parse(data), { element: parentElement, send: (what, value) => setStateValue(what, value) });
}
