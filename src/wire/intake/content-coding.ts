/**
 * The codings of the IANA registry that change the bytes of a body (RFC 9110 §16.6.1), with their old names.
 */
const CODINGS: ReadonlySet<string> = new Set([
  'aes128gcm',
  'br',
  'compress',
  'dcb',
  'dcz',
  'deflate',
  'exi',
  'gzip',
  'pack200-gzip',
  'x-compress',
  'x-gzip',
  'zstd',
]);

/** What a `Content-Encoding` header says was done to the body. */
export interface ContentCoding {
  /** The header as it may stand in a text, cut; null where nothing was done to the body. */
  readonly named: string | null;
  /**
   * Whether it names a coding that exists: some programs put a charset or `base64` there, and send the body
   * as it is.
   */
  readonly exists: boolean;
}

/**
 * Reads `Content-Encoding` (RFC 9110 §8.4). Bodies are not decoded here: pictures are compressed already, and
 * a decoder would be one more thing that a stranger's bytes could blow up.
 */
export function readContentCoding(header: string | undefined): ContentCoding {
  const names = (header ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
  if (names.length === 0) return { named: null, exists: false };
  return {
    named: JSON.stringify((header ?? '').slice(0, 100)),
    exists: names.some((name) => CODINGS.has(name)),
  };
}
