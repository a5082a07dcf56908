import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { type TextKey, t } from '../i18n/index.ts';
import { Icon } from './icons.tsx';
import { localTime, pickerTime, TIME_FORMAT, typedTime } from './time.ts';

/**
 * A moment, as ISO 8601 in UTC; empty: none. It is typed and shown as `YYYY-MM-DD HH:mm` whatever the browser's
 * language is, or chosen in the browser's own calendar. A text that is no moment keeps its form from being sent,
 * and is not handed on.
 */
export function TimeField(props: {
  readonly label: TextKey;
  readonly value: string | undefined;
  readonly onChange: (value: string) => void;
}) {
  const { label, value = '', onChange } = props;
  const id = useId();
  const [text, setText] = useState(localTime(value));
  const [isWrong, setWrong] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  // What is set from outside is shown; what was typed here stays as it was typed.
  useEffect(() => {
    if ((typedTime(text) ?? '') !== value) setText(localTime(value));
  }, [value]);
  const type = (typed: string) => {
    setText(typed);
    const iso = typed.trim() === '' ? '' : typedTime(typed);
    field.current?.setCustomValidity(iso === null ? t('time.wrong', { format: TIME_FORMAT }) : '');
    if (iso === null) return;
    setWrong(false);
    if (iso !== value) onChange(iso);
  };
  const leave = () => {
    const iso = typedTime(text);
    setWrong(iso === null && text.trim() !== '');
    if (iso !== null) setText(localTime(iso));
  };
  return (
    <div class="field">
      <label for={id}>{t(label)}</label>
      <div class="time-field">
        <input
          ref={field}
          id={id}
          value={text}
          placeholder={TIME_FORMAT}
          maxLength={30}
          autocomplete="off"
          spellcheck={false}
          aria-invalid={isWrong}
          aria-describedby={`${id}-hint`}
          onInput={({ currentTarget }) => type(currentTarget.value)}
          onBlur={leave}
          onInvalid={() => setWrong(true)}
        />
        <input
          ref={picker}
          class="time-picker"
          type="datetime-local"
          tabIndex={-1}
          aria-hidden="true"
          value={pickerTime(value)}
          onInput={({ currentTarget }) => type(currentTarget.value.replace('T', ' '))}
        />
        <button
          type="button"
          class="icon-button"
          title={t('time.choose')}
          aria-label={`${t(label)}: ${t('time.choose')}`}
          onClick={() => picker.current?.showPicker?.()}
        >
          <Icon name="calendar" />
        </button>
      </div>
      <p id={`${id}-hint`} class={isWrong ? 'problem' : 'unseen'}>
        {t(isWrong ? 'time.wrong' : 'time.hint', { format: TIME_FORMAT })}
      </p>
    </div>
  );
}
