// @ts-check
// What the server packed (packing.py), as the drawing code reads it.

const ALIGNMENT = 8; // bytes, as in packing.py
const PIECE = 2 ** 15; // compressed bytes that are inflated in one go: some milliseconds of work

/** In pieces, so that the screen has its turn in between. @param {Uint8Array<ArrayBuffer>} bytes */
async function inflate(bytes) {
  const { readable, writable } = new DecompressionStream("deflate");
  const writer = writable.getWriter();
  const feed = async () => {
    for (let at = 0; at < bytes.length; at += PIECE) {
      if (at && !globalThis.document?.hidden) await new Promise((done) => setTimeout(done));
      await writer.write(bytes.subarray(at, at + PIECE));
    }
    await writer.close();
  };
  const [whole] = await Promise.all([new Response(readable).arrayBuffer(), feed()]);
  return new Uint8Array(whole);
}

/** The outline's text is the payload's identity: it holds a digest of the body. @param {Uint8Array<ArrayBuffer>} bytes */
export function readOutline(bytes) {
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  if (magic !== "AV02") throw new Error(`not a payload: ${magic}`);
  const length = head.getUint32(4, true);
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  return { text, outline: JSON.parse(text), start: 8 + length };
}

/** The header, what the blocks are called, and all bytes. @param {Uint8Array<ArrayBuffer>} bytes @param {{ outline: any, start: number }} parsed */
export async function readBody(bytes, { outline, start }) {
  const packed = bytes.subarray(start);
  const aligned = packed.byteOffset % ALIGNMENT === 0; // as arrays of numbers must be
  const body = outline.compressed ? await inflate(packed) : aligned ? packed : packed.slice();
  const header = JSON.parse(new TextDecoder().decode(body.subarray(0, outline.header)));
  return { header, blocks: outline.blocks, body };
}

// The header's values as properties, and its arrays, made when first asked for.
export class Payload {
  constructor({ header, blocks, body }) {
    Object.assign(this, header);
    /** @type {Record<string, { type: string, shape: number[] }>} */
    this.arrays = header.arrays;
    /** @type {Record<string, [number, number]>} offset and length in `bytes` */
    this.blocks = blocks;
    this.bytes = body;
    this.made = new Map();
  }

  static async read(bytes, parsed) {
    return new this(await readBody(bytes, parsed));
  }

  /** What travels as bytes: a file. @param {string} name */
  raw(name) {
    const [offset, length] = this.blocks[name];
    return this.bytes.slice(offset, offset + length);
  }

  /** @param {string} name */
  has(name) {
    return name in this.arrays;
  }

  /** @param {string} name */
  shape(name) {
    return this.arrays[name].shape;
  }

  /** Whether an array is, bit for bit, that of another payload. @param {string} name @param {Payload} other */
  same(name, other) {
    const [offset, length] = this.blocks[name];
    const [start, size] = other.blocks[name];
    if (length !== size || String(this.shape(name)) !== String(other.shape(name))) return false;
    for (let i = 0; i < length; i++) if (this.bytes[offset + i] !== other.bytes[start + i]) return false;
    return true;
  }

  /** All elements, row by row. Bits become one byte each, half floats become floats; NaN and infinities stay. @param {string} name */
  array(name) {
    if (!this.made.has(name)) this.made.set(name, this.decoded(name));
    return this.made.get(name);
  }

  /** Some elements of an array of numbers, from one on. @param {string} name @param {number} from @param {number} count */
  part(name, from, count) {
    if (this.made.has(name) || this.arrays[name].type === "bits") return this.array(name).subarray(from, from + count);
    const { buffer, byteOffset } = this.bytes;
    return numbers(this.arrays[name].type, buffer, byteOffset + this.blocks[name][0], from, count);
  }

  /** @param {string} name */
  decoded(name) {
    const { type, shape } = this.arrays[name];
    const [offset, length] = this.blocks[name];
    const count = shape.reduce((product, size) => product * size, 1);
    const { buffer, byteOffset } = this.bytes;
    if (type === "bits") return unpackedBits(this.bytes.subarray(offset, offset + length), count);
    return numbers(type, buffer, byteOffset + offset, 0, count);
  }
}

const KINDS = { float64: Float64Array, float32: Float32Array, float16: Uint16Array, int8: Int8Array };

/** @param {string} type @param {ArrayBuffer} buffer @param {number} start of the array in it @param {number} from @param {number} count */
function numbers(type, buffer, start, from, count) {
  const found = new KINDS[type](buffer, start + from * KINDS[type].BYTES_PER_ELEMENT, count);
  return type === "float16" ? fromHalves(/** @type {Uint16Array} */ (found)) : found;
}

/** @param {Uint8Array} bytes @param {number} count */
export function unpackedBits(bytes, count) {
  const bits = new Uint8Array(count);
  for (let i = 0; i < count; i++) bits[i] = (bytes[i >> 3] >> (i & 7)) & 1;
  return bits;
}

/** @type {Float32Array | null} */
let halves = null; // every code's number, made when the first is asked for

/** @param {Uint16Array} codes */
function fromHalves(codes) {
  const table = (halves ||= Float32Array.from({ length: 2 ** 16 }, (_, code) => halfFloat(code)));
  const numbers = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) numbers[i] = table[codes[i]];
  return numbers;
}

/** @param {number} code */
function halfFloat(code) {
  const sign = code & 0x8000 ? -1 : 1;
  const exponent = (code >> 10) & 31;
  const fraction = code & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -14 * (fraction / 1024);
}
