import type { Reason } from '../../liveness/types.ts';
import type { Language } from './language.ts';
import { chineseTexts, type ReasonTexts } from './reason-texts.zh.ts';

/**
 * Text and advice of a reason in the caller's language. English ones are the engine's own; a code without Chinese texts (a
 * model pack's) keeps its English ones. Where the app set its own minimum face width, that number stands in the text.
 */
export function textsOf(reason: Reason, language: Language, minFaceWidth: number | null): ReasonTexts {
  const { code, text, advice } = reason;
  if (code === 'FACE_TOO_SMALL' && minFaceWidth !== null) {
    return language === 'zh'
      ? { text: `人脸宽度不足 ${minFaceWidth} 像素。`, advice: chineseTexts.FACE_TOO_SMALL.advice }
      : { text: `The face is less than ${minFaceWidth} pixels wide.`, advice };
  }
  const chinese: Readonly<Partial<Record<string, ReasonTexts>>> = chineseTexts;
  return (
    (language === 'zh' && Object.hasOwn(chineseTexts, code) ? chinese[code] : undefined) ?? { text, advice }
  );
}
