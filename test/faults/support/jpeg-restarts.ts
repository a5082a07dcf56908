import { BitReader, HuffmanReader } from '../../../src/picture/decode/jpeg/bits.ts';
import { readFrame, readScanHeader, typicalTables } from '../../../src/picture/decode/jpeg/frame.ts';

class BitWriter {
  readonly bytes: number[] = [];
  #bits = 0;
  #held = 0;

  put(value: number, length: number): void {
    for (let i = length - 1; i >= 0; i--) {
      this.#bits = (this.#bits << 1) | ((value >> i) & 1);
      if (++this.#held < 8) continue;
      this.bytes.push(this.#bits);
      if (this.#bits === 0xff) this.bytes.push(0);
      this.#bits = 0;
      this.#held = 0;
    }
  }

  /** Fills the last byte with ones, as T.81 §F.1.2.3 says. */
  end(): void {
    while (this.#held > 0) this.put(1, 1);
  }
}

/** Codes by symbol. */
function codesOf(table: { counts: Uint8Array; symbols: Uint8Array }): Map<number, readonly [number, number]> {
  const codes = new Map<number, readonly [number, number]>();
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 16; length++, code <<= 1) {
    for (let n = table.counts[length - 1]; n > 0; n--) codes.set(table.symbols[index++], [code++, length]);
  }
  return codes;
}

const signed = (bits: number, size: number) =>
  size > 0 && bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;

/**
 * A baseline JPEG of one scan with the tables of T.81 §K.3, as encoders write it that do not optimise, written anew with a restart
 * marker after every `interval` MCUs. The pixels are the same.
 */
export function withRestarts(jpeg: Buffer, interval: number): Buffer {
  const at = (marker: number) => jpeg.indexOf(Buffer.from([0xff, marker]));
  const content = (start: number) => jpeg.subarray(start + 4, start + 2 + jpeg.readUInt16BE(start + 2));
  const [sof, sos] = [at(0xc0), at(0xda)];
  const frame = readFrame(content(sof), false);
  const tables = typicalTables();
  const header = frame && readScanHeader(content(sos), frame, tables);
  if (frame === null || header === null) throw new Error('no baseline JPEG');
  const writers = [0, 1].map((slot) => ({
    dc: { reader: new HuffmanReader(tables.dc[slot]!), codes: codesOf(tables.dc[slot]!) },
    ac: { reader: new HuffmanReader(tables.ac[slot]!), codes: codesOf(tables.ac[slot]!) },
  }));
  const reader = new BitReader(jpeg, sos + 4 + content(sos).length);
  const scan: number[] = [];
  let out = new BitWriter();
  const before = header.parts.map(() => 0);
  const written = header.parts.map(() => 0);
  const block = (part: number) => {
    const { dc, ac } = writers[part === 0 ? 0 : 1]!;
    const size = reader.symbol(dc.reader);
    before[part]! += signed(reader.take(size), size);
    const difference = before[part]! - written[part]!;
    written[part] = before[part]!;
    const width = difference === 0 ? 0 : 32 - Math.clz32(Math.abs(difference));
    out.put(...dc.codes.get(width)!);
    out.put(difference < 0 ? difference + (1 << width) - 1 : difference, width);
    for (let k = 1; k < 64; k++) {
      const symbol = reader.symbol(ac.reader);
      out.put(...ac.codes.get(symbol)!);
      out.put(reader.take(symbol & 15), symbol & 15);
      if (symbol === 0) break;
      k += symbol >> 4;
    }
  };
  const mcus = frame.mcusAcross * frame.mcusDown;
  for (let mcu = 0; mcu < mcus; mcu++) {
    if (mcu > 0 && mcu % interval === 0) {
      out.end();
      scan.push(...out.bytes, 0xff, 0xd0 + ((mcu / interval - 1) & 7));
      out = new BitWriter();
      written.fill(0);
    }
    for (const [part, { component }] of header.parts.entries()) {
      for (let n = component.h * component.v; n > 0; n--) block(part);
    }
  }
  out.end();
  const restarts = Buffer.from([0xff, 0xdd, 0, 4, interval >> 8, interval & 255]);
  return Buffer.concat([
    jpeg.subarray(0, sos),
    restarts,
    jpeg.subarray(sos, sos + 4 + content(sos).length),
    Buffer.from(scan),
    Buffer.from(out.bytes),
    Buffer.from([0xff, 0xd9]),
  ]);
}
