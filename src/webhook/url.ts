const LONGEST_URL = 2048;

/**
 * What is wrong with a url to be called, in words; null: nothing. Where it leads is looked at at each call.
 */
export function webhookUrlProblem(url: string): string | null {
  if (url.length > LONGEST_URL) return `expected at most ${LONGEST_URL} characters, found ${url.length}`;
  // The parser takes them away or encodes them: what is written down would be another url, or none.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here.
  if (/[\u0000-\u0020\u007f]/.test(url)) return 'expected a url without spaces and control characters';
  if (!URL.canParse(url)) return 'expected an http or https url';
  const { protocol, username, password, hash } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') return `expected http or https, found ${protocol}`;
  if (username !== '' || password !== '') return 'expected a url without user name and password';
  return hash === '' ? null : 'expected a url without a fragment';
}
