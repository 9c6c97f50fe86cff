// The choice in the page's address (kind, layer, head; from 1), written without a trip to the server.

export function mirrorAddress(state) {
  const url = new URL(window.location.href);
  const wanted = { kind: state.kind.id, layer: String(state.layer + 1), head: String(state.head + 1) };
  let changed = false;
  for (const [name, value] of Object.entries(wanted)) {
    if (url.searchParams.get(name) === value) continue;
    url.searchParams.set(name, value);
    changed = true;
  }
  if (changed) window.history.replaceState(window.history.state, "", url);
}
