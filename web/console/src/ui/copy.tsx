import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../i18n/index.ts';

/**
 * Copies a text. Browsers offer their clipboard over TLS and on the own machine alone; elsewhere what is
 * selected is copied.
 * @param shown where the text stands, to be selected
 */
async function copyText(text: string, shown: HTMLElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (shown === null) return false;
    getSelection()?.selectAllChildren(shown);
    return document.execCommand('copy');
  }
}

/** A button that copies a text. */
export function Copy(props: {
  readonly text: string;
  /** What is copied, for those who do not see what the button stands beside. */
  readonly label?: string;
  readonly shown?: { readonly current: HTMLElement | null };
  readonly onCopied?: () => void;
}) {
  const [state, setState] = useState<'idle' | 'done' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () =>
    void copyText(props.text, props.shown?.current ?? null).then((isDone) => {
      setState(isDone ? 'done' : 'failed');
      if (isDone) props.onCopied?.();
    });
  const texts = { idle: t('copy.copy'), done: t('copy.done'), failed: t('copy.failed') };
  return (
    <button type="button" class="button small" onClick={copy}>
      <span aria-live="polite">{texts[state]}</span>
      {props.label !== undefined && <span class="unseen"> {props.label}</span>}
    </button>
  );
}

/** A named value to be copied: a key, a link. */
export function Copied(props: {
  readonly label: string;
  readonly text: string;
  readonly onCopied?: () => void;
}) {
  const shown = useRef<HTMLElement>(null);
  const more = props.onCopied === undefined ? {} : { onCopied: props.onCopied };
  return (
    <div class="copied">
      <span class="copied-label">{props.label}</span>
      <code ref={shown}>{props.text}</code>
      <Copy text={props.text} label={props.label} shown={shown} {...more} />
    </div>
  );
}
