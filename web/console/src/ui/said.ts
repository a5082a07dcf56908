import type { ApiError } from '../api.ts';
import { language, named, number, t } from '../i18n/index.ts';

/** Codes whose detail names the very member that is wrong: it goes along. */
const WITH_DETAIL = /^(?:invalid_|body_|unsupported_|bad_|broken_|pictures_)/;

/** What went wrong, for the person who caused it, in the chosen language. */
export function said(error: ApiError): string {
  const { code, title, message, retryAfter } = error;
  if (code === 'unreachable') return t('error.unreachable');
  if (code === 'locked') return t('signIn.locked', { seconds: number(retryAfter ?? 60) });
  const text = named('problem', code);
  // Problems of the v1 API have their title in the chosen language; what is wrong stands in the detail.
  if (text === code) return language.value === 'zh' && title !== '' ? `${title}（${message}）` : message;
  if (!WITH_DETAIL.test(code)) return text;
  return language.value === 'zh' ? `${text}（${message}）` : `${text}: ${message}`;
}
