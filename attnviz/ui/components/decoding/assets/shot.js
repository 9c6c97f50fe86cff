// One answer of the server as the drawing code reads it: the header's values, and arrays made when first asked for.

async function readShot(bytes, parsed) {
  const { header, start } = parsed;
  const packed = bytes.subarray(start);
  const body = header.body.compressed ? await inflate(packed) : packed.slice();
  return new Shot(header, body);
}

class Shot {
  constructor(header, body) {
    Object.assign(this, header);
    this.body = body;
    this.made = new Map();
  }

  // All numbers of an array, row by row.
  array(name) {
    if (!this.made.has(name)) {
      const { type, shape } = this.arrays[name];
      const count = shape.reduce((product, size) => product * size, 1);
      const at = this.body.byteOffset + this.blocks[name][0];
      const numbers =
        type === "float32"
          ? new Float32Array(this.body.buffer, at, count)
          : Float32Array.from(new Uint16Array(this.body.buffer, at, count), halfFloat);
      this.made.set(name, numbers);
    }
    return this.made.get(name);
  }

  // One row of a site's weights; head null is the mean of all heads.
  row(site, head, index) {
    const [heads, rows, width] = this.arrays[site].shape;
    const numbers = this.array(site);
    const of = (h) => numbers.subarray((h * rows + index) * width, (h * rows + index + 1) * width);
    if (head !== null) return of(Math.min(head, heads - 1));
    const mean = new Float32Array(width);
    for (let h = 0; h < heads; h++) of(h).forEach((w, k) => (mean[k] += w / heads));
    return mean;
  }

  kindOf(site) {
    return this.model.sites.find((one) => one.site === site)?.kind;
  }

  // What is open at first: the last cross-attention, else the last self-attention of the decoder.
  firstSite() {
    const of = (kind) => this.model.sites.filter((one) => one.kind === kind).map((one) => one.site);
    const sites = of("cross").length ? of("cross") : of("decoder_self");
    return sites[sites.length - 1];
  }
}

function halfFloat(code) {
  const sign = code & 0x8000 ? -1 : 1;
  const exponent = (code >> 10) & 31;
  const fraction = code & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -14 * (fraction / 1024);
}
