// Space walks on, Backspace and ← go back; inside a matrix the arrows move from number to number.

function typing(event) {
  const target = event.composedPath()[0];
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest("[role=combobox], [role=listbox], [role=dialog]"));
}

export class Keyboard {
  constructor(sheet) {
    this.sheet = sheet;
    this.clicked = false; // whether the focus came where it is by mouse; the Tab key takes over
    const clicks = () => (this.clicked = true);
    const keys = (event) => {
      if (event.key === "Tab") this.clicked = false;
      if (!sheet.root.isConnected) {
        document.removeEventListener("keydown", keys, true);
        document.removeEventListener("pointerdown", clicks, true);
      } else if (sheet.walk && !event.defaultPrevented && !typing(event)) this.key(event);
    };
    document.addEventListener("pointerdown", clicks, true);
    document.addEventListener("keydown", keys, true); // before the page's own buttons take them
    // A click with the mouse leaves the focus where it was, so that space goes on walking.
    sheet.root.addEventListener("mousedown", (event) => {
      if (event.target.closest("button") && !event.target.closest("input, select")) event.preventDefault();
    });
  }

  key(event) {
    const target = event.composedPath()[0];
    const cell = target instanceof HTMLElement && target.attnvizCell;
    const modified = event.ctrlKey || event.metaKey;
    const done = modified ? this.history(event) : event.altKey ? false : (cell && this.inMatrix(event, cell)) || this.walking(event, target);
    if (done) event.preventDefault();
  }

  history(event) {
    const key = event.key.toLowerCase();
    const redo = key === "y" || (key === "z" && event.shiftKey);
    if (!redo && key !== "z") return false;
    this.sheet.ask(redo ? "redo" : "undo");
    return true;
  }

  inMatrix(event, cell) {
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const { sheet } = this;
    if (moves[event.key]) {
      const node = cell.table.step(cell.at, ...moves[event.key]);
      if (node) {
        node.focus({ preventScroll: true });
        sheet.hold(node.attnvizCell);
      }
      return true;
    }
    if (event.key === "Enter") {
      sheet.editor.start(cell);
      return true;
    }
    if (/^[-−+.\d]$/.test(event.key) && sheet.walk.step(cell.name).role !== "mask") {
      sheet.editor.start(cell, event.key);
      return true;
    }
    if (event.key === "Escape") {
      document.activeElement.blur();
      event.composedPath()[0].blur();
      sheet.release();
      return true;
    }
    return false;
  }

  walking(event, target) {
    const { sheet } = this;
    let onButton = target instanceof HTMLElement && target.closest("button, a, summary, [role=button], [role=switch], [role=radio]");
    if (onButton && this.clicked) {
      onButton.blur(); // clicked with the mouse, not reached by keyboard: space means the next step
      onButton = null;
    }
    const go = (index) => {
      sheet.go(index);
      return true;
    };
    switch (event.key) {
      case " ":
        return onButton ? false : sheet.walkOn(event.shiftKey ? -1 : 1);
      case "ArrowRight": case "PageDown":
        return onButton && !sheet.root.contains(target) ? false : sheet.walkOn(1);
      case "Backspace": case "ArrowLeft": case "PageUp":
        return onButton && !sheet.root.contains(target) ? false : sheet.walkOn(-1);
      case "Home": return go(0);
      case "End": return go(sheet.walk.screens.length - 1);
      case "a": return sheet.chooseView(sheet.view === "all" ? "one" : "all") || true;
      case "Escape": return sheet.release() || true;
      default:
        return /^[1-9]$/.test(event.key) && Number(event.key) <= sheet.walk.heads && !onButton ? sheet.chooseHead(Number(event.key) - 1) || true : false;
    }
  }
}
