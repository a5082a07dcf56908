import { moment, named, t } from '../i18n/index.ts';

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

/** What a member is called; the settings of the service have the names that they are set by. */
function memberText(name: string): string {
  if (name.startsWith('config.')) return t('member.setting', { name: name.slice('config.'.length) });
  return named('member', name);
}

/** Members with values that are words of their own. */
const WORDS: Readonly<Record<string, string>> = {
  role: 'role',
  state: 'apps.state',
  'policy.profile': 'policy.profile',
  'policy.capture': 'policy.capture',
  severalFaces: 'policy.severalFaces',
  poorQuality: 'policy.poorQuality',
  mark: 'review.mark',
};

function valueText(name: string, value: string | null): string {
  if (value === null || value === '') return t('difference.none');
  if (value === 'true' || value === 'false') return t(value === 'true' ? 'member.yes' : 'member.no');
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return moment(value);
  const group = WORDS[name];
  return group === undefined ? value : named(group, value);
}

/** So many are shown at once; the rest opens on demand. */
const SHOWN = 4;

/** Of the settings of the service none: all of them differ from none at its first start. */
const shownOf = (differences: readonly Difference[]) => {
  if (differences.length <= SHOWN + 1) return differences;
  const first = differences.filter(({ name }) => !name.startsWith('config.')).slice(0, SHOWN);
  return first.length === 0 ? differences.slice(0, SHOWN) : first;
};

/** What was, and what is: a line for each member that differs. */
export function Differences(props: {
  readonly differences: readonly Difference[];
  /** The whole of it is new, or gone: what each member was, or is now, says nothing. */
  readonly isNew?: boolean;
  readonly isGone?: boolean;
}) {
  const { differences, isNew = false, isGone = false } = props;
  // One more line takes no more room than saying that there is one.
  const shown = shownOf(differences);
  const rest = differences.filter((one) => !shown.includes(one));
  const lines = (some: readonly Difference[]) => (
    <ul class="differences">
      {some.map((one) => (
        <li key={one.name}>
          <span class="dim">{memberText(one.name)}</span>
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
  const { name, before, after } = props.difference;
  return (
    <span>
      {!props.isNew && (
        <del>
          <span class="unseen">{t('difference.before')} </span>
          <bdi>{valueText(name, before)}</bdi>
        </del>
      )}
      {!props.isNew && !props.isGone && <span aria-hidden="true"> → </span>}
      {!props.isGone && (
        <ins>
          <span class="unseen">{t('difference.after')} </span>
          <bdi>{valueText(name, after)}</bdi>
        </ins>
      )}
    </span>
  );
}
