import { useId } from 'preact/hooks';
import { call } from '../api.ts';
import { useLoad } from '../use-load.ts';

interface Apps {
  readonly items: readonly { readonly appid: string; readonly name: string }[];
}

/** A field for an appid, which offers the apps there are. */
export function AppField(props: {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly set: (appid: string) => void;
}) {
  const id = useId();
  const { value: apps } = useLoad('apps', (signal) => call<Apps>('/apps?limit=200', { signal }));
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        list={`${id}-apps`}
        value={props.value}
        maxLength={15}
        inputMode="numeric"
        autocomplete="off"
        spellcheck={false}
        {...(props.hint === undefined ? {} : { 'aria-describedby': `${id}-hint` })}
        onInput={({ currentTarget }) => props.set(currentTarget.value)}
      />
      <datalist id={`${id}-apps`}>
        {(apps?.items ?? []).map(({ appid, name }) => (
          <option key={appid} value={appid}>
            {name}
          </option>
        ))}
      </datalist>
      {props.hint !== undefined && (
        <p id={`${id}-hint`} class="hint">
          {props.hint}
        </p>
      )}
    </div>
  );
}
