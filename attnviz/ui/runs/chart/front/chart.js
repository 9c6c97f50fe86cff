import { streamlitWords } from "../../../front/host.js";
import { accuracyText, axisText, pointText, thousands } from "../../../front/numbers.js";

const SVG = "http://www.w3.org/2000/svg";
const LINE = 15; // pixels between two names
const TYPE = 12.5; // pixels of letters

export function showChart(data, { element: parentElement }) {
  const root = parentElement.querySelector(".chart");
  const svg = root.querySelector("svg");
  root.data = data;
  draw(root, svg, data);
  if (!root.watched) {
    root.watched = new ResizeObserver(() => draw(root, svg, root.data));
    root.watched.observe(root);
    window.addEventListener("attnviz-present", () => root.isConnected && requestAnimationFrame(() => draw(root, svg, root.data)));
  }
}

function node(kind, attributes, text) {
  const made = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// 1, 2 or 5 times a power of ten, about `count` of them.
function niceTicks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-6; value += step) found.push(value);
  return found;
}

function logTicks(low, high) {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const every = Math.max(1, Math.ceil((last - first) / 4));
  const found = [];
  for (let power = first; power <= last; power += every) found.push(10 ** power);
  return found;
}

function said(value, share) {
  return share ? accuracyText(value) : pointText(value);
}

// Names at the right edge, moved apart where they would lie on each other.
function apart(ends, low, high, line) {
  const sorted = [...ends].sort((a, b) => a.y - b.y);
  for (let i = 1; i < sorted.length; i++) sorted[i].y = Math.max(sorted[i].y, sorted[i - 1].y + line);
  const over = sorted.length ? sorted[sorted.length - 1].y - high : 0;
  if (over > 0) {
    sorted[sorted.length - 1].y = high;
    for (let i = sorted.length - 2; i >= 0; i--) sorted[i].y = Math.min(sorted[i].y, sorted[i + 1].y - line);
  }
  return sorted;
}

function draw(root, svg, data) {
  const width = root.clientWidth;
  if (!width) return;
  // In a presentation margins are as much larger as the type.
  const scale = Math.max(1, (parseFloat(getComputedStyle(root).getPropertyValue("--av-least")) || 0) / TYPE);
  const { height } = data;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.style.height = `${height}px`;
  svg.replaceChildren();
  const names = [...data.lines.map((line) => line.name), ...data.baselines.map(([name]) => name)];
  const measure = (name) => [...name].reduce((sum, c) => sum + (c.charCodeAt(0) > 0x2e7f ? 12.8 : 7) * scale, 0);
  const right = Math.min(width * 0.4, Math.max(20, ...names.map(measure)) + 10);
  const box = { left: 44 * scale, top: 10 * scale, right: width - right, bottom: height - 21 * scale };

  const values = [...data.lines.flatMap((line) => line.points.map((p) => p[1])), ...data.baselines.map(([, v]) => v)];
  const steps = data.lines.flatMap((line) => line.points.map((p) => p[0]));
  const last = Math.max(10, data.at ?? 0, ...steps);
  let low = data.share ? 0 : Math.min(...values, data.log ? Infinity : 0);
  let high = data.share ? 1 : Math.max(...values);
  if (!values.length && !data.share) [low, high] = [0, 1];
  if (low === high) high = low + (Math.abs(low) || 1);
  if (data.log) [low, high] = [low / 1.3, high * 1.3];
  const place = data.log ? Math.log10 : (v) => v;
  const x = (step) => box.left + ((box.right - box.left) * step) / last;
  const y = (value) => box.bottom - ((box.bottom - box.top) * (place(value) - place(low))) / (place(high) - place(low));

  for (const tick of data.log ? logTicks(low, high) : niceTicks(low, high, data.share ? 2 : 4)) {
    const at = y(tick);
    if (at < box.top - 1 || at > box.bottom + 1) continue;
    svg.append(node("line", { class: "grid", x1: box.left, x2: box.right, y1: at, y2: at }));
    svg.append(node("text", { class: "tick", x: box.left - 6, y: at + 4 * scale, "text-anchor": "end" }, data.share ? accuracyText(tick) : axisText(tick)));
  }
  for (const tick of niceTicks(0, last, 4)) {
    if (Number.isInteger(tick)) svg.append(node("text", { class: "tick", x: x(tick), y: height - 5, "text-anchor": "middle" }, thousands(tick)));
  }
  const ends = [];
  for (const [name, value] of data.baselines) {
    svg.append(node("line", { class: "base", x1: box.left, x2: box.right, y1: y(value), y2: y(value) }));
    ends.push({ name, y: y(value), class: "faint" });
  }
  for (const line of data.lines) {
    const colour = `light-dark(${line.light}, ${line.dark})`;
    if (line.points.length === 1) {
      const [step, value] = line.points[0];
      svg.append(node("circle", { cx: x(step), cy: y(value), r: 4, style: `fill:${colour}` }));
    } else {
      const path = line.points.map(([step, value], i) => `${i ? "L" : "M"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`);
      svg.append(node("path", { class: "curve", d: path.join(""), style: `stroke:${colour}` }));
    }
    ends.push({ name: line.name, y: y(line.points[line.points.length - 1][1]), style: `fill:${colour};font-weight:600` });
  }
  for (const end of apart(ends, box.top, box.bottom, LINE * scale)) {
    svg.append(node("text", { x: box.right + 6, y: end.y + 4 * scale, class: end.class ?? "", style: end.style ?? "" }, end.name));
  }
  if (data.at !== null) {
    svg.append(node("line", { class: "at", x1: x(data.at), x2: x(data.at), y1: box.top, y2: box.bottom }));
    const after = x(data.at) < (box.left + box.right) / 2;
    svg.append(node("text", { class: "faint", x: x(data.at) + (after ? 5 : -5), y: box.top + 9 * scale, "text-anchor": after ? "start" : "end" }, data.mark));
  }
  const newest = data.lines.map((line) => `${line.name} ${said(line.points[line.points.length - 1][1], data.share)}`);
  svg.setAttribute("aria-label", [data.label, ...newest].join(", "));

  const tip = root.querySelector(".tip");
  const hair = node("line", { class: "grid", y1: box.top, y2: box.bottom, visibility: "hidden" });
  svg.append(hair);
  svg.onpointermove = (event) => {
    const bounds = svg.getBoundingClientRect();
    const step = ((event.clientX - bounds.left - box.left) / (box.right - box.left)) * last;
    if (step < 0 || step > last || !data.lines.length) return svg.onpointerleave();
    const near = data.lines.map((line) => line.points.reduce((a, b) => (Math.abs(b[0] - step) < Math.abs(a[0] - step) ? b : a)));
    tip.textContent = [thousands(near[0][0]), ...near.map((p, i) => `${data.lines[i].name} ${said(p[1], data.share)}`)].join("\n");
    tip.hidden = false;
    const early = x(near[0][0]) < width / 2; // the tip stands on the other side
    tip.style.left = early ? "auto" : "50px";
    tip.style.right = early ? `${right}px` : "auto";
    hair.setAttribute("x1", x(near[0][0]));
    hair.setAttribute("x2", x(near[0][0]));
    hair.setAttribute("visibility", "visible");
  };
  svg.onpointerleave = () => {
    tip.hidden = true;
    hair.setAttribute("visibility", "hidden");
  };
}

export default function (component) {
  streamlitWords(component, showChart);
}
