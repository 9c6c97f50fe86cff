// @ts-check
// What every head is worth to one output token: what the token's loss and probability become without it.

export class Worth {
  /**
   * @param {(number | null)[]} before probability of each token with every head on; null where nothing is scored
   * @param {Float32Array} numbers change of the loss in nats, then the probability without the head: (2, T, L, H)
   * @param {number} layers @param {number} heads
   */
  constructor(before, numbers, layers, heads) {
    Object.assign(this, { before, numbers, layers, heads });
    this.size = layers * heads;
  }

  /** Whether anything is known of this row. @param {number | null | undefined} row */
  knows(row) {
    return row !== null && row !== undefined && this.before[row] !== null && this.before[row] !== undefined;
  }

  /** Loss without the head minus loss with it. @param {number} row @param {number} layer @param {number} head */
  change(row, layer, head) {
    return this.numbers[row * this.size + layer * this.heads + head];
  }

  /** Probability without the head. @param {number} row @param {number} layer @param {number} head */
  after(row, layer, head) {
    return this.numbers[(this.before.length + row) * this.size + layer * this.heads + head];
  }

  /** The head whose removal costs this token most. @param {number} row */
  most(row) {
    let best = { layer: 0, head: 0, value: -Infinity };
    for (let layer = 0; layer < this.layers; layer++) {
      for (let head = 0; head < this.heads; head++) {
        const value = this.change(row, layer, head);
        if (value > best.value) best = { layer, head, value };
      }
    }
    return best;
  }
}

/** The places of all heads, the costliest first: place i is taken by head order[i]. @param {number[]} values one a head; NaN last */
export function ranked(values) {
  const worth = (/** @type {number} */ i) => (Number.isNaN(values[i]) ? -Infinity : values[i]);
  return values.map((_, i) => i).sort((a, b) => worth(b) - worth(a) || a - b);
}
