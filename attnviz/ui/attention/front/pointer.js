// Mouse, pen and touch: hovering lights, clicking pins, dragging and the wheel move a zoomed head.

import { hitMatrix } from "../../front/matrix.js";
import { clamp } from "../../front/numbers.js";
import { wheelled } from "../../front/zoom.js";
import { hitGrid } from "./grid.js";
import { hitLines } from "./lines.js";

const DRAG_PIXELS = 4;

// What a hit means: a label of self-attention is one token, so its row and its column light up.
function litFrom(kind, hit, layer, head) {
  if (!hit) return null;
  const { row, column } = hit;
  if (row !== null && column !== null) return { row, column, lead: "row", label: false, layer, head };
  const twin = kind.isSelf && (column === null || column !== kind.sink) ? (row === null ? column : row) : null;
  return row !== null
    ? { row, column: twin, lead: "row", label: true, layer, head }
    : { row: twin, column, lead: "column", label: true, layer, head };
}

function pointIn(node, event) {
  const box = node.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

export function attachGridPointer(stage) {
  const { gridBody } = stage.refs;
  gridBody.addEventListener("pointermove", (event) => {
    if (!stage.layouts) return;
    const hit = hitGrid(stage.layouts.grid, stage.state.kind, ...pointIn(gridBody, event));
    const over = hit && !event.composedPath()[0].classList.contains("switch");
    stage.hover(over ? litFrom(stage.state.kind, hit, hit.layer, hit.head) : null, event);
  });
  gridBody.addEventListener("pointerleave", () => stage.hover(null));
}

export function attachHeadPointer(stage) {
  const { surface } = stage.refs;
  const touches = new Map();
  let drag = null;
  let spread = 0;

  const hitAt = (event) => {
    const [x, y] = pointIn(surface, event);
    const { matrix, lines } = stage.layouts.head;
    return (matrix && hitMatrix(matrix, stage.state.kind, stage.state.zoom, x, y)) || (lines && hitLines(lines, stage.state.kind, x, y)) || null;
  };
  const lit = (event) => litFrom(stage.state.kind, hitAt(event), stage.state.layer, stage.state.head);

  surface.addEventListener("pointerdown", (event) => {
    if (!stage.layouts) return;
    touches.set(event.pointerId, event);
    spread = 0;
    drag = { x: event.clientX, y: event.clientY, zoom: stage.state.zoom, moved: false };
  });
  surface.addEventListener("pointermove", (event) => {
    if (!stage.layouts) return;
    if (touches.has(event.pointerId)) touches.set(event.pointerId, event);
    if (touches.size === 2) {
      const [a, b] = [...touches.values()];
      const distance = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
      const middle = { clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 };
      if (spread) stage.zoomAt(distance / spread, ...fractions(stage, middle));
      spread = distance;
      if (drag) drag.moved = true;
      return;
    }
    if (drag && (drag.moved || Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > DRAG_PIXELS)) {
      if (!drag.moved && stage.state.zoom.zoom > 1) surface.setPointerCapture(event.pointerId);
      drag.moved = true;
      if (stage.state.zoom.zoom > 1) {
        stage.pan(drag.zoom, event.clientX - drag.x, event.clientY - drag.y);
        return;
      }
    }
    stage.hover(lit(event), event);
  });
  const end = (event) => {
    const clicked = drag && !drag.moved && touches.size === 1 && event.type === "pointerup" && event.button === 0;
    touches.delete(event.pointerId);
    if (!touches.size) drag = null;
    if (clicked) stage.pin(lit(event), event.shiftKey);
  };
  surface.addEventListener("pointerup", end);
  surface.addEventListener("pointercancel", end);
  surface.addEventListener("pointerleave", (event) => {
    if (!drag || !drag.moved) stage.hover(null, event);
  });
  surface.addEventListener("dblclick", () => stage.zoomStep("zoom_reset"));
  surface.addEventListener("wheel", (event) => wheel(stage, event), { passive: false });
}

// A point as fractions of the cells' box.
function fractions(stage, event) {
  const [x, y] = pointIn(stage.refs.surface, event);
  const { cells } = stage.layouts.head.matrix || { cells: { x: 0, y: 0, w: 1, h: 1 } };
  return [clamp((x - cells.x) / cells.w, 0, 1), clamp((y - cells.y) / cells.h, 0, 1)];
}

// The wheel belongs to the page unless the cells are too small to read, the head is zoomed already, or Ctrl is held.
function wheel(stage, event) {
  const matrix = stage.layouts && stage.layouts.head.matrix;
  if (!matrix) return;
  const { zoom } = stage.state.zoom;
  const wanted = event.ctrlKey || zoom > 1 || matrix.cw < 18;
  if (!wanted || (!event.ctrlKey && zoom === 1 && event.deltaY > 0)) return;
  event.preventDefault();
  const { dx, dy, factor } = wheelled(event, { zooms: true });
  if (factor === 1) stage.pan(stage.state.zoom, -dx, -dy);
  else stage.zoomAt(factor, ...fractions(stage, event));
}
