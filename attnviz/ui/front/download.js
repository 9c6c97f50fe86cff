// @ts-check
// Files made in the browser: buttons for them, a save dialog, a safe name, a table.

import { element } from "./dom.js";

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

/** A row of buttons, one a format. @param {string[]} formats @param {(format: string) => void} download */
export function downloadButtons(formats, download) {
  const buttons = formats.map((format) =>
    element("button", { type: "button", "data-format": format, text: format.toUpperCase(), click: () => download(format) }));
  return element("div", { class: "downloads", role: "group" }, buttons);
}

/** What the buttons are called in the language of the moment. @param {HTMLElement} row @param {Record<string, string>} text */
export function nameDownloads(row, text) {
  row.setAttribute("aria-label", text.downloads);
  for (const button of /** @type {HTMLCollectionOf<HTMLElement>} */ (row.children)) {
    const { format } = button.dataset;
    const said = text[`download_${format}`];
    button.title = said;
    button.setAttribute("aria-label", said);
  }
}
