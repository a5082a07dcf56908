import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { t } from '../../i18n/index.ts';
import { go } from '../../router.ts';
import { AppField } from '../../ui/app-field.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { FileField } from '../../ui/file-field.tsx';
import { Area, Form, Problem } from '../../ui/form.tsx';
import { Choice, Field, Segments } from '../../ui/parts.tsx';
import { say } from '../../ui/say.ts';
import type { Batch, Takes } from './types.ts';

const PRIORITIES = Array.from({ length: 19 }, (_, index) => String(9 - index));

/** Asks for a list of pictures, and submits it. */
export function SubmitDialog(props: { readonly takes: Takes | null; readonly onClose: () => void }) {
  const { takes, onClose } = props;
  const [appid, setAppid] = useState('');
  const [name, setName] = useState('');
  const [priority, setPriority] = useState('0');
  const [webhook, setWebhook] = useState('');
  const [source, setSource] = useState('file');
  const [lines, setLines] = useState('');
  const [file, setFile] = useState<File | null>(null);
  const submit = async () => {
    const chosen = source === 'file' ? file : null;
    const list =
      source === 'lines' && lines.trim() !== '' ? new Blob([lines], { type: 'text/plain' }) : chosen;
    if (list === null) throw new Problem(t('batches.submit.noList'));
    const query = new URLSearchParams({ app: appid.trim(), priority });
    if (name.trim() !== '') query.set('name', name.trim());
    if (webhook.trim() !== '') query.set('webhook', webhook.trim());
    if (chosen !== null) query.set('file', chosen.name.slice(-255));
    // As bytes: whatever type the browser takes the file for.
    const blob = new Blob([list], { type: 'application/octet-stream' });
    const made = await call<Batch>(`/batches?${query}`, { method: 'POST', blob });
    say(t('batches.submitted'));
    onClose();
    go(`/batches/${made.batchId}`);
  };
  return (
    <Dialog title={t('batches.submit.title')} isWide onClose={onClose}>
      <Form submit={t('batches.submit.now')} isOff={appid.trim() === ''} onSubmit={submit} onCancel={onClose}>
        <div class="fields">
          <AppField
            label={t('batches.submit.app')}
            hint={t('batches.submit.appHint')}
            value={appid}
            set={setAppid}
          />
          <Field
            label={t('batches.submit.name')}
            hint={t('batches.submit.nameHint')}
            value={name}
            maxLength={200}
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
          <Choice
            label={t('batches.submit.priority')}
            value={priority}
            options={PRIORITIES.map((one) => [one, one] as const)}
            onChoose={setPriority}
          />
        </div>
        <Segments
          label={t('batches.submit.source')}
          value={source}
          options={[
            ['file', t('batches.submit.file')],
            ['lines', t('batches.submit.lines')],
          ]}
          onChoose={setSource}
        />
        {source === 'file' ? (
          <FileField
            label={t('batches.submit.choose')}
            hint={t('batches.submit.fileHint')}
            file={file}
            onFile={setFile}
          />
        ) : (
          <Area
            label={t('batches.submit.list')}
            hint={t('batches.submit.linesHint')}
            rows={6}
            value={lines}
            onChange={setLines}
          />
        )}
        <p class="hint">{t(takes?.paths === true ? 'batches.submit.paths' : 'batches.submit.urlsOnly')}</p>
        {takes?.webhooks === true && (
          <Field
            label={t('batches.submit.webhook')}
            hint={t('batches.submit.webhookHint')}
            type="url"
            value={webhook}
            maxLength={2048}
            onInput={({ currentTarget }) => setWebhook(currentTarget.value)}
          />
        )}
      </Form>
    </Dialog>
  );
}
