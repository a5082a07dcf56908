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

/** What was, and what is: a line for each member that differs. */
export function Differences(props: {
  readonly differences: readonly Difference[];
  /** The name of a member in words. */
  readonly nameOf?: (name: string) => string;
}) {
  return (
    <ul class="differences">
      {props.differences.map(({ name, before, after }) => (
        <li key={name}>
          <span class="dim">{props.nameOf?.(name) ?? name}</span>
          <span>
            {before !== null && (
              <del>
                <span class="unseen">{t('difference.before')} </span>
                {before === '' ? '–' : before}
              </del>
            )}
            {before !== null && <span aria-hidden="true"> → </span>}
            <ins>
              <span class="unseen">{t('difference.after')} </span>
              {after === null || after === '' ? t('difference.none') : after}
            </ins>
          </span>
        </li>
      ))}
    </ul>
  );
}
