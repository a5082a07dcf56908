import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { moment, number, t } from '../../i18n/index.ts';
import { Confirm } from '../../ui/dialog.tsx';
import { saveJson } from '../../ui/files.ts';
import { Form, Problem } from '../../ui/form.tsx';
import { Card, Choice, Field } from '../../ui/parts.tsx';

const KINDS = ['reference', 'requestId', 'pictureSha256'] as const;
type Kind = (typeof KINDS)[number];

interface Preview {
  readonly rows: number;
  /** What else is kept: results of batches, sessions, kept answers. */
  readonly beside: number;
  readonly newest: string | null;
  readonly notReached: readonly string[];
}

interface Proof {
  readonly rows: number;
  readonly at: string;
  readonly keptAnswers: number;
  readonly sessions: number;
  readonly batchRows: number;
  readonly notReached: readonly string[];
}

/** Takes the rows of a person out for good: what would go, a yes, and the proof. */
export function ErasureCard() {
  const [kind, setKind] = useState<Kind>('reference');
  const [value, setValue] = useState('');
  const [preview, setPreview] = useState<Preview | null>(null);
  const [proof, setProof] = useState<Proof | null>(null);
  const target = { [kind]: value.trim() };
  const look = async () => {
    setProof(null);
    if (value.trim() === '') throw new Problem(t('audit.eraseEmpty'));
    if (kind === 'pictureSha256' && !/^[0-9a-f]{64}$/i.test(value.trim()))
      throw new Problem(t('audit.eraseHash'));
    const found = await call<Preview>('/audit/erasure/preview', { method: 'POST', json: target });
    if (found.rows + found.beside === 0) throw new Problem(t('audit.eraseNone'));
    setPreview(found);
  };
  const erase = async (rows: number) => {
    setProof(await call<Proof>('/audit/erasure', { method: 'POST', json: { ...target, rows } }));
    setPreview(null);
    setValue('');
  };
  return (
    <Card title={t('audit.erase')}>
      <p class="dim">{t('audit.eraseLead')}</p>
      <Form submit={t('audit.eraseLook')} onSubmit={look}>
        <div class="fields">
          <Choice
            label={t('audit.eraseBy')}
            value={kind}
            options={KINDS.map((one) => [one, t(`audit.by.${one}`)] as const)}
            onChoose={(chosen) => setKind(chosen as Kind)}
          />
          <Field
            label={t(`audit.by.${kind}`)}
            value={value}
            spellcheck={false}
            autocomplete="off"
            onInput={({ currentTarget }) => setValue(currentTarget.value)}
          />
        </div>
      </Form>
      <div aria-live="polite">{proof !== null && <Erased proof={proof} />}</div>
      {preview !== null && (
        <Confirm
          title={t('audit.eraseTitle')}
          action={t('audit.eraseNow')}
          isDanger
          typed={String(preview.rows || preview.beside)}
          effect={<Effect preview={preview} />}
          onConfirm={() => erase(preview.rows)}
          onClose={() => setPreview(null)}
        />
      )}
    </Card>
  );
}

function Effect({ preview: { rows, beside, newest } }: { readonly preview: Preview }) {
  return (
    <>
      <p>{t('audit.eraseEffect', { n: number(rows), time: newest === null ? '–' : moment(newest) })}</p>
      {beside > 0 && <p>{t('audit.eraseBeside', { n: number(beside) })}</p>}
      <p class="hint">{t('audit.eraseCopies')}</p>
    </>
  );
}

function Erased({ proof }: { readonly proof: Proof }) {
  const { rows, keptAnswers, sessions, batchRows, notReached, at } = proof;
  const keep = () => saveJson(`livestill-erasure-${at.slice(0, 19).replaceAll(':', '')}.json`, proof);
  return (
    <div class="column after">
      <p class="banner flat good">
        {t('audit.erased', {
          n: number(rows),
          answers: number(keptAnswers),
          sessions: number(sessions),
          results: number(batchRows),
        })}
      </p>
      {notReached.length > 0 && (
        <div class="banner flat">
          <p>{t('audit.notReached')}</p>
          <ul>
            {notReached.map((path) => (
              <li key={path}>
                <code>{path}</code>
              </li>
            ))}
          </ul>
        </div>
      )}
      <p>
        <button type="button" class="button" onClick={keep}>
          {t('audit.proof')}
        </button>
      </p>
    </div>
  );
}
