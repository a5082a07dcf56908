import { effect, signal } from '@preact/signals';
import { language } from './i18n/index.ts';
import { kept } from './kept.ts';

/** How the pages look: as the system wants it, or always light or dark. */
export type Theme = 'system' | 'light' | 'dark';

/** The chosen look, kept in this browser. */
export const theme = signal<Theme>(kept.read('theme', ['system', 'light', 'dark']) ?? 'system');

const prefersDark = matchMedia('(prefers-color-scheme: dark)');

/** Whether the pages are dark now. */
export const isDark = signal(prefersDark.matches);

/** Keeps the page's attributes in step with theme and language. */
export function startLook(): void {
  const follow = () => {
    isDark.value = theme.value === 'system' ? prefersDark.matches : theme.value === 'dark';
    document.documentElement.dataset.theme = isDark.value ? 'dark' : 'light';
    kept.write('theme', theme.value);
  };
  prefersDark.addEventListener('change', follow);
  effect(follow);
  effect(() => {
    document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
    kept.write('language', language.value);
  });
}
