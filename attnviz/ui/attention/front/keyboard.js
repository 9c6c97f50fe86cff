// Keys: arrows move between heads, Enter chooses one and, pressed again, enters it; there arrows move between cells.

import { clamp } from "../../front/numbers.js";

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function taken(event) {
  event.preventDefault();
  event.stopPropagation();
}

export function attachGridKeys(stage) {
  stage.refs.heads.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !stage.layouts) return;
    const { kind } = stage.state;
    const at = stage.focused;
    const onSwitch = event.target.classList.contains("switch");
    const step = STEPS[event.key];
    if (step) {
      taken(event);
      stage.focusHead(clamp(at.layer + step[0], 0, kind.layers - 1), clamp(at.head + step[1], 0, kind.heads - 1), onSwitch);
    } else if (event.key === "Home" || event.key === "End") {
      taken(event);
      stage.focusHead(at.layer, event.key === "Home" ? 0 : kind.heads - 1, onSwitch);
    } else if (event.key === " " && !onSwitch) {
      taken(event);
      stage.toggle(at.layer, at.head);
    } else if (event.key === "Escape") {
      taken(event);
      if (stage.pinned) stage.pin(null);
      else event.target.blur();
    }
  });
  // A button would act on the release of the space bar as well.
  stage.refs.heads.addEventListener("keyup", (event) => {
    if (event.key === " " && event.target.classList.contains("head")) taken(event);
  });
  stage.refs.heads.addEventListener("focusin", (event) => {
    const cell = stage.refs.headCells.find(({ choose, toggle }) => choose === event.target || toggle === event.target);
    if (cell) stage.markFocused(cell.layer, cell.head);
    stage.refs.gridHint.textContent = event.target.matches(":focus-visible") ? stage.picture.text.keys_hint : stage.picture.text.grid_hint;
  });
  stage.refs.heads.addEventListener("focusout", () => (stage.refs.gridHint.textContent = stage.picture.text.grid_hint));
}

export function attachMatrixKeys(stage) {
  const { surface } = stage.refs;
  surface.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !stage.layouts) return;
    const { kind } = stage.state;
    const at = stage.cursor;
    const step = STEPS[event.key];
    const zooms = { "+": "zoom_in", "=": "zoom_in", "-": "zoom_out", 0: "zoom_reset" };
    if (step) stage.moveCursor(at.row + step[0], at.column + step[1]);
    else if (event.key === "Home") stage.moveCursor(at.row, 0);
    else if (event.key === "End") stage.moveCursor(at.row, kind.columns - 1);
    else if (event.key === "PageUp") stage.moveCursor(at.row - 10, at.column);
    else if (event.key === "PageDown") stage.moveCursor(at.row + 10, at.column);
    else if (event.key === "Enter" || event.key === " ") stage.pin(stage.cursorLit(), event.shiftKey);
    else if (event.key in zooms) stage.zoomStep(zooms[event.key]);
    else if (event.key === "Escape") stage.leaveMatrix();
    else return;
    taken(event);
  });
  surface.addEventListener("focus", () => {
    if (surface.matches(":focus-visible")) stage.moveCursor(stage.cursor.row, stage.cursor.column);
  });
  surface.addEventListener("blur", () => stage.hover(null));
}
