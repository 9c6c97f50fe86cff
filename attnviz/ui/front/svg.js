// @ts-check
// The painter that writes SVG: true vectors, text stays text, hatching is a pattern.

function escapeXml(text) {
  const names = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };
  return String(text)
    .replace(/[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"']/g, (sign) => names[sign]);
}

export class SvgPainter {
  constructor(width, height, theme) {
    this.width = width;
    this.height = height;
    this.theme = theme;
    this.parts = [];
    this.clips = 0;
    this.ratio = 0; // of device pixels: there are none
  }

  n(value) {
    return String(Math.round(value * 100) / 100);
  }

  box(x, y, w, h) {
    return `x="${this.n(x)}" y="${this.n(y)}" width="${this.n(w)}" height="${this.n(h)}"`;
  }

  rect(x, y, w, h, colour, alpha = 1) {
    const opacity = alpha < 1 ? ` fill-opacity="${this.n(alpha)}"` : "";
    this.parts.push(`<rect ${this.box(x, y, w, h)} fill="${colour}"${opacity}/>`);
  }

  pill(x, y, w, h, radius, colour, alpha = 1) {
    const opacity = alpha < 1 ? ` fill-opacity="${this.n(alpha)}"` : "";
    this.parts.push(`<rect ${this.box(x, y, w, h)} rx="${this.n(radius)}" fill="${colour}"${opacity}/>`);
  }

  rects(boxes, colour) {
    if (!boxes.length) return;
    const pieces = boxes.map(([x, y, w, h]) => `M${this.n(x)} ${this.n(y)}h${this.n(w)}v${this.n(h)}h${this.n(-w)}z`);
    this.parts.push(`<path fill="${colour}" d="${pieces.join("")}"/>`);
  }

  frame(x, y, w, h, colour, width = 1, radius = 0) {
    const round = radius ? ` rx="${this.n(radius)}"` : "";
    this.parts.push(
      `<rect ${this.box(x, y, w, h)}${round} fill="none" stroke="${colour}" stroke-width="${this.n(width)}"/>`
    );
  }

  line(x1, y1, x2, y2, colour, width = 1, alpha = 1, dash = /** @type {number[] | null} */ (null)) {
    const extra = (alpha < 1 ? ` stroke-opacity="${this.n(alpha)}"` : "") +
      (dash ? ` stroke-dasharray="${dash.join(" ")}"` : "");
    this.parts.push(
      `<line x1="${this.n(x1)}" y1="${this.n(y1)}" x2="${this.n(x2)}" y2="${this.n(y2)}" ` +
        `stroke="${colour}" stroke-width="${this.n(width)}" stroke-linecap="round"${extra}/>`
    );
  }

  text(text, x, y, { size, colour, weight, align = "left", angle = 0, alpha = 1 }) {
    const anchor = { left: "start", center: "middle", right: "end" }[align];
    const turn = angle ? ` transform="rotate(${this.n((angle * 180) / Math.PI)} ${this.n(x)} ${this.n(y)})"` : "";
    const opacity = alpha < 1 ? ` fill-opacity="${this.n(alpha)}"` : "";
    this.parts.push(
      `<text x="${this.n(x)}" y="${this.n(y)}" dy="0.35em" font-size="${this.n(size)}" ` +
        `font-weight="${weight || 400}" text-anchor="${anchor}" fill="${colour}"${opacity}${turn}>` +
        `${escapeXml(text)}</text>`
    );
  }

  hatch(x, y, w, h, fine = false) {
    this.parts.push(`<rect ${this.box(x, y, w, h)} fill="url(#${fine ? "hatch-fine" : "hatch"})"/>`);
  }

  // Runs of equal colour become one piece of that colour's path; see-through runs are left to the hatching beneath.
  raster(raster, x, y, w, h) {
    const cw = w / raster.columns;
    const ch = h / raster.rows;
    const paths = new Map();
    for (let row = 0; row < raster.rows; row++) {
      const line = row * raster.columns;
      for (let start = 0, end; start < raster.columns; start = end) {
        const pixel = raster.pixels[line + start];
        for (end = start + 1; end < raster.columns && raster.pixels[line + end] === pixel; ) end++;
        if (!(pixel >>> 24)) continue;
        if (!paths.has(pixel)) paths.set(pixel, []);
        const width = this.n((end - start) * cw);
        paths.get(pixel).push(`M${this.n(x + start * cw)} ${this.n(y + row * ch)}h${width}v${this.n(ch)}h-${width}z`);
      }
    }
    for (const [pixel, pieces] of paths) {
      const rgb = [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
      const hex = rgb.map((v) => v.toString(16).padStart(2, "0")).join("");
      const alpha = pixel >>> 24;
      const opacity = alpha < 255 ? ` fill-opacity="${this.n(alpha / 255)}"` : "";
      this.parts.push(`<path fill="#${hex}"${opacity} d="${pieces.join("")}"/>`);
    }
  }

  clipped(x, y, w, h, draw) {
    const id = `clip-${this.clips++}`;
    this.parts.push(`<clipPath id="${id}"><rect ${this.box(x, y, w, h)}/></clipPath><g clip-path="url(#${id})">`);
    draw();
    this.parts.push("</g>");
  }

  inCircle(x, y, radius, draw) {
    const id = `clip-${this.clips++}`;
    const circle = `<circle cx="${this.n(x)}" cy="${this.n(y)}" r="${this.n(radius)}"/>`;
    this.parts.push(`<clipPath id="${id}">${circle}</clipPath><g clip-path="url(#${id})">`);
    draw();
    this.parts.push("</g>");
  }

  hatchPattern(id, size) {
    const { blocked, blocked_fill: ground } = this.theme;
    const step = this.n(size / Math.SQRT2);
    return (
      `<pattern id="${id}" width="${step}" height="${step}" patternUnits="userSpaceOnUse" ` +
      `patternTransform="rotate(45)"><rect width="${step}" height="${step}" fill="${ground}"/>` +
      `<line x1="0" y1="0" x2="0" y2="${step}" stroke="${blocked}" stroke-width="2"/></pattern>`
    );
  }

  document(title) {
    const size = this.theme.hatchSize;
    return (
      `<svg xmlns="http://www.w3.org/2000/svg" width="${this.width}" height="${this.height}" ` +
      `viewBox="0 0 ${this.width} ${this.height}" font-family="${escapeXml(this.theme.fontFamily)}" ` +
      `shape-rendering="geometricPrecision" xml:space="preserve"><title>${escapeXml(title)}</title>` +
      `<defs>${this.hatchPattern("hatch", size)}${this.hatchPattern("hatch-fine", Math.max(4, size - 3))}</defs>` +
      `${this.parts.join("")}</svg>`
    );
  }
}
