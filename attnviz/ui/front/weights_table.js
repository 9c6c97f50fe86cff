// @ts-check
// A head's weights as a table for a spreadsheet: a line a cell, whoever looks first.

import { csvFile } from "./download.js";

/** Six significant digits: finer than what travels. @param {number} weight */
export function plainNumber(weight) {
  return Number.isNaN(weight) ? null : Number(weight.toPrecision(6));
}

/**
 * @param {object} head
 * @param {string[]} head.queries @param {string[]} head.keys
 * @param {string[]} [head.next] what each query predicts
 * @param {(query: number, key: number) => number} head.weight
 * @param {(query: number, key: number) => boolean} head.visible
 */
export function weightsTable({ queries, keys, next, weight, visible }) {
  const lines = [["query_index", "query", ...(next ? ["next"] : []), "key_index", "key", "weight", "visible"]];
  for (const [q, query] of queries.entries()) {
    for (const [k, key] of keys.entries()) {
      const said = next ? [next[q] || ""] : [];
      lines.push([q, query, ...said, k, key, plainNumber(weight(q, k)) ?? "NaN", visible(q, k) ? 1 : 0]);
    }
  }
  return csvFile(lines);
}
