// @ts-check
// An element with its attributes, its text and what happens when it is clicked. Text is never read as HTML.

export function element(tag, properties = {}, children = []) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "click") node.addEventListener("click", value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// A text, and children, that are only written where they are others: what stays is not laid out again.
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const filled = new WeakMap();

/** @param {Element} node @param {unknown} words all that the children depend on @param {() => (Node | string)[]} children */
export function refill(node, words, children) {
  const key = JSON.stringify(words);
  if (filled.get(node) === key) return;
  filled.set(node, key);
  node.replaceChildren(...children());
}

// An element of the SVG kind.
export function drawn(tag, attributes, children = []) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}
