// @ts-check
// Files made in the browser: a save dialog, a safe name, a cell of a table.

export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// Letters and digits of any script; `instead` where nothing is left.
export function safeName(name, instead) {
  const safe = name.normalize("NFKC").replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "");
  return safe || instead;
}

// Quoted; a cell that a spreadsheet would take for a formula gets an apostrophe.
export function csvCell(value) {
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]./u.test(value) ? `'${value}` : value;
  return `"${text.replace(/"/g, '""')}"`;
}

// A table for a spreadsheet.
export function csvFile(lines) {
  const text = lines.map((cells) => cells.map(csvCell).join(","));
  return new Blob(["\ufeff", text.join("\r\n"), "\r\n"], { type: "text/csv;charset=utf-8" });
}
