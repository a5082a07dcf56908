import { BitReader } from './bits.ts';
import { type BlockReader, blockReader } from './blocks.ts';
import {
  type JpegFrame,
  type JpegScanHeader,
  type JpegTables,
  readFrame,
  readHuffman,
  readQuantizers,
  readScanHeader,
  typicalTables,
} from './frame.ts';

/** What is wrong with a JPEG's picture data. */
export interface JpegDamage {
  /** `truncated`: data is lacking. `corrupt`: it is there and cannot be right. */
  readonly reason: 'truncated' | 'corrupt';
  readonly detail: string;
}

/** What reading all codes of a JPEG found. */
export interface JpegData {
  /**
   * `unread`: codes of a kind that is not read here (arithmetic ones), or headers that contradict themselves,
   * which the decoder tells better.
   */
  readonly state: 'whole' | 'unread' | JpegDamage;
  /** Where the data of a whole picture ends whose end marker is lacking; null for all others. */
  readonly endsAt: number | null;
}

const [SOI, EOI, SOS, DHT, DQT, DRI, TEM] = [0xd8, 0xd9, 0xda, 0xc4, 0xdb, 0xdd, 0x01];
/** So many equal bytes in a row, read as blocks that hold more than so many bits of values: a hole. */
const EQUAL = 24;
const VALUE_BITS = 16;
const isRestart = (marker: number) => marker >= 0xd0 && marker <= 0xd7;
/** Frames of these kinds are read here: baseline, extended, progressive, all with Huffman codes. */
const FRAMES: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2]);
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![DHT, 0xc8, 0xcc].includes(marker);

/**
 * Bytes behind an interval's last block that are passed over, whatever they are, since some cameras and
 * senders leave a few; and those that are passed over where they could not be blocks.
 */
const STRAY_BYTES = 16;
const STRAY_BYTES_NO_BLOCKS = 64;
/** So many zeros in a row where codes cannot be read: a buffer that was never filled. */
const ZEROS = 16;
/**
 * The same where so many were read as codes and more stand behind the last block; encoders fill up the last
 * byte with ones.
 */
const ZEROS_READ = 4;

/**
 * Reads all Huffman codes of a JPEG (ITU-T T.81) and tells what its decoder only warns of, and what it does
 * not see: scans with less data than the frame has blocks, data left over where the codes slipped, intervals
 * lost, coefficients that no scan has brought. Takes what decoders take: fill bytes, stray bytes between
 * segments, a lacking end marker, lacking Huffman tables, odd scan headers. Never throws. Time grows with
 * bytes plus blocks times scans; check both first.
 */
export function readJpegData(bytes: Uint8Array): JpegData {
  const tables = { ...typicalTables(), equal: equalRuns(bytes) };
  let frame: JpegFrame | null = null;
  let complete: number | null = null;
  const end = (state: JpegData['state']): JpegData =>
    complete === null ? { state, endsAt: null } : { state: 'whole', endsAt: complete };
  for (let at = markerFrom(bytes, 2); at < bytes.length; at = markerFrom(bytes, at)) {
    const marker = bytes[at++];
    if (marker === EOI)
      return { state: frame === null ? 'unread' : (lackingScans(frame) ?? 'whole'), endsAt: null };
    if (marker === TEM || isRestart(marker) || marker === SOI) continue;
    const segment = segmentAt(bytes, at);
    if (segment === null) break;
    at += 2 + segment.length;
    if (!readTables(marker, segment, tables)) return end('unread');
    if (isFrame(marker)) {
      if (frame !== null || !FRAMES.has(marker)) return end('unread');
      frame = readFrame(segment, marker === 0xc2);
      if (frame === null) return end('unread');
    }
    if (marker !== SOS) continue;
    const header: JpegScanHeader | null = frame && readScanHeader(segment, frame, tables);
    if (frame === null || header === null) return end('unread');
    const scan = readScan(bytes, at, frame, header, tables);
    if (typeof scan !== 'number') return end(scan);
    at = scan;
    if (complete === null && lackingScans(frame) === null) complete = at;
  }
  return end(frame === null ? 'unread' : (lackingScans(frame) ?? 'whole'));
}

/** A place where equal bytes follow on each other, from and up to. */
interface Run {
  readonly from: number;
  readonly to: number;
}

/**
 * Rows of at least {@link EQUAL} equal bytes, found by looking at every twelfth first; thousands of them are
 * enough.
 */
function equalRuns(bytes: Uint8Array): Run[] {
  const runs: Run[] = [];
  const step = EQUAL / 2;
  for (let at = 0; at + step < bytes.length && runs.length < 4096; at += step) {
    const value = bytes[at];
    if (value === 0xff || bytes[at + 1] !== value || bytes[at + step - 1] !== value) continue;
    let from = at;
    let to = at;
    while (from > 0 && bytes[from - 1] === value) from--;
    while (bytes[to] === value) to++;
    if (to - from >= EQUAL) runs.push({ from, to });
    at = Math.max(at, to - (to % step) - step);
  }
  return runs;
}

/**
 * Reads blocks as `blocks` does; false where one lies within a run of equal bytes and is far from flat. Flat
 * ones may follow on each other in equal bytes, others hold more than one value.
 */
function throughRuns(reader: BitReader, blocks: BlockReader, runs: readonly Run[]) {
  let next = 0;
  return (part: number, block: number): boolean => {
    const began = reader.at - reader.bytesHeld;
    const bits = reader.valueBits;
    if (!blocks.block(part, block)) return false;
    while (next < runs.length && runs[next].to <= began) next++;
    const run = runs[next];
    const inside = run !== undefined && began > run.from && reader.at - reader.bytesHeld < run.to;
    return !inside || reader.valueBits - bits <= VALUE_BITS;
  };
}

/** Takes in what a segment sets for the scans behind it; false where it contradicts itself. */
function readTables(marker: number, segment: Uint8Array, tables: JpegTables): boolean {
  if (marker === DHT) return readHuffman(segment, tables);
  if (marker === DQT) readQuantizers(segment, tables);
  if (marker === DRI) tables.restartInterval = (segment[0] << 8) | segment[1];
  return true;
}

/** Where the byte behind the next 0xff stands that begins a marker; the file's length where there is none. */
function markerFrom(bytes: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0) return bytes.length;
    while (bytes[at] === 0xff) at++;
    if (bytes[at] !== 0) return at;
  }
}

/** The content of the segment whose length stands at `at`; null where the file ends before it does. */
function segmentAt(bytes: Uint8Array, at: number): Uint8Array | null {
  if (at + 2 > bytes.length) return null;
  const end = at + Math.max(2, (bytes[at] << 8) | bytes[at + 1]);
  return end > bytes.length ? null : bytes.subarray(at + 2, end);
}

/** Blocks of a scan, MCU by MCU: number of part and of block within its component. */
type Mcu = (mcu: number, read: (part: number, block: number) => boolean) => boolean;

/** The order of blocks (ITU-T T.81 §A.2): of one component alone row by row, of several interleaved. */
function orderOf(frame: JpegFrame, header: JpegScanHeader): { readonly mcus: number; readonly each: Mcu } {
  const { parts } = header;
  if (parts.length === 1) {
    const { blocksAcross, blocksDown, stride } = parts[0].component;
    return {
      mcus: blocksAcross * blocksDown,
      each: (mcu, read) => read(0, Math.floor(mcu / blocksAcross) * stride + (mcu % blocksAcross)),
    };
  }
  return {
    mcus: frame.mcusAcross * frame.mcusDown,
    each(mcu, read) {
      const row = Math.floor(mcu / frame.mcusAcross);
      const column = mcu % frame.mcusAcross;
      for (let p = 0; p < parts.length; p++) {
        const { h, v, stride } = parts[p].component;
        for (let y = 0; y < v; y++) {
          for (let x = 0; x < h; x++) {
            if (!read(p, (row * v + y) * stride + column * h + x)) return false;
          }
        }
      }
      return true;
    },
  };
}

function damage(reason: JpegDamage['reason'], detail: string): JpegDamage {
  return { reason, detail };
}

/** Reads one scan from `from` on; where it ends, or what is wrong with it. */
function readScan(
  bytes: Uint8Array,
  from: number,
  frame: JpegFrame,
  header: JpegScanHeader,
  { dcStep, restartInterval, equal: runs }: JpegTables & { readonly equal: readonly Run[] },
): number | JpegDamage {
  const reader = new BitReader(bytes, from);
  const blocks = blockReader(reader, frame, header, dcStep);
  const { mcus, each } = orderOf(frame, header);
  const interval = restartInterval || mcus;
  const read =
    runs.length > 0 && !frame.progressive
      ? throughRuns(reader, blocks, runs)
      : (part: number, block: number) => blocks.block(part, block);
  let began = from;
  for (let mcu = 0, restarts = 0; mcu < mcus; ) {
    const right = each(mcu, read);
    if (reader.short) return damage('truncated', `a scan ends after ${mcu} of ${mcus} units`);
    if (!right || reader.wrong) {
      const place = reader.at - reader.bytesHeld;
      const empty = zerosBefore(bytes, place, began) + zerosFrom(bytes, place) >= ZEROS;
      return damage(empty ? 'truncated' : 'corrupt', `unit ${mcu} of ${mcus} of a scan cannot be read`);
    }
    mcu++;
    if (mcu === mcus) markScan(header);
    if (mcu % interval !== 0 && mcu !== mcus) continue;
    // In progressive scans nearly any bytes could be further units.
    const more = () => !frame.progressive && each(mcu, read) && !reader.wrong;
    const left = leftOver(bytes, reader, began, mcu === mcus && lackingScans(frame) === null, more);
    if (left !== null) return left;
    if (mcu === mcus) break;
    const marker = markerFrom(bytes, reader.at);
    if (bytes[marker] !== 0xd0 + (restarts++ & 7)) {
      return damage('truncated', `the interval behind unit ${mcu} of ${mcus} is missing`);
    }
    reader.restart(marker + 1);
    began = marker + 1;
    blocks.restart();
  }
  return reader.at;
}

/** Whether a JPEG holds nothing but zeros before its end, as a buffer does that was never filled. */
export function jpegEndsInZeros(bytes: Uint8Array): boolean {
  const marked = bytes[bytes.length - 2] === 0xff && bytes[bytes.length - 1] === EOI;
  return zerosBefore(bytes, bytes.length - (marked ? 2 : 0), 0) >= ZEROS;
}

/** How many zeros stand in a row in front of `at`, down to `began`. */
function zerosBefore(bytes: Uint8Array, at: number, began: number): number {
  let first = at;
  while (first > began && bytes[first - 1] === 0) first--;
  return at - first;
}

/** How many zeros stand in a row from `at` on. */
function zerosFrom(bytes: Uint8Array, at: number): number {
  let end = at;
  while (bytes[end] === 0) end++;
  return end - at;
}

/**
 * Looks at what lies between the last code of an interval that began at `began` and the next marker. `more`
 * reads one unit more out of it.
 */
function leftOver(
  bytes: Uint8Array,
  reader: BitReader,
  began: number,
  complete: boolean,
  more: () => boolean,
): JpegDamage | null {
  const held = reader.bytesHeld;
  const last = reader.at - held;
  const marker = markerFrom(bytes, reader.at);
  let end = marker;
  while (end > reader.at && bytes[end - 1] === 0xff) end--;
  const gap = held + end - reader.at;
  if (gap === 0) return null;
  let zero = reader.holdsZeros;
  for (let at = reader.at; zero && at < end; at++) zero = bytes[at] === 0;
  if (zero) {
    const zeros = zerosBefore(bytes, last, began);
    const unfilled = gap >= 2 && last > began && zeros >= Math.min(ZEROS_READ, last - began);
    return unfilled ? damage('truncated', 'the data of a scan ends in zeros') : null;
  }
  // Behind a whole picture without an end marker lies what its maker put there.
  if (complete && bytes[marker] !== EOI) return null;
  if (gap <= STRAY_BYTES || (gap <= STRAY_BYTES_NO_BLOCKS && !isMore(reader, more))) return null;
  const empty = zerosBefore(bytes, end, reader.at) >= ZEROS;
  return damage(empty ? 'truncated' : 'corrupt', `${gap} bytes of a scan are left over`);
}

/** Whether what is left is nothing but further units: the codes slipped, or a piece is there twice. */
function isMore(reader: BitReader, more: () => boolean): boolean {
  while (more() && !reader.short) if (reader.atEnd) return true;
  return false;
}

function markScan({ parts, from, to, low }: JpegScanHeader): void {
  for (const { component } of parts) component.lowestBit.fill(low, from, to + 1);
}

/** The coefficients that no scan has brought down to their last bit. */
function lackingScans(frame: JpegFrame): JpegDamage | null {
  const lacking = frame.components.some((c) => c.lowestBit.some((bit) => bit !== 0));
  return lacking ? damage('truncated', 'the file ends before its last scan') : null;
}
