import { useId } from 'preact/hooks';
import { t } from '../i18n/index.ts';

/** A file to choose. */
export function FileField(props: {
  /** What the button says. */
  readonly label: string;
  readonly hint: string;
  readonly accept?: string;
  readonly file: File | null;
  readonly onFile: (file: File | null) => void;
}) {
  const { label, hint, accept, file, onFile } = props;
  const id = useId();
  return (
    <div class="field">
      <div class="file-field">
        <input
          id={id}
          type="file"
          {...(accept === undefined ? {} : { accept })}
          aria-describedby={`${id}-hint`}
          onChange={({ currentTarget }) => onFile(currentTarget.files?.[0] ?? null)}
        />
        <label for={id} class="button">
          {label}
        </label>
        <span class={file === null ? 'dim' : ''}>{file === null ? t('form.noFile') : file.name}</span>
      </div>
      <p id={`${id}-hint`} class="hint">
        {hint}
      </p>
    </div>
  );
}
