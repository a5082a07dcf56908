import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { named, number, t } from '../../i18n/index.ts';
import { may } from '../../session.ts';
import { Confirm } from '../../ui/dialog.tsx';
import { Card, Facts } from '../../ui/parts.tsx';
import { Failed, Loading } from '../../ui/states.tsx';
import { useLoad } from '../../use-load.ts';
import type { AppInFull, AppPolicy, ReviewLimits, Rules } from './model.ts';
import { type Effect, EffectText, PolicyEffect } from './policy-effect.tsx';
import { PolicyFields } from './policy-fields.tsx';
import { reviewText, serverReview } from './review-fields.tsx';
import { type AppPart, Meanwhile, useSaving } from './saving.tsx';

/** What a policy can name, and what counts by default. */
export interface Presets {
  readonly defaults: {
    readonly threshold: number;
    readonly capture: string;
    readonly profile: string;
    /** By profile; null: nothing is for review; absent: not known, the networks bring their own. */
    readonly reviewLimits: Readonly<Record<string, ReviewLimits | null>>;
    readonly rules: Rules;
  };
  readonly profiles: readonly string[];
  readonly capture: readonly {
    readonly name: string;
    readonly limits: Readonly<Record<string, number | null>>;
  }[];
  readonly rejectingReasons: readonly string[];
  readonly operatingPoints: readonly {
    readonly profile: string;
    readonly name: string;
    readonly threshold: number;
  }[];
}

/** What was changed and is not saved. */
export interface PolicyDraft extends Partial<AppPolicy> {
  readonly rules?: Partial<Rules>;
}

/** What the app decides for itself, what another policy would have done, and saving it. */
export function PolicyCard(part: AppPart) {
  const presets = useLoad('policy presets', (signal) => call<Presets>('/policy-presets', { signal }));
  return (
    <Card title={t('policy.title')} class="whole">
      {presets.value !== null ? (
        <Policy {...part} presets={presets.value} />
      ) : presets.error !== null ? (
        <Failed error={presets.error} retry={presets.reload} />
      ) : (
        <Loading />
      )}
    </Card>
  );
}

function Policy(props: AppPart & { readonly presets: Presets }) {
  const { app, presets } = props;
  const [draft, setDraft] = useState<PolicyDraft>({});
  const [effect, setEffect] = useState<Effect | null>(null);
  const [isAsking, setAsking] = useState(false);
  const saving = useSaving(props);
  if (!may('apps.write') || app.state === 'closed') return <PolicyFacts app={app} presets={presets} />;
  const changed = changedOf(draft, app);
  const isChanged = Object.keys(changed).length > 0;
  const discard = () => {
    setDraft({});
    setEffect(null);
  };
  return (
    <div class="form">
      <p class="dim">{t('policy.lead')}</p>
      <Meanwhile app={app} saving={saving} onDiscard={discard} />
      <PolicyFields app={app} presets={presets} draft={draft} onChange={setDraft} />
      {isChanged && <PolicyEffect appid={app.appid} change={changed} onEffect={setEffect} />}
      <div class="dialog-end">
        {isChanged && (
          <button type="button" class="button" onClick={discard}>
            {t('policy.discard')}
          </button>
        )}
        <button type="button" class="button main" disabled={!isChanged} onClick={() => setAsking(true)}>
          {t('policy.save')}
        </button>
      </div>
      {isAsking && (
        <Confirm
          title={t('policy.sure', { name: app.name })}
          effect={
            <>
              <EffectText effect={effect} isOtherProfile={changed.profile !== undefined} />
              <p class="dim">{t('policy.fromNow')}</p>
            </>
          }
          action={t('policy.save')}
          onConfirm={async () => {
            if (await saving.save(`/apps/${app.appid}/policy`, 'PUT', changed)) discard();
            setAsking(false);
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}

/** The members of a draft that differ from the app as it was read. */
function changedOf(draft: PolicyDraft, { policy, rules }: AppInFull): PolicyDraft {
  const differing = (wanted: object, known: object) =>
    Object.fromEntries(
      Object.entries(wanted).filter(
        ([name, value]) => JSON.stringify(value) !== JSON.stringify((known as Record<string, unknown>)[name]),
      ),
    );
  const { rules: wantedRules = {}, ...wanted } = draft;
  const ruled = differing(wantedRules, rules);
  return { ...differing(wanted, policy), ...(Object.keys(ruled).length === 0 ? {} : { rules: ruled }) };
}

/** The policy for those who may not change it. */
function PolicyFacts({ app, presets }: { readonly app: AppInFull; readonly presets: Presets }) {
  const { policy, rules } = app;
  const { defaults } = presets;
  const own = (value: string | number | null, standard: string) =>
    value === null ? t('policy.ofServer', { value: standard }) : String(value);
  const word = (group: string, value: string | null, standard: string) =>
    own(value === null ? null : named(group, value), named(group, standard));
  return (
    <Facts
      facts={[
        [t('policy.threshold'), own(policy.threshold, number(defaults.threshold, 2))],
        [t('policy.profile'), word('policy.profile', policy.profile, defaults.profile)],
        [t('policy.capture'), word('policy.capture', policy.capture, defaults.capture)],
        [
          t('policy.review'),
          policy.review === null ? serverReview(presets, policy) : reviewText(policy.review),
        ],
        [t('policy.severalFaces'), named('policy.severalFaces', rules.severalFaces)],
        [
          t('policy.minFaceWidth'),
          rules.minFaceWidth === null ? t('policy.none') : t('policy.pixels', { n: rules.minFaceWidth }),
        ],
        [t('policy.poorQuality'), named('policy.poorQuality', rules.poorQuality)],
        [
          t('policy.rejectOn'),
          rules.rejectOn === null ? t('policy.rejectAll') : rules.rejectOn.join(', ') || t('policy.none'),
        ],
      ]}
    />
  );
}
