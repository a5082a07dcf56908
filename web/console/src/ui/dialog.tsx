import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { t } from '../i18n/index.ts';
import { Copied } from './copy.tsx';
import { Form } from './form.tsx';

/** Where the focus goes once no dialog is shown any more, and how many are. */
const focus: { origin: HTMLElement | null; dialogs: number } = { origin: null, dialogs: 0 };

/** One dialog may take the place of another: what opened the first one gets the focus back. */
function keepOrigin(): () => void {
  const { activeElement: active } = document;
  if (focus.dialogs++ === 0 && active instanceof HTMLElement && active !== document.body) {
    focus.origin = active;
  }
  return () => {
    focus.dialogs--;
    setTimeout(() => {
      if (focus.dialogs === 0 && focus.origin?.isConnected === true) focus.origin.focus();
    });
  };
}

/**
 * A dialog before the page: the keyboard stays in it, Esc closes it, and the focus goes back to where it came
 * from. Show it by rendering it; it is not shown any more once it is not rendered.
 */
export function Dialog(props: {
  readonly title: string;
  readonly isWide?: boolean;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const leave = keepOrigin();
    box.current?.showModal();
    return leave;
  }, []);
  return (
    <dialog
      ref={box}
      class={`dialog ${props.isWide === true ? 'wide' : ''}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      onClose={() => {
        // The browser closes a dialog on the second Esc, whatever the page says to it.
        props.onClose();
        setTimeout(() => {
          if (box.current?.isConnected === true && !box.current.open) box.current.showModal();
        });
      }}
    >
      <h2 id={id}>{props.title}</h2>
      {props.children}
    </dialog>
  );
}

/** Asks before something is done, and says what it will do. */
export function Confirm(props: {
  readonly title: string;
  /** What it does, in numbers where there are some. */
  readonly effect: ComponentChildren;
  /** What the button says: the deed, not "OK". */
  readonly action: string;
  readonly isDanger?: boolean;
  /** A text that must be typed first, for what cannot be undone. */
  readonly typed?: string;
  /** Fields that go with it. */
  readonly children?: ComponentChildren;
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
}) {
  const [given, setGiven] = useState('');
  const id = useId();
  const { typed } = props;
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <Form
        submit={props.action}
        isDanger={props.isDanger ?? false}
        isOff={typed !== undefined && given.trim() !== typed}
        onSubmit={props.onConfirm}
        onCancel={props.onClose}
      >
        <div class="effect">{props.effect}</div>
        {props.children}
        {typed !== undefined && (
          <div class="field">
            <label for={id}>{t('confirm.typed', { text: typed })}</label>
            <input
              id={id}
              value={given}
              autocomplete="off"
              spellcheck={false}
              onInput={({ currentTarget }) => setGiven(currentTarget.value)}
            />
          </div>
        )}
      </Form>
    </Dialog>
  );
}

/** Shows what is shown once: it stays until somebody says that it is kept. */
export function ShownOnce(props: {
  readonly title: string;
  readonly lead: string;
  readonly values: readonly (readonly [label: string, text: string])[];
  readonly children?: ComponentChildren;
  readonly onClose: () => void;
}) {
  const [isSure, setSure] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const close = () => (isSure ? props.onClose() : setAsking(true));
  return (
    <Dialog title={props.title} isWide onClose={close}>
      <p class="banner warn">{props.lead}</p>
      {props.values.map(([label, text]) => (
        <Copied key={label} label={label} text={text} onCopied={() => setSure(true)} />
      ))}
      {props.children}
      <div aria-live="polite">{isAsking && !isSure && <p class="problem">{t('once.sure')}</p>}</div>
      <div class="dialog-end">
        {isAsking && !isSure && (
          <button type="button" class="button" onClick={props.onClose}>
            {t('once.anyway')}
          </button>
        )}
        <button type="button" class="button main" onClick={close}>
          {t('once.kept')}
        </button>
      </div>
    </Dialog>
  );
}
