// A text as it came to be, token by token: the run itself, or the branch of the beam tree that ends in a node.

export class RunPath {
  constructor(shot, length) {
    this.shot = shot;
    this.length = length;
    this.first = 0;
    this.whole = shot.steps.length;
  }

  token(i) {
    return this.shot.steps[i].token;
  }

  fed(i) {
    return this.shot.steps[i].fed;
  }

  step(i) {
    return this.shot.steps[i];
  }

  weights(site, head, i) {
    return this.shot.row(site, head, i);
  }
}

export class BranchPath {
  constructor(shot, node) {
    this.shot = shot;
    this.nodes = [];
    for (let at = node; shot.beam.nodes[at].parent !== null; at = shot.beam.nodes[at].parent) this.nodes.unshift(at);
    this.length = this.whole = this.nodes.length;
    this.first = shot.beam.prefix.length;
  }

  token(i) {
    return this.shot.beam.nodes[this.nodes[i]].token;
  }

  fed(i) {
    if (i > 0) return this.token(i - 1);
    return this.first ? this.shot.beam.prefix[this.first - 1] : this.shot.subject.bos;
  }

  step() {
    return null;
  }

  weights(site, head, i) {
    const parent = this.shot.beam.nodes[this.nodes[i]].parent;
    return this.shot.row(site, head, this.shot.beam.expansions[parent]);
  }
}

// Labels of the keys that a row of a site can look at, as far as the text goes.
export function keysOf(shot, path, site) {
  if (shot.kindOf(site) !== "decoder_self") return shot.subject.columns;
  const before = shot.beam && path.first ? [shot.subject.bos, ...shot.beam.prefix.slice(0, -1)] : [];
  return [...before, ...Array.from({ length: path.length }, (_, i) => path.fed(i))];
}
