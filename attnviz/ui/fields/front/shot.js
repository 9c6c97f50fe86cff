// @ts-check
// One answer of the server: weights of every head, the rollout, what is said now and what is said of the example as it is.

import { Payload } from "../../front/payload.js";

export const ROLLOUT = -1; // instead of a head's number

export class Shot extends Payload {
  /** Positions, CLS first. */
  get size() {
    return this.shape("weights")[3];
  }

  /** A head's weights, row by row; of the rollout its shares. @param {number} layer @param {number} head */
  matrix(layer, head) {
    const cells = this.size * this.size;
    if (head === ROLLOUT) return this.array("rollout").subarray(layer * cells, (layer + 1) * cells);
    const start = (layer * this.model.heads + head) * cells;
    return this.array("weights").subarray(start, start + cells);
  }

  /** What one query looks at. @param {number} layer @param {number} head @param {number} query */
  row(layer, head, query) {
    return this.matrix(layer, head).subarray(query * this.size, (query + 1) * this.size);
  }

  /** 1 where a head may not look. @param {number} layer @param {number} head */
  blocked(layer, head) {
    const cells = this.size * this.size;
    const start = (layer * this.model.heads + Math.max(0, head)) * cells;
    return this.array("mask").subarray(start, start + cells).map((visible) => 1 - visible);
  }

  /** Probabilities of the labels at a position, now or before. @param {"now" | "before"} which @param {number} position */
  chances(which, position) {
    const count = this.labels.length;
    return this.array(which).subarray(position * count, (position + 1) * count);
  }
}
