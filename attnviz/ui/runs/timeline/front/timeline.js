import { streamlitWords } from "../../../front/host.js";
import { fill } from "../../../front/labels.js";
import { thousands } from "../../../front/numbers.js";

const THROTTLE = 140; // milliseconds between two questions to the server while dragging

export function showTimeline(data, { element: parentElement, send }) {
  const root = parentElement.querySelector(".line");
  const track = root.querySelector(".track");
  const live = root.querySelector(".live");
  // What the user is doing survives new data.
  const mine = (root.mine ??= { dragging: false, at: data.at, scope: data.scope, waiting: null });
  if (mine.scope !== data.scope) Object.assign(mine, { dragging: false, at: data.at, scope: data.scope, asked: undefined, head: undefined, click: undefined });
  if (mine.asked !== undefined && data.at === mine.asked) mine.asked = undefined;
  if (!mine.dragging && mine.asked === undefined) mine.at = data.at;

  const total = Math.max(data.total, data.done, 1);
  // Early steps need room: that is where things happen, and where steps are kept densely.
  const place = (step) => Math.pow(Math.min(step, total) / total, 0.42);
  const steps = data.steps;
  const last = steps.length ? steps[steps.length - 1] : 0;
  const percent = (step) => `${(100 * place(step)).toFixed(3)}%`;

  function nearest(clientX) {
    const box = track.getBoundingClientRect();
    const wanted = (clientX - box.left) / box.width;
    let best = steps[0];
    for (const step of steps) if (Math.abs(place(step) - wanted) < Math.abs(place(best) - wanted)) best = step;
    return best;
  }

  function ask(step) {
    mine.at = step;
    mine.asked = step;
    drawThumb();
    const now = Date.now();
    clearTimeout(mine.timer);
    const tell = () => {
      mine.sent = Date.now();
      send("chosen", { scope: data.scope, step: mine.at, ...(mine.head ? { head: mine.head, click: mine.click } : {}) });
    };
    const wait = THROTTLE - (now - (mine.sent ?? 0));
    if (wait <= 0) tell();
    else mine.timer = setTimeout(tell, wait);
  }

  function drawThumb() {
    const thumb = root.querySelector(".thumb");
    const step = mine.at ?? last;
    thumb.style.left = percent(step);
    thumb.hidden = !steps.length;
    const label = fill(data.text.timeline_step, { step: thousands(step) });
    thumb.querySelector("b").textContent = label;
    track.setAttribute("aria-valuenow", step);
    track.setAttribute("aria-valuetext", label);
    live.setAttribute("aria-pressed", String(mine.at === null));
    live.classList.toggle("moving", data.moving);
    // The step's own label lies on the numbers below the line: those that it would cut are not drawn.
    const own = thumb.querySelector("b").getBoundingClientRect();
    for (const tick of root.querySelectorAll(".ticks span")) {
      const box = tick.getBoundingClientRect();
      tick.style.visibility = !thumb.hidden && box.right > own.left - 3 && box.left < own.right + 3 ? "hidden" : "";
    }
  }

  function element(kind, className, text) {
    const made = document.createElement(kind);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  track.setAttribute("aria-label", data.text.timeline_label);
  track.setAttribute("aria-valuemin", steps[0] ?? 0);
  track.setAttribute("aria-valuemax", last);
  live.querySelector("span").textContent = data.text.timeline_live;
  live.title = data.text.timeline_live_help;
  root.querySelector(".ran").style.width = percent(data.done);

  const dots = root.querySelector(".dots");
  dots.replaceChildren();
  let before = -1;
  for (const step of steps) {
    const at = place(step);
    const dot = element("i", at - before < 0.012 ? "dense" : "");
    dot.style.left = percent(step);
    dots.append(dot);
    before = at;
  }

  const ticks = root.querySelector(".ticks");
  ticks.replaceChildren();
  let free = -1;
  for (const step of [0, ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000].filter((n) => n < total * 0.9), total]) {
    if (place(step) - free < 0.055 && step !== 0) continue;
    if (step !== total && place(total) - place(step) < 0.05) continue;
    const tick = element("span", "", thousands(step));
    tick.style.left = percent(step);
    ticks.append(tick);
    free = place(step);
  }

  const marks = root.querySelector(".marks");
  marks.replaceChildren();
  const width = track.getBoundingClientRect().width || 900;
  let edge = -Infinity;
  for (const mark of data.marks) {
    const made = element("button", "", mark.label);
    made.type = "button";
    made.tabIndex = -1;
    made.title = `${fill(data.text.timeline_step, { step: thousands(mark.step) })} · ${mark.label}`;
    made.style.left = percent(mark.step);
    made.dataset.what = mark.what;
    made.onpointerdown = (event) => event.stopPropagation();
    made.onclick = () => {
      if (mark.head) Object.assign(mine, { head: mark.head, click: Date.now() }); // and the head it happened to
      ask(steps.reduce((a, b) => (Math.abs(b - mark.step) < Math.abs(a - mark.step) ? b : a), steps[0]));
    };
    marks.append(made);
    // A pin's name is in the tooltip.
    const half = (made.offsetWidth || 90) / 2;
    const centre = place(mark.step) * width;
    if (centre - half < edge + 3) {
      made.textContent = "";
      made.className = "pin";
    } else edge = centre + half;
  }

  track.onpointerdown = (event) => {
    if (!steps.length || event.button > 0) return;
    event.preventDefault(); // nothing is selected on the way
    track.focus({ preventScroll: true });
    mine.dragging = true;
    track.setPointerCapture(event.pointerId);
    ask(nearest(event.clientX));
  };
  track.onpointermove = (event) => {
    if (!mine.dragging) return;
    const step = nearest(event.clientX);
    if (step !== mine.at) ask(step);
  };
  track.onpointerup = track.onpointercancel = () => {
    mine.dragging = false;
  };
  track.onkeydown = (event) => {
    if (!steps.length) return;
    const here = Math.max(0, steps.indexOf(mine.at ?? last));
    const goal = { ArrowLeft: here - 1, ArrowDown: here - 1, ArrowRight: here + 1, ArrowUp: here + 1, Home: 0, End: steps.length - 1, PageUp: here + 5, PageDown: here - 5 }[event.key];
    if (goal === undefined) return;
    event.preventDefault();
    ask(steps[Math.min(steps.length - 1, Math.max(0, goal))]);
  };
  live.onclick = () => ask(null);
  drawThumb();
}

export default function (component) {
  streamlitWords(component, showTimeline);
}
