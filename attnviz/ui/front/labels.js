// Token labels: made printable, measured, cut to a width by whole characters, thinned when there are too many.

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const rulerContext = document.createElement("canvas").getContext("2d");
const widths = new Map();

// White space and control characters get a visible sign; marks that reorder text are dropped.
export function printable(token) {
  const text = String(token)
    .replace(/[\u202a-\u202e\u2066-\u2069\u200e\u200f]/g, "")
    .replace(/\n/g, "⏎")
    .replace(/\t/g, "⇥")
    .replace(/\r/g, "␍")
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
  if (text === "") return "∅";
  return text.trim() === "" ? "␣".repeat(text.length) : text;
}

export function fontOf(theme, size, weight) {
  return `${weight || 400} ${size}px ${theme.fontFamily}`;
}

export function textWidth(text, font) {
  const key = `${font}|${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size > 20000) widths.clear();
    rulerContext.font = font;
    width = rulerContext.measureText(text).width;
    widths.set(key, width);
  }
  return width;
}

export function widest(texts, font) {
  let best = 0;
  for (const text of texts) best = Math.max(best, textWidth(text, font));
  return best;
}

// The text, or as many of its characters as fit with an ellipsis.
export function fitted(text, room, font) {
  if (textWidth(text, font) <= room) return text;
  const characters = Array.from(segmenter.segment(text), (part) => part.segment);
  let low = 0;
  let high = characters.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (textWidth(characters.slice(0, middle).join("") + "…", font) <= room) low = middle;
    else high = middle - 1;
  }
  return low > 0 ? characters.slice(0, low).join("") + "…" : "…";
}

// Every how many labels can be written when one needs `need` pixels and they stand `pitch` apart.
export function stride(pitch, need) {
  if (pitch >= need) return 1;
  const step = need / pitch;
  const steps = [2, 5, 10, 20, 25, 50, 100, 200];
  return steps.find((s) => s >= step) || Math.ceil(step / 100) * 100;
}

export function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}

export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

// Two decimals; "1.00" and "0.00" keep theirs so that columns align.
export function decimals(weight, digits = 2) {
  return Number.isNaN(weight) ? "NaN" : weight.toFixed(digits);
}

export function signed(value, digits = 2) {
  if (Math.abs(value) < 0.5 * 10 ** -digits) return (0).toFixed(digits);
  return (value < 0 ? "−" : "+") + Math.abs(value).toFixed(digits);
}
