// @ts-check
// Token labels: made printable, measured, cut to a width by whole characters, thinned when there are too many.

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const words = new Intl.Segmenter(undefined, { granularity: "word" });
/** @type {CanvasRenderingContext2D | null} made when something is first measured */
let ruler = null;
/** @type {Map<string, number>} */
const widths = new Map();

/** White space and control characters get a visible sign; marks that reorder text are dropped. @param {unknown} token */
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

/** @param {{ fontFamily: string }} theme @param {number} size pixels @param {number} [weight] */
export function fontOf(theme, size, weight) {
  return `${weight || 400} ${size}px ${theme.fontFamily}`;
}

/** Pixels. @param {string} text @param {string} font */
export function textWidth(text, font) {
  const key = `${font}|${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size > 20000) widths.clear();
    ruler ??= /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
    ruler.font = font;
    width = ruler.measureText(text).width;
    widths.set(key, width);
  }
  return width;
}

/** @param {string[]} texts @param {string} font */
export function widest(texts, font) {
  let best = 0;
  for (const text of texts) best = Math.max(best, textWidth(text, font));
  return best;
}

/** The text, or as many of its characters as fit with an ellipsis. @param {string} text @param {number} room pixels @param {string} font */
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

/** The text in lines that fit, broken between words where it can be. @param {string} text @param {number} room pixels @param {string} font */
export function wrapped(text, room, font) {
  const lines = [""];
  for (const { segment } of words.segment(text)) {
    const last = lines.length - 1;
    if (!lines[last] || textWidth((lines[last] + segment).trimEnd(), font) <= room) lines[last] += segment;
    else lines.push(segment.trimStart());
  }
  return lines.map((line) => line.trimEnd());
}

/** A template's {names} replaced by their values; a name that is not given stays. @param {string} template @param {Record<string, unknown>} values */
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
