import { type ReasonCode, reason, withLimit } from '../../liveness/reasons.ts';
import type { Reason } from '../../liveness/types.ts';
import { severityOf } from '../../policy/policy.ts';
import type { Language } from './language.ts';
import { CHINESE_TEXTS, type ReasonTexts } from './reason-texts.zh.ts';

/**
 * Text and advice of a reason in the caller's language. English ones are the engine's own; a code without
 * Chinese texts (a model pack's) keeps its English ones.
 */
export function textsOf({ code, text, advice, limit }: Reason, language: Language): ReasonTexts {
  const chinese: Readonly<Partial<Record<string, ReasonTexts>>> = CHINESE_TEXTS;
  const own = language === 'zh' && Object.hasOwn(CHINESE_TEXTS, code) ? chinese[code] : undefined;
  if (own === undefined) return { text, advice };
  return limit === undefined ? own : { ...own, text: withLimit(own.text, limit) };
}

/**
 * Text and advice of a code as records keep it, without the limit of that time; null for one not known here.
 */
export function knownReasonTexts(code: string, language: Language): ReasonTexts | null {
  if (severityOf(code) === null) return null;
  // A record does not name the limit of its time.
  const { text, advice } = textsOf(reason(code as ReasonCode, Number.NaN), language);
  return { text: text.replace('NaN', '…'), advice };
}
