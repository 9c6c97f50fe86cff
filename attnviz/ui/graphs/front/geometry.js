// @ts-check
// Where the nodes of a graph and the cells of its matrix stand, and what lies under a point.

/** @typedef {{ x: number, y: number }} Point */

/** A graph in a box. @param {ArrayLike<number>} places x and y from 0 to 1 @param {number} nodes @param {{ x: number, y: number, w: number, h: number }} box @param {number} radius */
export function spread(places, nodes, box, radius) {
  const [w, h] = [box.w - 2 * radius - 6, box.h - 2 * radius - 6];
  return Array.from({ length: nodes }, (_, i) => ({
    x: box.x + radius + 3 + places[2 * i] * w, y: box.y + radius + 3 + places[2 * i + 1] * h,
  }));
}

/** Nodes on a circle, from the top. @param {number} nodes */
export function circle(nodes) {
  const places = new Float32Array(2 * nodes);
  for (let i = 0; i < nodes; i++) {
    const angle = -Math.PI / 2 + (2 * Math.PI * i) / nodes;
    places[2 * i] = 0.5 + 0.5 * Math.cos(angle);
    places[2 * i + 1] = 0.5 + 0.5 * Math.sin(angle);
  }
  return places;
}

/** How far a point is from a line between two others. @param {Point} p @param {Point} a @param {Point} b */
export function distance(p, a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const along = ((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy || 1);
  const t = Math.max(0, Math.min(1, along));
  return Math.hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

/** The name of an edge, the smaller number first. @param {number} one @param {number} other */
export function edgeName(one, other) {
  return `${Math.min(one, other)}-${Math.max(one, other)}`;
}

/** The smallest thing within reach, or null. @param {number[]} distances @param {number} reach */
export function nearest(distances, reach) {
  const best = distances.indexOf(Math.min(...distances));
  return best >= 0 && distances[best] <= reach ? best : null;
}
