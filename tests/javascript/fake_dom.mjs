// As much of a browser as a stage needs to be built and asked: elements that remember, and a canvas that draws nothing.

class Element {
  constructor(tag) {
    Object.assign(this, { tag, children: [], parentNode: null, attributes: {}, dataset: {}, listeners: {}, className: "", text: "" });
    Object.assign(this, { clientWidth: 900, clientHeight: 600, offsetWidth: 90, offsetHeight: 60, scrollWidth: 90, scrollHeight: 60, hidden: false, isConnected: true });
    this.style = { setProperty() {} };
    this.classList = { add() {}, remove() {}, toggle() {}, contains: () => false };
  }

  set textContent(text) {
    this.text = text;
    this.children = [];
  }

  get textContent() {
    return this.text + this.children.map((child) => child.textContent ?? String(child)).join("");
  }

  append(...nodes) {
    this.children.push(...nodes);
  }

  replaceChildren(...nodes) {
    this.children = nodes;
    this.text = "";
  }

  setAttribute(name, value) {
    this.attributes[name] = value;
  }

  addEventListener(name, heard) {
    (this.listeners[name] ??= []).push(heard);
  }

  // One element for every selector, the same one each time.
  querySelector(selector) {
    this.found ??= {};
    return (this.found[selector] ??= new Element("found"));
  }

  querySelectorAll() {
    return [];
  }

  getBoundingClientRect() {
    return { left: 0, top: 0, width: this.clientWidth, height: this.clientHeight, right: 900, bottom: 600 };
  }

  focus() {}

  remove() {}

  getContext() {
    return new Proxy({ measureText: (text) => ({ width: 7 * text.length }), createPattern: () => ({ setTransform() {} }) }, {
      get: (target, name) => target[name] ?? (() => {}),
      set: () => true,
    });
  }
}

export function fakeBrowser() {
  const location = { href: "http://127.0.0.1/" };
  Object.assign(globalThis, {
    document: { createElement: (tag) => new Element(tag), createElementNS: (_, tag) => new Element(tag), addEventListener() {} },
    window: Object.assign(new EventTarget(), { devicePixelRatio: 1, location, history: { replaceState() {} } }),
    location,
    getComputedStyle: () => ({ getPropertyValue: () => "", fontSize: "16px" }),
    ResizeObserver: class {
      observe() {}
    },
    DOMMatrix: class {
      scale() {}
    },
    ImageData: class {},
    requestAnimationFrame: (draw) => setTimeout(draw),
    cancelAnimationFrame: clearTimeout,
  });
  return new Element("host");
}
