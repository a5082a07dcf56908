import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { t } from '../../i18n/index.ts';
import { go } from '../../router.ts';
import { Dialog, ShownOnce } from '../../ui/dialog.tsx';
import { Form } from '../../ui/form.tsx';
import { Field } from '../../ui/parts.tsx';
import { wordsOf } from '../../ui/words.ts';
import type { AppInFull, Pair } from './model.ts';

interface Made {
  readonly app: AppInFull;
  readonly secret: Pair;
}

/** Makes an app, and shows its first pair. */
export function NewApp({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('');
  const [appid, setAppid] = useState('');
  const [buckets, setBuckets] = useState('');
  const [secretId, setSecretId] = useState('');
  const [secretKey, setSecretKey] = useState('');
  const [made, setMade] = useState<Made | null>(null);
  const submit = async () => {
    const given = { name, appid, secretId, secretKey };
    const filled = Object.entries(given).filter(([, value]) => value.trim() !== '');
    const json = {
      ...Object.fromEntries(filled.map(([key, value]) => [key, value.trim()])),
      buckets: wordsOf(buckets),
    };
    setMade(await call<Made>('/apps', { method: 'POST', json }));
  };
  if (made !== null) {
    return (
      <PairShown
        title={t('apps.madeTitle', { name: made.app.name })}
        appid={made.app.appid}
        pair={made.secret}
        onClose={() => go(`/apps/${made.app.appid}`)}
      />
    );
  }
  return (
    <Dialog title={t('apps.new')} onClose={onClose}>
      <Form submit={t('apps.make')} onSubmit={submit} onCancel={onClose}>
        <Field
          label={t('apps.name')}
          value={name}
          hint={t('apps.nameHint')}
          maxLength={100}
          required
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
        <details>
          <summary>{t('apps.fromOld')}</summary>
          <div class="form inner">
            <p class="hint">{t('apps.fromOldHint')}</p>
            <Field
              label={t('apps.appid')}
              value={appid}
              inputMode="numeric"
              spellcheck={false}
              autocomplete="off"
              onInput={({ currentTarget }) => setAppid(currentTarget.value)}
            />
            <PairFields secretId={secretId} secretKey={secretKey} onId={setSecretId} onKey={setSecretKey} />
            <Field
              label={t('apps.buckets')}
              value={buckets}
              hint={t('apps.bucketsHint')}
              spellcheck={false}
              autocomplete="off"
              onInput={({ currentTarget }) => setBuckets(currentTarget.value)}
            />
          </div>
        </details>
      </Form>
    </Dialog>
  );
}

/** The fields for a pair that exists already. */
export function PairFields(props: {
  readonly secretId: string;
  readonly secretKey: string;
  readonly onId: (value: string) => void;
  readonly onKey: (value: string) => void;
}) {
  return (
    <>
      <Field
        label="SecretId"
        value={props.secretId}
        spellcheck={false}
        autocomplete="off"
        onInput={({ currentTarget }) => props.onId(currentTarget.value)}
      />
      <Field
        label="SecretKey"
        type="password"
        value={props.secretKey}
        autocomplete="off"
        onInput={({ currentTarget }) => props.onKey(currentTarget.value)}
      />
    </>
  );
}

/** A pair, this once. */
export function PairShown(props: {
  readonly title: string;
  readonly appid: string;
  readonly pair: Pair;
  readonly more?: string;
  readonly onClose: () => void;
}) {
  const { secretId, secretKey } = props.pair;
  return (
    <ShownOnce
      title={props.title}
      lead={t('keys.once')}
      values={[
        ['appid', props.appid],
        ['SecretId', secretId],
        ['SecretKey', secretKey],
      ]}
      onClose={props.onClose}
    >
      {props.more !== undefined && <p>{props.more}</p>}
    </ShownOnce>
  );
}
