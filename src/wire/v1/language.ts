/** The languages that texts are written in. */
export type Language = 'en' | 'zh';

/** What `Content-Language` says of a language. */
export const CONTENT_LANGUAGE: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-CN' };

/**
 * Chooses the language of texts by `Accept-Language` (RFC 9110 §12.5.4): the supported language with the
 * highest weight, the first named where weights are equal. English where nothing fits, also for a header that
 * cannot be read.
 */
export function chooseLanguage(header: string | undefined): Language {
  let best: Language = 'en';
  let bestWeight = 0;
  for (const part of (header ?? '').slice(0, 1000).split(',')) {
    const [range = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const language = languageOf(range);
    const weight = weightOf(parameters);
    if (language !== null && weight > bestWeight) {
      best = language;
      bestWeight = weight;
    }
  }
  return best;
}

function languageOf(range: string): Language | null {
  const primary = range.split('-', 1)[0];
  if (primary === 'zh') return 'zh';
  return primary === 'en' || primary === '*' ? 'en' : null;
}

/** The `q` parameter, 0-1; 1 where there is none, 0 where it cannot be read. */
function weightOf(parameters: readonly string[]): number {
  const q = parameters.find((parameter) => parameter.startsWith('q='));
  if (q === undefined) return 1;
  return /^q=(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(q) ? Number(q.slice(2)) : 0;
}
