import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';
import { named, t } from '../i18n/index.ts';

/** A titled area of a page. */
export function Card(props: {
  readonly title: string;
  readonly more?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly class?: string;
}) {
  const id = useId();
  return (
    <section class={`card ${props.class ?? ''}`} aria-labelledby={id}>
      <header class="card-head">
        <h2 id={id}>{props.title}</h2>
        {props.more}
      </header>
      {props.children}
    </section>
  );
}

/** The head of a page. */
export function PageHead(props: {
  readonly title: string;
  readonly lead?: string;
  readonly children?: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${props.title} · livestill`;
  }, [props.title]);
  return (
    <header class="page-head">
      <div>
        <h1 tabIndex={-1}>{props.title}</h1>
        {props.lead !== undefined && <p class="dim">{props.lead}</p>}
      </div>
      {props.children}
    </header>
  );
}

/** A verdict in words, with a colour and a sign of its own. */
export function Verdict({
  verdict,
  review,
}: {
  readonly verdict: string | null;
  readonly review?: boolean | null;
}) {
  const name = verdict ?? 'refused';
  return (
    <span class="verdicts">
      <span class={`badge ${name}`}>{named('verdict', name)}</span>
      {review === true && <span class="badge review">{t('verdict.review')}</span>}
    </span>
  );
}

/** A labelled field. */
export function Field(
  props: JSX.IntrinsicElements['input'] & { readonly label: string; readonly value?: string },
) {
  const id = useId();
  const { label, ...rest } = props;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} {...rest} />
    </div>
  );
}

/** A labelled choice. */
export function Choice(props: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly onChoose: (value: string) => void;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select
        id={id}
        value={props.value}
        onChange={({ currentTarget }) => props.onChoose(currentTarget.value)}
      >
        {props.options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

/** Several choices side by side, of which one holds. */
export function Segments(props: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly onChoose: (value: string) => void;
}) {
  const name = useId();
  return (
    <fieldset class="segments">
      <legend class="unseen">{props.label}</legend>
      {props.options.map(([value, text]) => (
        <label key={value} class={value === props.value ? 'on' : ''}>
          <input
            type="radio"
            name={name}
            checked={value === props.value}
            onChange={() => props.onChoose(value)}
          />
          {text}
        </label>
      ))}
    </fieldset>
  );
}

/** Copies a text. */
export function Copy({ text }: { readonly text: string }) {
  const [isDone, setDone] = useState(false);
  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(() => setDone(false), 2000);
    return () => clearTimeout(timer);
  }, [isDone]);
  const copy = () =>
    void navigator.clipboard.writeText(text).then(
      () => setDone(true),
      () => {},
    );
  return (
    <button type="button" class="button small" onClick={copy}>
      <span aria-live="polite">{isDone ? t('copy.done') : t('copy.copy')}</span>
    </button>
  );
}

/** Names and values, one below the other. */
export function Facts({
  facts,
}: {
  readonly facts: readonly (readonly [name: string, value: ComponentChildren])[];
}) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A table that scrolls by itself where the page is too narrow for it. */
export function Table(props: {
  readonly label: string;
  readonly head: readonly string[];
  readonly children: ComponentChildren;
  readonly numeric?: readonly number[];
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
    <div class="table-box" role="group" aria-label={props.label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {props.head.map((name, index) => (
              <th key={name} scope="col" class={props.numeric?.includes(index) === true ? 'right' : ''}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </div>
  );
}
