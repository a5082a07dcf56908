import type { ComponentChildren } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api.ts';
import { t } from '../i18n/index.ts';
import { Problem } from './problem.ts';
import { said } from './said.ts';

export { Problem };

/** What a form does when it is sent, and how that stands. */
export interface Submit {
  /** What went wrong, in words; empty: nothing. */
  readonly problem: string;
  readonly isBusy: boolean;
  /** Does the work, once at a time: what is sent twice is done once. */
  run(work: () => Promise<void>): Promise<void>;
}

/** Runs what a form or button does, and keeps what went wrong with it. */
export function useSubmit(): Submit {
  // Put into words where it is shown: the language may change after it.
  const [problem, setProblem] = useState<Problem | ApiError | null>(null);
  const [isBusy, setBusy] = useState(false);
  const underWay = useRef(false);
  return {
    problem: problem instanceof ApiError ? said(problem) : (problem?.message ?? ''),
    isBusy,
    async run(work) {
      if (underWay.current) return;
      underWay.current = true;
      setBusy(true);
      setProblem(null);
      try {
        await work();
      } catch (error) {
        if (!(error instanceof Problem || error instanceof ApiError)) throw error;
        setProblem(error);
      } finally {
        underWay.current = false;
        setBusy(false);
      }
    },
  };
}

/** A form with its buttons: it says what went wrong, and is not sent twice. */
export function Form(props: {
  readonly submit: string;
  readonly isDanger?: boolean;
  /** Nothing can be sent yet. */
  readonly isOff?: boolean;
  /** @throws {Problem} what is wrong with what was filled in */
  readonly onSubmit: () => Promise<void>;
  readonly onCancel?: (() => void) | undefined;
  readonly class?: string;
  readonly children?: ComponentChildren;
}) {
  const { problem, isBusy, run } = useSubmit();
  const onSubmit = (event: Event) => {
    event.preventDefault();
    void run(props.onSubmit);
  };
  return (
    <form class={`form ${props.class ?? ''}`} onSubmit={onSubmit}>
      {props.children}
      <p class="problem" role="alert">
        {problem}
      </p>
      <div class="dialog-end">
        {props.onCancel !== undefined && (
          <button type="button" class="button" onClick={props.onCancel}>
            {t('form.cancel')}
          </button>
        )}
        <button
          type="submit"
          class={`button main ${props.isDanger === true ? 'danger' : ''}`}
          disabled={isBusy || props.isOff === true}
        >
          {isBusy ? t('form.busy') : props.submit}
        </button>
      </div>
    </form>
  );
}

/** A labelled field of several lines. */
export function Area(props: {
  readonly label: string;
  readonly value: string;
  readonly hint?: string;
  readonly rows?: number;
  readonly onChange: (value: string) => void;
}) {
  const id = useId();
  const described = props.hint === undefined ? {} : { 'aria-describedby': `${id}-hint` };
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <textarea
        id={id}
        {...described}
        rows={props.rows ?? 3}
        spellcheck={false}
        value={props.value}
        onInput={({ currentTarget }) => props.onChange(currentTarget.value)}
      />
      {props.hint !== undefined && (
        <p id={`${id}-hint`} class="hint">
          {props.hint}
        </p>
      )}
    </div>
  );
}

/** A box to tick. */
export function Check(props: {
  readonly label: ComponentChildren;
  readonly isOn: boolean;
  readonly disabled?: boolean;
  readonly onChange: (isOn: boolean) => void;
}) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={props.isOn}
        disabled={props.disabled ?? false}
        onChange={({ currentTarget }) => props.onChange(currentTarget.checked)}
      />
      <span>{props.label}</span>
    </label>
  );
}

/** Boxes to tick that belong together. */
export function Checks(props: {
  readonly label: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}) {
  const set = (value: string, isOn: boolean) =>
    props.onChange(
      props.options.map(([one]) => one).filter((one) => (one === value ? isOn : props.chosen.includes(one))),
    );
  return (
    <fieldset class="checks">
      <legend>{props.label}</legend>
      {props.options.map(([value, text]) => (
        <Check
          key={value}
          label={text}
          isOn={props.chosen.includes(value)}
          onChange={(isOn) => set(value, isOn)}
        />
      ))}
    </fieldset>
  );
}
