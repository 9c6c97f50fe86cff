// @ts-check
// Numbers as they are printed: the same number the same on every page, and as attnviz/figures/scales.py prints it. A real
// minus, ∞ as a sign, never −0.00; what is no number is called NaN, whether it comes as NaN or as JSON's null.

/** @typedef {number | null} Known a number, or what JSON cannot say: NaN */

/** @param {number} value @param {number} low @param {number} high */
export function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}

/**
 * toFixed rounds halves up; halves go to the even digit here, as in Python, so that both print the same.
 * @param {number} size @param {number} digits
 */
function rounded(size, digits) {
  const half = size * 2 ** (digits + 1);
  const units = size * 10 ** digits;
  if (!Number.isInteger(half) || units % 1 !== 0.5) return size.toFixed(digits);
  const below = Math.floor(units);
  return ((below % 2 ? below + 1 : below) / 10 ** digits).toFixed(digits);
}

/** @param {Known} value */
export function isNumber(value) {
  return value !== null && !Number.isNaN(value);
}

/** @param {Known} value @returns {string} */
export function numberText(value, digits = 2) {
  if (value === null || Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const text = rounded(Math.abs(value), digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** A difference: with its sign, unless it is none. @param {Known} value */
export function signedText(value, digits = 2) {
  const text = numberText(value, digits);
  return value !== null && value > 0 && Number(text) !== 0 ? `+${text}` : text;
}

/** A loss in nats. @param {Known} value */
export function lossText(value, digits = 3) {
  return numberText(value, digits);
}

/** How much a loss moved, in nats. @param {Known} value */
export function lossChange(value, digits = 3) {
  return signedText(value, digits);
}

/** Decimals that show a change of a loss as what it is: a fourth where three would call it nothing. @param {Known} change */
export function lossDigits(change) {
  return change && Math.abs(change) < 0.0005 ? 4 : 3;
}

/** Two decimals, a third where the second says little; what is nearly 0 is not called 0. @param {Known} p */
export function probabilityText(p) {
  if (p === null || Number.isNaN(p)) return "NaN";
  if (p <= 0) return "0";
  if (p < 0.0005) return "<.001";
  return numberText(p, p >= 0.0995 ? 2 : 3);
}

/** A share of 1 in percent; a decimal where the number is small. @param {Known} share */
export function percentText(share) {
  if (share === null || !Number.isFinite(share)) return numberText(share);
  const percent = share * 100;
  const decimal = Math.abs(percent) < 9.95 && Math.abs(percent) >= 0.05;
  return `${numberText(percent, decimal ? 1 : 0)}%`;
}

/** Without the 0 before the point, for small cells. @param {string} text */
export function bare(text) {
  return text.replace(/^(−?)0(?=\.)/, "$1");
}

/** At most four characters: what fits a cell. @param {Known} value */
export function shortText(value) {
  if (value === null || !Number.isFinite(value)) return numberText(value);
  const size = Math.abs(value);
  if (size >= 1e4) return (value < 0 ? "−" : "") + size.toExponential(0).replace("e+", "e");
  return numberText(value, size >= 9.95 ? 0 : 1);
}

/** In a cell: large numbers give up decimals, very large ones are written with a power of ten. @param {number} value @param {number} digits */
export function cellText(value, digits) {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size < 100) return numberText(value, digits);
  if (size < 10000) return numberText(value, Math.max(0, size < 1000 ? Math.min(1, digits) : 0));
  return value.toExponential(1).replace("e+", "e").replaceAll("-", "−");
}

/** A whole number with its thousands apart. @param {number} value */
export function thousands(value) {
  return String(Math.round(value)).replace("-", "−").replace(/\B(?=(\d{3})+$)/g, ",");
}

/** How many a second. @param {number} value */
export function rateText(value) {
  return value >= 100 ? thousands(value) : numberText(value, 1);
}

/** Three digits that count: the numbers beside an axis. @param {number} value */
export function axisText(value) {
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(1).replace("e-0", "e-").replace("e+", "e").replaceAll("-", "−");
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

/** A point of a curve: as a loss, unless that would hide a small number. @param {number} value */
export function pointText(value) {
  const size = Math.abs(value);
  return size >= 0.0095 && size < 1e6 ? numberText(value, 3) : axisText(value);
}

/** A weight in a small cell; one that would read as nothing is left out. @param {number} weight */
export function weightShort(weight) {
  const text = numberText(weight);
  return text === "0.00" ? "" : bare(text);
}

/** A share of right answers, with the decimal that tells runs apart. @param {number} share */
export function accuracyText(share) {
  return `${numberText(share * 100, 1).replace(/\.0$/, "")}%`;
}
