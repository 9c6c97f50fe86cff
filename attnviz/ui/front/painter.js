// @ts-check
// Drawing primitives. The same drawing code runs on a CanvasPainter (screen, PNG) and on an SvgPainter (svg.js).

import { fontOf } from "./labels.js";

const hatches = new Map();

// A hatch tile at device resolution, so that its lines stay sharp.
function hatchTile(theme, size, ratio) {
  const key = `${theme.blocked}|${theme.blocked_fill}|${size}|${ratio}`;
  let tile = hatches.get(key);
  if (!tile) {
    const pixels = Math.max(2, Math.round(size * ratio));
    tile = document.createElement("canvas");
    tile.width = tile.height = pixels;
    const c = tile.getContext("2d");
    c.fillStyle = theme.blocked_fill;
    c.fillRect(0, 0, pixels, pixels);
    c.strokeStyle = theme.blocked;
    c.lineWidth = Math.max(1, (size > 5 ? 1.25 : 0.95) * ratio);
    c.beginPath();
    for (const shift of [-pixels, 0, pixels]) {
      c.moveTo(shift - 1, pixels + 1);
      c.lineTo(shift + pixels + 1, -1);
    }
    c.stroke();
    hatches.set(key, tile);
  }
  return tile;
}

export class CanvasPainter {
  constructor(context, theme, ratio) {
    this.c = context;
    this.theme = theme;
    this.ratio = ratio;
    this.patterns = new Map();
    this.until = Infinity; // performance.now() at which what takes long is left for another frame; then `late` is true
    this.late = false;
  }

  // A canvas cleared and scaled so that units are CSS pixels.
  static on(canvas, width, height, theme, ratio) {
    const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w;
      canvas.height = h;
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return new CanvasPainter(context, theme, ratio);
  }

  // The same canvas again, with what is on it.
  static again(canvas, theme, ratio) {
    return new CanvasPainter(canvas.getContext("2d"), theme, ratio);
  }

  clear(x, y, w, h) {
    this.c.clearRect(x, y, w, h);
  }

  rect(x, y, w, h, colour, alpha = 1) {
    this.c.globalAlpha = alpha;
    this.c.fillStyle = colour;
    this.c.fillRect(x, y, w, h);
    this.c.globalAlpha = 1;
  }

  pill(x, y, w, h, radius, colour, alpha = 1) {
    this.c.globalAlpha = alpha;
    this.c.fillStyle = colour;
    this.c.beginPath();
    this.c.roundRect(x, y, w, h, radius);
    this.c.fill();
    this.c.globalAlpha = 1;
  }

  // Many rectangles [x, y, w, h] of one colour.
  rects(boxes, colour) {
    this.c.fillStyle = colour;
    for (const [x, y, w, h] of boxes) this.c.fillRect(x, y, w, h);
  }

  frame(x, y, w, h, colour, width = 1, radius = 0) {
    this.c.strokeStyle = colour;
    this.c.lineWidth = width;
    this.c.beginPath();
    this.c.roundRect(x, y, w, h, radius);
    this.c.stroke();
  }

  line(x1, y1, x2, y2, colour, width = 1, alpha = 1, dash = /** @type {number[] | null} */ (null)) {
    const c = this.c;
    c.globalAlpha = alpha;
    c.strokeStyle = colour;
    c.lineWidth = width;
    c.lineCap = "round";
    if (dash) c.setLineDash(dash);
    c.beginPath();
    c.moveTo(x1, y1);
    c.lineTo(x2, y2);
    c.stroke();
    if (dash) c.setLineDash([]);
    c.globalAlpha = 1;
  }

  // align: left | center | right; angle in radians around (x, y); y is the middle of the line.
  text(text, x, y, { size, colour, weight, align = "left", angle = 0, alpha = 1 }) {
    const c = this.c;
    c.globalAlpha = alpha;
    c.fillStyle = colour;
    c.font = fontOf(this.theme, size, weight);
    c.textAlign = align;
    c.textBaseline = "middle";
    c.direction = "ltr";
    if (angle) {
      c.save();
      c.translate(x, y);
      c.rotate(angle);
      c.fillText(text, 0, 0);
      c.restore();
    } else c.fillText(text, x, y);
    c.globalAlpha = 1;
  }

  hatch(x, y, w, h, fine = false) {
    const size = fine ? Math.max(4, this.theme.hatchSize - 3) : this.theme.hatchSize;
    let pattern = this.patterns.get(size);
    if (!pattern) {
      pattern = this.c.createPattern(hatchTile(this.theme, size, this.ratio), "repeat");
      pattern.setTransform(new DOMMatrix().scale(1 / this.ratio));
      this.patterns.set(size, pattern);
    }
    this.c.fillStyle = pattern;
    this.c.fillRect(x, y, w, h);
  }

  // A raster stretched over a box; `part` is the piece of it that is shown, in its pixels.
  raster(raster, x, y, w, h, part) {
    const { left, top, columns, rows } = part || { left: 0, top: 0, columns: raster.columns, rows: raster.rows };
    this.c.imageSmoothingEnabled = false;
    this.c.drawImage(raster.canvas(), left, top, columns, rows, x, y, w, h);
  }

  clipped(x, y, w, h, draw) {
    this.c.save();
    this.c.beginPath();
    this.c.rect(x, y, w, h);
    this.c.clip();
    draw();
    this.c.restore();
  }

  inCircle(x, y, radius, draw) {
    this.c.save();
    this.c.beginPath();
    this.c.arc(x, y, radius, 0, 2 * Math.PI);
    this.c.clip();
    draw();
    this.c.restore();
  }
}

// The same painter with its origin elsewhere.
export function moved(painter, dx, dy, draw) {
  draw(
    new Proxy(painter, {
      get(target, name) {
        const value = target[name];
        if (typeof value !== "function") return value;
        if (name === "text") return (s, x, y, o) => target.text(s, x + dx, y + dy, o);
        if (name === "raster") return (r, x, y, ...rest) => target.raster(r, x + dx, y + dy, ...rest);
        if (name === "rects") return (boxes, colour) => target.rects(boxes.map(([x, y, w, h]) => [x + dx, y + dy, w, h]), colour);
        if (name === "line") return (a, b, c, d, ...rest) => target.line(a + dx, b + dy, c + dx, d + dy, ...rest);
        return (x, y, ...rest) => value.call(target, x + dx, y + dy, ...rest);
      },
    })
  );
}
