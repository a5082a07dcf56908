import { useState } from 'preact/hooks';
import { type TextKey, t } from '../i18n/index.ts';
import { go } from '../router.ts';
import { Field } from './parts.tsx';
import { localTime } from './time.ts';

/** What a page searches for, by the names of its address. */
export type SearchFilter<N extends string> = Partial<Record<N, string>>;

/** What the address of a page asks for. */
export function filterOf<N extends string>(names: readonly N[], query: URLSearchParams): SearchFilter<N> {
  const entries = names.map((name) => [name, query.get(name)?.trim() ?? ''] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== '')) as SearchFilter<N>;
}

/** The form of a search: what is typed, and going to the address that asks for it. */
export function useSearch<N extends string>(path: string, names: readonly N[], filter: SearchFilter<N>) {
  const [draft, setDraft] = useState(filter);
  return {
    draft,
    set: (name: N, value: string) => setDraft({ ...draft, [name]: value }),
    submit: (event: Event) => {
      event.preventDefault();
      const typed = new URLSearchParams(draft as Record<string, string>);
      const query = new URLSearchParams(filterOf(names, typed) as Record<string, string>);
      go(query.size === 0 ? path : `${path}?${query}`);
    },
  };
}

/** A field of a search. */
export function SearchField(props: {
  readonly label: TextKey;
  readonly value: string | undefined;
  readonly onChange: (value: string) => void;
}) {
  return (
    <Field
      label={t(props.label)}
      value={props.value ?? ''}
      spellcheck={false}
      autocomplete="off"
      onInput={({ currentTarget }) => props.onChange(currentTarget.value)}
    />
  );
}

/** A moment to search from or to, as ISO 8601 in UTC. */
export function TimeField(props: {
  readonly label: TextKey;
  readonly value: string | undefined;
  readonly onChange: (value: string) => void;
}) {
  return (
    <Field
      label={t(props.label)}
      type="datetime-local"
      value={localTime(props.value)}
      onInput={({ currentTarget: { value } }) =>
        props.onChange(value === '' ? '' : new Date(value).toISOString())
      }
    />
  );
}
