import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { duration, moment, t } from '../../i18n/index.ts';
import { AppField } from '../../ui/app-field.tsx';
import { CodeTabs } from '../../ui/code-tabs.tsx';
import { Copied } from '../../ui/copy.tsx';
import { Form, Problem } from '../../ui/form.tsx';
import { Card, Choice, Field, Segments } from '../../ui/parts.tsx';
import { useLoad } from '../../use-load.ts';
import { useServiceUrl } from '../../use-service-url.ts';
import { SIGNING_LANGUAGES, signingCode } from './code.ts';
import { Findings } from './findings.tsx';
import type { Made } from './types.ts';

/** Seconds that a signature may be usable for. */
const LIVES = { '5m': 300, '1h': 3600, '1d': 86_400, '7d': 604_800, '90d': 7_776_000 } as const;
type Life = keyof typeof LIVES;

interface Pair {
  readonly secretId: string;
  readonly enabled: boolean;
  readonly expiresAt: string | null;
}

/** The pairs of an app that can be used now; none where there is no such app. */
function usePairs(appid: string): readonly Pair[] {
  const { value } = useLoad(`pairs ${appid}`, async (signal) => {
    if (!/^\d{1,15}$/.test(appid)) return [];
    const found = await call<{ readonly items: readonly Pair[] }>(`/apps/${appid}/secrets`, {
      signal,
    }).catch(() => ({ items: [] }));
    const now = Date.now();
    return found.items.filter(
      ({ enabled, expiresAt }) => enabled && (expiresAt === null || Date.parse(expiresAt) > now),
    );
  });
  return value ?? [];
}

/** Makes a signature with a pair of an app. */
export function MakeCard() {
  const [appid, setAppid] = useState('');
  const [secretId, setSecretId] = useState('');
  const [uses, setUses] = useState('many');
  const [life, setLife] = useState<Life>('1h');
  const [fileid, setFileid] = useState('');
  const [bucket, setBucket] = useState('');
  const [made, setMade] = useState<Made | null>(null);
  const pairs = usePairs(appid.trim());
  const isOnce = uses === 'once';
  const make = async () => {
    if (isOnce && fileid.trim() === '') throw new Problem(t('signature.fileidHint'));
    setMade(
      await call<Made>('/signature/make', {
        method: 'POST',
        json: {
          appid: appid.trim(),
          ...(pairs.some((pair) => pair.secretId === secretId) ? { secretId } : {}),
          ...(isOnce ? { once: true } : { seconds: LIVES[life] }),
          fileid: fileid.trim(),
          bucket: bucket.trim(),
        },
      }),
    );
  };
  return (
    <div class="column">
      <Card title={t('signature.make')}>
        <Form submit={t('signature.makeNow')} isOff={appid.trim() === ''} onSubmit={make}>
          <div class="fields">
            <AppField label={t('signature.app')} hint={t('signature.appHint')} value={appid} set={setAppid} />
            <Choice
              label={t('signature.pair')}
              value={secretId}
              options={[
                ['', t('signature.newest')],
                ...pairs.map((pair) => [pair.secretId, pair.secretId] as const),
              ]}
              onChoose={setSecretId}
            />
          </div>
          <Segments
            label={t('signature.uses')}
            value={uses}
            options={[
              ['many', t('signature.many')],
              ['once', t('signature.once')],
            ]}
            onChoose={setUses}
          />
          <div class="fields">
            {isOnce ? (
              <Field
                label={t('signature.fileid')}
                hint={t('signature.fileidHint')}
                value={fileid}
                maxLength={200}
                onInput={({ currentTarget }) => setFileid(currentTarget.value)}
              />
            ) : (
              <Choice
                label={t('signature.for')}
                value={life}
                options={(Object.keys(LIVES) as Life[]).map((one) => [one, t(`signature.${one}`)] as const)}
                onChoose={(value) => setLife(value as Life)}
              />
            )}
            <Field
              label={t('signature.bucket')}
              hint={t('signature.optional')}
              value={bucket}
              maxLength={200}
              onInput={({ currentTarget }) => setBucket(currentTarget.value)}
            />
          </div>
        </Form>
      </Card>
      <div aria-live="polite" class="column">
        {made !== null && <MadeOne made={made} />}
      </div>
    </div>
  );
}

function MadeOne({ made }: { readonly made: Made }) {
  const url = useServiceUrl();
  const wrong = made.findings.filter(({ severity }) => severity === 'error');
  const until = made.singleUse
    ? t('signature.madeOnce', { time: duration(made.usableSeconds) })
    : t('signature.made', { time: moment(new Date(made.expires * 1000).toISOString()) });
  return (
    <>
      <Card title={until}>
        {wrong.length > 0 && <Findings findings={wrong} />}
        <Copied label={t('signature.given')} text={made.signature} />
        <Copied label={t('signature.header')} text={`Authorization: ${made.signature}`} />
        <Copied label={t('signature.partOriginal')} text={made.original} />
      </Card>
      <CodeTabs
        title={t('signature.codeTitle')}
        lead={t('signature.codeLead')}
        languages={SIGNING_LANGUAGES}
        codeOf={(language) => signingCode(language, url, made)}
      />
    </>
  );
}
