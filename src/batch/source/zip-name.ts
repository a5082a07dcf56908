import { UsageError } from '../../faults.ts';
import { utf8Of } from '../../files/name.ts';

/**
 * Characters 128 to 255 of code page 437, which the format prescribes where nothing else is said
 * (APPNOTE.TXT, appendix D).
 */
const CP437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

const cp437 = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => (byte < 128 ? String.fromCharCode(byte) : CP437[byte - 128])).join('');

/**
 * A decoder that gives null for bytes which are no text in its encoding.
 * @throws {RangeError} for an encoding nobody knows
 */
function decoder(label: string): (bytes: Uint8Array) => string | null {
  const strict = new TextDecoder(label, { fatal: true });
  return (bytes) => {
    try {
      return strict.decode(bytes);
    } catch {
      return null;
    }
  };
}

/** Reads the bytes of a name. */
export type NameReader = (bytes: Uint8Array) => string;

/**
 * How names are read that say nothing of their encoding: as UTF-8 where they are valid, which those of macOS
 * are; else as GB18030 (Windows in China), else as code page 437.
 *
 * @param forced a label of WHATWG such as `shift_jis`, or `cp437`: tried first
 * @throws {UsageError} `encoding_unknown`
 */
export function nameReader(forced?: string): NameReader {
  const guesses = [utf8Of, decoder('gb18030')];
  if (forced === undefined || forced.toLowerCase() === 'cp437') {
    const tried = forced === undefined ? guesses : [];
    return (bytes) => first(tried, bytes) ?? cp437(bytes);
  }
  try {
    const tried = [decoder(forced), ...guesses];
    return (bytes) => first(tried, bytes) ?? cp437(bytes);
  } catch (cause) {
    const expected = 'expected an encoding such as utf-8, gb18030, big5, shift_jis, euc-kr, cp437';
    throw new UsageError('encoding_unknown', `${expected}, found ${forced}`, { cause });
  }
}

function first(tried: readonly ((bytes: Uint8Array) => string | null)[], bytes: Uint8Array): string | null {
  for (const read of tried) {
    const text = read(bytes);
    if (text !== null) return text;
  }
  return null;
}

/**
 * Why a name of an archive is refused: it leads out of the folder where it would be unpacked; null for a good
 * one.
 */
export function badName(name: string): string | null {
  if (name.includes('\0')) return 'it has a NUL character';
  if (/^(?:[a-z]:|\/)/i.test(name)) return 'it begins at the root';
  return name.split('/').includes('..') ? 'it leads out of the archive with ".."' : null;
}
