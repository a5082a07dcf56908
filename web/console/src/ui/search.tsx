import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { type TextKey, t } from '../i18n/index.ts';
import { go, hrefOf } from '../router.ts';
import { Icon } from './icons.tsx';
import { Field } from './parts.tsx';

export { TimeField } from './time-field.tsx';

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
  useEffect(() => setDraft(filter), [JSON.stringify(filter)]);
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

/** The card of a search: its fields, and its buttons. Where the page is narrow it opens on demand. */
export function SearchCard(props: {
  /** How many fields narrow the list now. */
  readonly count: number;
  readonly onSubmit: (event: Event) => void;
  /** The address of the page without a search. */
  readonly clear: string;
  /** What stands beside the buttons. */
  readonly beside?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  const [isOpen, setOpen] = useState(false);
  const toggle = useRef<HTMLButtonElement>(null);
  const id = useId();
  const submit = (event: Event) => {
    props.onSubmit(event);
    // Where it opened on demand it makes room for what was found, and the focus stays on it.
    if (isOpen) toggle.current?.focus();
    setOpen(false);
  };
  return (
    <search>
      <form class={`card search ${isOpen ? 'open' : ''}`} onSubmit={submit}>
        <button
          ref={toggle}
          type="button"
          class="search-toggle"
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name="search" />
          {t('search.search')}
          {props.count > 0 && <span class="badge review">{t('search.count', { n: props.count })}</span>}
        </button>
        <div id={id} class="search-body">
          <div class="fields">{props.children}</div>
          <div class="actions">
            {props.beside}
            <span class="grow" />
            <a class="button" href={hrefOf(props.clear)}>
              {t('search.clear')}
            </a>
            <button type="submit" class="button main">
              {t('search.search')}
            </button>
          </div>
        </div>
      </form>
    </search>
  );
}
