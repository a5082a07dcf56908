import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { named, t } from '../i18n/index.ts';
import { moves } from '../router.ts';

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

/** The way to another page whose heading took the focus last. */
let focusedAt = moves.peek();

/** The head of a page. It takes the focus after a way to this page from another one. */
export function PageHead(props: {
  readonly title: string;
  readonly lead?: string;
  readonly children?: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { value: move } = moves;
  useEffect(() => {
    document.title = `${props.title} · livestill`;
  }, [props.title]);
  useEffect(() => {
    if (focusedAt === move) return;
    focusedAt = move;
    heading.current?.focus({ preventScroll: true });
  }, [move]);
  return (
    <header class="page-head">
      <div>
        <h1 ref={heading} tabIndex={-1}>
          <bdi>{props.title}</bdi>
        </h1>
        {props.lead !== undefined && <p class="dim page-lead">{props.lead}</p>}
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

/** Codes of reasons, as the API has them. */
export const Codes = ({ codes }: { readonly codes: readonly string[] }) => (
  <span class="reason-codes">
    {codes.map((code) => (
      <code key={code}>{code}</code>
    ))}
  </span>
);

/** A labelled field; the hint stands below it. */
export function Field(
  props: JSX.IntrinsicElements['input'] & {
    readonly label: string;
    readonly value?: string;
    readonly hint?: string;
  },
) {
  const id = useId();
  const { label, hint, ...rest } = props;
  const described = hint === undefined ? {} : { 'aria-describedby': `${id}-hint` };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} {...described} {...rest} />
      {hint !== undefined && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
    </div>
  );
}

/** A labelled choice. */
export function Choice(props: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly hint?: string;
  readonly disabled?: boolean;
  readonly onChoose: (value: string) => void;
}) {
  const id = useId();
  const described = props.hint === undefined ? {} : { 'aria-describedby': `${id}-hint` };
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select
        id={id}
        {...described}
        value={props.value}
        disabled={props.disabled ?? false}
        onChange={({ currentTarget }) => props.onChoose(currentTarget.value)}
      >
        {props.options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      {props.hint !== undefined && (
        <p id={`${id}-hint`} class="hint">
          {props.hint}
        </p>
      )}
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

/** A name that somebody chose: of any length, in any script, in whatever direction it is written. */
export function Name({ children }: { readonly children: ComponentChildren }) {
  return <bdi class="name">{children}</bdi>;
}
