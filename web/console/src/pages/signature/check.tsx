import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { duration, moment, number, t } from '../../i18n/index.ts';
import { Area, Form } from '../../ui/form.tsx';
import { Card, Facts, Field } from '../../ui/parts.tsx';
import { Findings } from './findings.tsx';
import type { Diagnosis } from './types.ts';

/** Takes a pasted signature apart. */
export function CheckCard() {
  const [given, setGiven] = useState('');
  const [appid, setAppid] = useState('');
  const [found, setFound] = useState<Diagnosis | null>(null);
  const check = async () => {
    const more = appid.trim() === '' ? {} : { appid: appid.trim() };
    setFound(
      await call<Diagnosis>('/signature/check', { method: 'POST', json: { signature: given, ...more } }),
    );
  };
  return (
    <div class="column">
      <Card title={t('signature.check')}>
        <Form submit={t('signature.checkNow')} isOff={given.trim() === ''} onSubmit={check}>
          <Area
            label={t('signature.given')}
            hint={t('signature.givenHint')}
            rows={5}
            value={given}
            onChange={setGiven}
          />
          <Field
            label={t('signature.appid')}
            hint={t('signature.appidHint')}
            value={appid}
            autocomplete="off"
            inputMode="numeric"
            maxLength={15}
            onInput={({ currentTarget }) => setAppid(currentTarget.value)}
          />
        </Form>
      </Card>
      <div aria-live="polite" class="column">
        {found !== null && <Found found={found} />}
      </div>
    </div>
  );
}

function Found({ found }: { readonly found: Diagnosis }) {
  const { accepted, verified, findings, signature } = found;
  const said = !accepted ? 'signature.refused' : verified ? 'signature.accepted' : 'signature.unverified';
  return (
    <>
      <p class={`banner flat ${accepted ? (verified ? 'good' : '') : 'bad'}`} data-testid="verdict">
        {t(said)}
      </p>
      {findings.length > 0 && (
        <Card title={t('signature.findings')}>
          <Findings findings={findings} />
        </Card>
      )}
      {signature !== null && <Parts signature={signature} secondsAhead={found.secondsAhead} />}
    </>
  );
}

function clockText(secondsAhead: number | null): string {
  if (secondsAhead === null || secondsAhead === 0) return t('signature.same');
  return secondsAhead > 0
    ? t('signature.ahead', { seconds: number(secondsAhead) })
    : t('signature.behind', { time: duration(-secondsAhead) });
}

function Parts(props: {
  readonly signature: NonNullable<Diagnosis['signature']>;
  readonly secondsAhead: number | null;
}) {
  const { signature: one } = props;
  const time = (iso: string | null) => (iso === null ? t('signature.noDate') : moment(iso));
  return (
    <Card title={t('signature.parts')}>
      <Facts
        facts={[
          [t('signature.partApp'), <span class="mono">{one.appid}</span>],
          [t('signature.partSecret'), <span class="mono">{one.secretId}</span>],
          [t('signature.partIssued'), time(one.issuedAt)],
          [t('signature.partClock'), clockText(props.secondsAhead)],
          [t('signature.partExpires'), one.singleUse ? t('signature.single') : time(one.expiresAt)],
          [t('signature.partBucket'), one.bucket ?? t('signature.none')],
          [t('signature.partFile'), one.fileid ?? t('signature.none')],
          [t('signature.partDigest'), <code>{one.digest}</code>],
          [t('signature.partOriginal'), <code>{one.original}</code>],
        ]}
      />
    </Card>
  );
}
