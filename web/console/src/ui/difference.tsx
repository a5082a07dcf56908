import { t } from '../i18n/index.ts';

/** A member that differs: its name with dots between the levels, and both values as JSON; null: none. */
export interface Difference {
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** The members in which two values differ, whatever they are made of. */
export function differencesOf(before: unknown, after: unknown): readonly Difference[] {
  const [old, now] = [flat(before), flat(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((name) => ({ name, before: old.get(name) ?? null, after: now.get(name) ?? null }))
    .filter((one) => one.before !== one.after);
}

function flat(value: unknown, prefix = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [name, member] of Object.entries(value))
      flat(member, prefix === '' ? name : `${prefix}.${name}`, into);
  } else if (value !== null && value !== undefined) into.set(prefix, textOf(value));
  return into;
}

const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.map(textOf).join(', ') : JSON.stringify(value);
};

/** So many are shown at once; the rest opens on demand. */
const SHOWN = 4;

/** What was, and what is: a line for each member that differs. */
export function Differences(props: {
  readonly differences: readonly Difference[];
  /** The whole of it is new, or gone: what each member was, or is now, says nothing. */
  readonly isNew?: boolean;
  readonly isGone?: boolean;
}) {
  const { differences, isNew = false, isGone = false } = props;
  // One more line takes no more room than saying that there is one.
  const shown = differences.length <= SHOWN + 1 ? differences : differences.slice(0, SHOWN);
  const rest = differences.slice(shown.length);
  const lines = (some: readonly Difference[]) => (
    <ul class="differences">
      {some.map((one) => (
        <li key={one.name}>
          <span class="dim">{one.name}</span>
          <Values difference={one} isNew={isNew} isGone={isGone} />
        </li>
      ))}
    </ul>
  );
  return (
    <>
      {lines(shown)}
      {rest.length > 0 && (
        <details class="more">
          <summary>{t('difference.more', { n: rest.length })}</summary>
          {lines(rest)}
        </details>
      )}
    </>
  );
}

function Values(props: {
  readonly difference: Difference;
  readonly isNew: boolean;
  readonly isGone: boolean;
}) {
  const { before, after } = props.difference;
  return (
    <span>
      {!props.isNew && (
        <del>
          <span class="unseen">{t('difference.before')} </span>
          {before === null || before === '' ? t('difference.none') : before}
        </del>
      )}
      {!props.isNew && !props.isGone && <span aria-hidden="true"> → </span>}
      {!props.isGone && (
        <ins>
          <span class="unseen">{t('difference.after')} </span>
          {after === null || after === '' ? t('difference.none') : after}
        </ins>
      )}
    </span>
  );
}
