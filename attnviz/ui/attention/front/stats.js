// The chosen head in numbers: a name, a value and a bar for each statistic that is known.

import { element } from "../../front/dom.js";
import { clamp, lossChange, numberText, percentText } from "../../front/numbers.js";

export function statisticRows(kind, layer, head, text) {
  const rows = [];
  const share = (name) => {
    const value = kind.statistic(name, layer, head);
    if (value === undefined) return;
    rows.push({
      name, label: text[name], hint: text[`${name}_hint`],
      value: value === null ? text.pending : percentText(value), part: value,
    });
  };
  const entropy = kind.statistic("entropy", layer, head);
  if (entropy !== undefined) {
    rows.push({
      name: "entropy", label: text.entropy, hint: text.entropy_hint, unit: text.nats,
      value: entropy === null ? text.pending : numberText(entropy), part: entropy / Math.max(1e-9, Math.log(kind.columns)),
    });
  }
  const distance = kind.statistic("mean_distance", layer, head);
  if (distance !== undefined) {
    rows.push({
      name: "mean_distance", label: text.mean_distance, hint: text.mean_distance_hint, unit: text.tokens,
      value: distance === null ? text.pending : numberText(distance, 1), part: distance / Math.max(1, Math.max(kind.rows, kind.columns) - 1),
    });
  }
  for (const name of ["previous", "first", "same", "induction"]) share(name);
  const delta = kind.statistic("delta_loss", layer, head);
  if (delta !== undefined) {
    const all = kind.stats.delta_loss.flat().filter((value) => value !== null).map(Math.abs);
    rows.push({
      name: "delta_loss", label: text.delta_loss, unit: text.nats,
      hint: kind.isEstimated(layer, head) ? text.estimate_hint : text.delta_loss_hint,
      value: delta === null ? text.pending : `${kind.isEstimated(layer, head) ? text.estimate_sign : ""}${lossChange(delta)}`, part: Math.abs(delta) / Math.max(0.01, ...all),
    });
  }
  return rows;
}

export function writeStats(refs, kind, layer, head, text) {
  const parts = statisticRows(kind, layer, head, text).map((row) => {
    const bar = element("i");
    bar.style.width = `${Math.round(clamp(row.part || 0, 0, 1) * 1000) / 10}%`;
    return element("div", { class: `stat stat-${row.name}`, title: row.hint }, [
      element("dt", { text: row.label }),
      element("dd", {}, [element("b", { text: row.value }), ...(row.unit ? [element("small", { text: row.unit })] : [])]),
      element("div", { class: "stat-bar", "aria-hidden": "true" }, [bar]),
    ]);
  });
  refs.stats.replaceChildren(...parts);
}
