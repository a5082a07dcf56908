/** Width and height of the blank picture, in pixels. */
const WIDTH = 96;
const HEIGHT = 128;

/**
 * A small grey picture (24-bit BMP, no compression) that any engine can decode and no detector takes for a
 * face: it makes the image library and the detectors allocate what they need before the first caller waits
 * for them.
 */
export function blankPicture(): Uint8Array {
  const header = 54;
  const bytes = Buffer.alloc(header + WIDTH * HEIGHT * 3, 128);
  bytes.fill(0, 0, header);
  bytes.write('BM', 'latin1');
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(header, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(WIDTH, 18);
  bytes.writeInt32LE(HEIGHT, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  bytes.writeUInt32LE(WIDTH * HEIGHT * 3, 34);
  return bytes;
}
