import { useEffect, useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { moment, number, t } from '../../i18n/index.ts';
import { hrefOf } from '../../router.ts';
import { may } from '../../session.ts';
import { Copy } from '../../ui/copy.tsx';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { Form } from '../../ui/form.tsx';
import { Card, Facts, Field, PageHead } from '../../ui/parts.tsx';
import { Empty, Failed, Loading } from '../../ui/states.tsx';
import { wordsOf } from '../../ui/words.ts';
import { useLoad } from '../../use-load.ts';
import { ApiKeysCard } from './api-keys.tsx';
import { LimitsCard } from './limits.tsx';
import { AppState } from './list.tsx';
import { type AppInFull, calls } from './model.ts';
import { PairsCard } from './pairs.tsx';
import { PolicyCard } from './policy.tsx';
import { type AppPart, Meanwhile, useSaving } from './saving.tsx';

/** One app: what it is, may, decides, and its keys. */
export function AppPage({ appid }: { readonly appid: string }) {
  const loaded = useLoad(`app ${appid}`, (signal) =>
    call<AppInFull>(`/apps/${encodeURIComponent(appid)}`, { signal }),
  );
  // Read once: what was filled in is for the app as it was then, and a change says so.
  const [app, setApp] = useState<AppInFull | null>(null);
  useEffect(() => {
    if (loaded.value !== null) setApp((known) => known ?? loaded.value);
  }, [loaded.value]);
  const back = (
    <p class="back">
      <a href={hrefOf('/apps')}>← {t('apps.back')}</a>
    </p>
  );
  if (app === null) {
    return (
      <>
        {back}
        <PageHead title={t('apps.one', { appid })} />
        {loaded.error === null ? (
          <Loading />
        ) : loaded.error.code === 'app_unknown' ? (
          <Empty>{t('apps.unknown', { appid })}</Empty>
        ) : (
          <Failed error={loaded.error} retry={loaded.reload} />
        )}
      </>
    );
  }
  const part = { app, onChange: setApp };
  return (
    <>
      {back}
      <PageHead title={app.name}>
        <Deeds {...part} />
      </PageHead>
      <div class="columns">
        <AboutCard {...part} />
        <LimitsCard {...part} />
        <PolicyCard {...part} />
        {may('keys') && <PairsCard {...part} />}
        {may('keys') && <ApiKeysCard {...part} />}
      </div>
    </>
  );
}

function AboutCard({ app }: AppPart) {
  return (
    <Card title={t('apps.about')}>
      <Facts
        facts={[
          [
            t('apps.appid'),
            <span class="request-id" key="appid">
              <code>{app.appid}</code>
              <Copy text={app.appid} label={t('apps.appid')} />
            </span>,
          ],
          [t('apps.state'), <AppState key="state" state={app.state} />],
          [t('apps.lastHour'), calls(app.lastHour)],
          ...(app.usedToday == null ? [] : [[t('apps.today'), number(app.usedToday)] as const]),
          [t('apps.buckets'), app.buckets.length === 0 ? t('apps.anyBucket') : app.buckets.join(', ')],
          [t('apps.made'), moment(app.createdAt)],
        ]}
      />
      {may('activity') && (
        <p class="actions">
          <a href={hrefOf(`/activity?app=${app.appid}`)}>{t('apps.activity')}</a>
          {may('decisions') && <a href={hrefOf(`/decisions?app=${app.appid}`)}>{t('apps.decisions')}</a>}
        </p>
      )}
    </Card>
  );
}

type Deed = 'edit' | 'suspend' | 'resume' | 'close';

/** What can be done to the app as a whole. */
function Deeds(part: AppPart) {
  const { app } = part;
  const [deed, setDeed] = useState<Deed | null>(null);
  if (!may('apps.write') || app.state === 'closed') return null;
  const turn = app.state === 'active' ? 'suspend' : 'resume';
  const close = () => setDeed(null);
  return (
    <div class="actions head">
      <button type="button" class="button" onClick={() => setDeed('edit')}>
        {t('apps.edit')}
      </button>
      <button type="button" class="button" onClick={() => setDeed(turn)}>
        {t(`apps.${turn}`)}
      </button>
      <button type="button" class="button danger" onClick={() => setDeed('close')}>
        {t('apps.close')}
      </button>
      {deed === 'edit' && <Edit {...part} onClose={close} />}
      {deed !== null && deed !== 'edit' && <Turn {...part} deed={deed} onClose={close} />}
    </div>
  );
}

function Edit(props: AppPart & { readonly onClose: () => void }) {
  const { app, onClose } = props;
  const [name, setName] = useState<string | null>(null);
  const [buckets, setBuckets] = useState<string | null>(null);
  const saving = useSaving(props);
  const submit = async () => {
    const change = {
      ...(name === null ? {} : { name }),
      ...(buckets === null ? {} : { buckets: wordsOf(buckets) }),
    };
    if (await saving.save(`/apps/${app.appid}`, 'PATCH', change)) onClose();
  };
  return (
    <Dialog title={t('apps.edit')} onClose={onClose}>
      <Meanwhile
        app={app}
        saving={saving}
        onDiscard={() => {
          setName(null);
          setBuckets(null);
        }}
      />
      <Form
        submit={t('apps.save')}
        isOff={name === null && buckets === null}
        onSubmit={submit}
        onCancel={onClose}
      >
        <Field
          label={t('apps.name')}
          value={name ?? app.name}
          maxLength={100}
          required
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
        <Field
          label={t('apps.buckets')}
          value={buckets ?? app.buckets.join(' ')}
          hint={t('apps.bucketsHint')}
          spellcheck={false}
          autocomplete="off"
          onInput={({ currentTarget }) => setBuckets(currentTarget.value)}
        />
      </Form>
    </Dialog>
  );
}

const STATE = { suspend: 'suspended', resume: 'active', close: 'closed' } as const;

function Turn(props: AppPart & { readonly deed: Exclude<Deed, 'edit'>; readonly onClose: () => void }) {
  const { app, deed, onClose } = props;
  const saving = useSaving(props);
  const effect = (
    <>
      <Meanwhile app={app} saving={saving} onDiscard={onClose} />
      <p>{t(`apps.${deed}.effect`)}</p>
      {deed !== 'resume' && <p>{t('apps.usedBy', { calls: calls(app.lastHour) })}</p>}
    </>
  );
  return (
    <Confirm
      title={t(`apps.${deed}.title`, { name: app.name })}
      effect={effect}
      action={t(`apps.${deed}`)}
      isDanger={deed !== 'resume'}
      {...(deed === 'close' ? { typed: app.appid } : {})}
      onConfirm={async () => {
        if (await saving.save(`/apps/${app.appid}`, 'PATCH', { state: STATE[deed] })) onClose();
      }}
      onClose={onClose}
    />
  );
}
