// @ts-check
// Colours of the moment: data colours come from Python (one source), the frame's from Streamlit's theme variables.

import { pixelsOf } from "./raster.js";

/** @param {string} text @returns {any} [r, g, b], null for what is no colour */
export function parseColour(text) {
  const value = text.trim();
  const hex = /^#([0-9a-f]{3,8})$/i.exec(value);
  if (hex) {
    const digits = hex[1].length < 6 ? [...hex[1]].map((d) => d + d).join("") : hex[1];
    return [0, 2, 4].map((i) => parseInt(digits.slice(i, i + 2), 16));
  }
  const numbers = /^rgba?\(([^)]+)\)/i.exec(value);
  return numbers ? numbers[1].split(/[\s,/]+/).slice(0, 3).map(Number) : null;
}

/** @param {number[]} rgb */
function luminance([r, g, b]) {
  const linear = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

/** Black or white, whichever stands out more on a colour: a contrast of 4.58 at least (WCAG 2.2, contrast ratio). @param {number[]} rgb */
export function numberOver(rgb) {
  return luminance(rgb) > Math.sqrt(1.05 * 0.05) - 0.05 ? "#000000" : "#ffffff";
}

/** 256 steps between equally spaced stops. @param {string[]} stops */
export function ramp(stops) {
  const colours = stops.map(parseColour);
  return Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * (colours.length - 1);
    const low = Math.min(colours.length - 2, Math.floor(place));
    return colours[low].map((v, c) => Math.round(v + (colours[low + 1][c] - v) * (place - low)));
  });
}

// Light or dark, the font and the least type, to tell whether they changed: Streamlit calls a component again at other
// times, too.
export function appearance(host) {
  const style = getComputedStyle(host);
  return ["--st-background-color", "--st-text-color", "--st-font", "--av-least"].map((name) => style.getPropertyValue(name)).join("|");
}

export function readTheme(host, palettes) {
  const style = getComputedStyle(host);
  const variable = (name) => style.getPropertyValue(name).trim();
  const background = parseColour(variable("--st-background-color")) || [255, 255, 255];
  const dark = luminance(background) < 0.2;
  const palette = palettes[dark ? "dark" : "light"];
  const weights = ramp(palette.weights);
  const given = variable("--st-font");
  const css = (rgb) => `rgb(${rgb.join(",")})`;
  return {
    ...palette,
    dark,
    ink: variable("--st-text-color") || palette.ink,
    page: variable("--st-background-color") || palette.page,
    fontFamily: given ? `${given}, ${palettes.font}` : palettes.font,
    hatchSize: palettes.hatch,
    least: parseFloat(variable("--av-least")) || 0,
    rgb: weights,
    pixels: pixelsOf(weights),
    css: weights.map(css),
    inkOn: weights.map(numberOver),
    strong: css(weights[dark ? 214 : 224]),
    alarmRgb: parseColour(palette.alarm),
    alarmFillRgb: parseColour(palette.alarm_fill),
    visibleRgb: parseColour(palette.visible),
  };
}

/** The letter size that pictures take their measure from, pixels. In a presentation the smallest part of it, 0.72, can be
 * read in the back row. @param {Element} root @param {{ least: number }} theme */
export function baseOf(root, theme) {
  return Math.max(parseFloat(getComputedStyle(root).fontSize), theme.least / 0.72);
}

// The palette as CSS variables for the parts that are ordinary elements.
export function applyTheme(root, theme) {
  const roles = Object.entries(theme).filter(([, value]) => typeof value === "string" && parseColour(value));
  const values = {
    ...Object.fromEntries(roles.map(([name, value]) => [name.replaceAll("_", "-"), value])),
    strong: theme.strong,
    ramp: `linear-gradient(90deg, ${[0, 32, 64, 96, 128, 160, 192, 224, 255].map((i) => theme.css[i]).join(", ")})`,
  };
  for (const [name, value] of Object.entries(values)) root.style.setProperty(`--av-${name}`, value);
  root.style.fontFamily = theme.fontFamily;
  root.dataset.dark = String(theme.dark);
}
