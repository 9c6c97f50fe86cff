// Numbers as they are printed: two decimals, a real minus, ∞ as a sign, never −0.00.

// toFixed rounds halves up; halves go to the even digit here, as in the library, so that both print the same.
function rounded(size, digits) {
  const half = size * 2 ** (digits + 1);
  const units = size * 10 ** digits;
  if (!Number.isInteger(half) || units % 1 !== 0.5) return size.toFixed(digits);
  const below = Math.floor(units);
  return ((below % 2 ? below + 1 : below) / 10 ** digits).toFixed(digits);
}

export function numberText(value, digits = 2) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const text = rounded(Math.abs(value), digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

// In a cell: large numbers give up decimals, very large ones are written with a power of ten.
export function cellText(value, digits) {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size < 100) return numberText(value, digits);
  if (size < 10000) return numberText(value, Math.max(0, size < 1000 ? Math.min(1, digits) : 0));
  return value.toExponential(1).replace("e+", "e").replaceAll("-", "−");
}
