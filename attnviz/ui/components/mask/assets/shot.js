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
    const [rows, columns] = [header.rows.map(printable), header.columns.map(printable)];
    // What the drawing code calls a kind: labels and sizes of the rows (queries) and columns (keys).
    this.axes = {
      rows: rows.length, columns: columns.length, rowLabels: rows, columnLabels: columns, nextLabels: [],
      unknownRows: new Set(header.unknown_rows), unknownColumns: new Set(header.unknown_columns),
      isSelf: header.target.kind !== "cross",
    };
  }

  has(name) {
    return name in this.arrays;
  }

  // Bits become one byte a cell, half floats become floats; NaN and infinities stay what they are.
  array(name) {
    if (!this.made.has(name)) this.made.set(name, this.decoded(name));
    return this.made.get(name);
  }

  decoded(name) {
    const { type, shape } = this.arrays[name];
    const [offset, length] = this.blocks[name];
    const count = shape.reduce((product, size) => product * size, 1);
    const { buffer, byteOffset } = this.body;
    const at = byteOffset + offset;
    if (type === "float32") return new Float32Array(buffer, at, count);
    if (type === "float16") return Float32Array.from(new Uint16Array(buffer, at, count), halfFloat);
    if (type === "int8") return new Int8Array(buffer, at, count);
    return unpackedBits(this.body.subarray(offset, offset + length), count);
  }

  shape(name) {
    return this.arrays[name].shape;
  }
}

function unpackedBits(bytes, count) {
  const bits = new Uint8Array(count);
  for (let i = 0; i < count; i++) bits[i] = (bytes[i >> 3] >> (i & 7)) & 1;
  return bits;
}

function halfFloat(code) {
  const sign = code & 0x8000 ? -1 : 1;
  const exponent = (code >> 10) & 31;
  const fraction = code & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -14 * (fraction / 1024);
}
