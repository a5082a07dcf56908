import { signal } from '@preact/signals';
import { kept } from '../kept.ts';
import { EN, type TextKey } from './en.ts';
import { ZH } from './zh.ts';

export type { TextKey };

/** The languages of the pages. */
export type Language = 'en' | 'zh';

const preferred = (): Language => (navigator.languages[0]?.toLowerCase().startsWith('zh') ? 'zh' : 'en');

/** The chosen language, kept in this browser. */
export const language = signal<Language>(kept.read('language', ['en', 'zh']) ?? preferred());

/** A text in the chosen language; `{name}` in it stands for the value of that name. */
export function t(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  const text = (language.value === 'zh' ? ZH : EN)[key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The text of a code that the service may know and this page not: the code itself then. */
export function named(prefix: string, code: string): string {
  const key = `${prefix}.${code}`;
  return Object.hasOwn(EN, key) ? t(key as TextKey) : code;
}

const locale = () => (language.value === 'zh' ? 'zh-CN' : 'en-GB');

/** A moment, to the second, in this browser's time zone. */
export function moment(iso: string): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'medium' }).format(
    new Date(iso),
  );
}

/** A moment to the minute without its year, for the ends of a chart. */
export function shortMoment(iso: string): string {
  const style = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' } as const;
  return new Intl.DateTimeFormat(locale(), style).format(new Date(iso));
}

/** A number with separators, at most `digits` behind the point. */
export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value);
}

/** A number with so many digits behind the point, for columns whose points stand below each other. */
export function fixed(value: number, digits: number): string {
  const style = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(locale(), style).format(value);
}

/** A time in its one or two largest units: `2 min 5 sec`. */
export function duration(seconds: number): string {
  const units = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
    [1, 'second'],
  ] as const;
  let rest = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [size, unit] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if ((count === 0 && parts.length === 0 && size > 1) || parts.length === 2) continue;
    if (count > 0 || parts.length === 0) {
      const style = { style: 'unit', unit, unitDisplay: 'short' } as const;
      parts.push(new Intl.NumberFormat(locale(), style).format(count));
    }
  }
  return parts.join(' ');
}
