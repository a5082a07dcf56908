import { useEffect, useState } from 'preact/hooks';
import { ApiError, call } from '../../api.ts';
import { named, number, t } from '../../i18n/index.ts';
import { Segments } from '../../ui/parts.tsx';
import { said } from '../../ui/said.ts';
import { Loading } from '../../ui/states.tsx';
import { Table } from '../../ui/table.tsx';
import type { PolicyDraft } from './policy.tsx';

type Counts = Readonly<Record<'live' | 'attack' | 'poor_quality', number>>;

/** What size and pose are looked at for. */
interface Compared {
  readonly capture: string;
  readonly rules: { readonly minFaceWidth: number | null };
}

/** What a policy would have done to past pictures. */
export interface Effect {
  readonly from: string;
  readonly isWhole: boolean;
  readonly current: Compared;
  readonly proposed: Compared;
  readonly preview: {
    readonly rows: number;
    readonly scored: number;
    readonly unmeasured: number;
    readonly unscored: number;
    readonly current: Counts;
    readonly proposed: Counts;
    readonly newlyRefused: number;
    readonly newlyAccepted: number;
    readonly newlyRefusedBy: Readonly<Record<string, number>>;
    readonly review: { readonly current: number; readonly proposed: number };
    readonly newlyForReview: number;
    readonly noLongerForReview: number;
    readonly withoutProbability: number;
  };
}

const PERIODS = { '24h': 1, '7d': 7, '30d': 30 } as const;
type Period = keyof typeof PERIODS;
const DAY = 86_400_000;

/** Asks what a change of policy would have done, anew a moment after the last change of it. */
export function PolicyEffect(props: {
  readonly appid: string;
  readonly change: PolicyDraft;
  readonly onEffect: (effect: Effect | null) => void;
}) {
  const { appid, change, onEffect } = props;
  const [period, setPeriod] = useState<Period>('7d');
  const [effect, setEffect] = useState<Effect | null>(null);
  const [problem, setProblem] = useState('');
  const asked = JSON.stringify([change, period]);
  useEffect(() => {
    const controller = new AbortController();
    const ask = async () => {
      const from = new Date(Date.now() - PERIODS[period] * DAY).toISOString();
      const path = `/apps/${encodeURIComponent(appid)}/policy/preview`;
      const json = { ...change, from };
      try {
        const found = await call<Effect>(path, { method: 'POST', json, signal: controller.signal });
        if (controller.signal.aborted) return;
        setEffect(found);
        onEffect(found);
        setProblem('');
      } catch (error) {
        if (controller.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        setEffect(null);
        onEffect(null);
        setProblem(said(error));
      }
    };
    const timer = setTimeout(() => void ask(), 300);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [asked, appid]);
  return (
    <section class="policy-effect" aria-label={t('effect.title')}>
      <div class="card-head">
        <h3>{t('effect.title')}</h3>
        <Segments
          label={t('effect.period')}
          value={period}
          options={(Object.keys(PERIODS) as Period[]).map((one) => [one, t(`activity.${one}`)] as const)}
          onChoose={(value) => setPeriod(value as Period)}
        />
      </div>
      <div aria-live="polite">
        {problem !== '' && <p class="problem">{problem}</p>}
        {problem === '' && effect === null && <Loading />}
        {effect !== null && <EffectText effect={effect} isOtherProfile={change.profile !== undefined} />}
      </div>
      {effect !== null && effect.preview.scored > 0 && <EffectTable effect={effect} />}
    </section>
  );
}

const share = (count: number, all: number) => `${number((100 * count) / all, 1)} %`;

/** The effect in a few sentences with numbers. */
export function EffectText(props: {
  readonly effect: Effect | null;
  /** The profile changes too: nobody knows what it would have said of past pictures. */
  readonly isOtherProfile: boolean;
}) {
  const { effect, isOtherProfile } = props;
  if (effect === null) return <p>{t('effect.unknown')}</p>;
  const { scored, newlyRefused, newlyAccepted, newlyRefusedBy, unmeasured } = effect.preview;
  const { newlyForReview, noLongerForReview, withoutProbability } = effect.preview;
  if (scored === 0) return <p>{t('effect.none')}</p>;
  const by = Object.entries(newlyRefusedBy).sort(([, a], [, b]) => b - a);
  return (
    <>
      <p>
        {t('effect.refused', {
          all: number(scored),
          n: number(newlyRefused),
          share: share(newlyRefused, scored),
        })}{' '}
        {t('effect.accepted', { n: number(newlyAccepted), share: share(newlyAccepted, scored) })}{' '}
        {newlyForReview + noLongerForReview > 0 &&
          t('threshold.reviewText', { more: number(newlyForReview), fewer: number(noLongerForReview) })}
      </p>
      {by.length > 0 && (
        <p class="hint">
          {t('effect.by', { reasons: by.map(([code, n]) => `${code} ${number(n)}`).join(', ') })}
        </p>
      )}
      {isOtherProfile && <p class="hint">{t('policy.profileSet')}</p>}
      {!effect.isWhole && <p class="hint">{t('effect.newest', { n: number(effect.preview.rows) })}</p>}
      {withoutProbability > 0 && newlyForReview + noLongerForReview > 0 && (
        <p class="hint">{t('threshold.unknown', { n: number(withoutProbability) })}</p>
      )}
      {unmeasured > 0 && needsSizes(effect) && (
        <p class="hint">{t('effect.unmeasured', { n: number(unmeasured) })}</p>
      )}
    </>
  );
}

/** Without the sizes of a picture a threshold can be tried, other limits of size cannot. */
const needsSizes = ({ current, proposed }: Effect): boolean =>
  current.capture !== proposed.capture || current.rules.minFaceWidth !== proposed.rules.minFaceWidth;

function EffectTable({ effect }: { readonly effect: Effect }) {
  const { current, proposed, scored, review } = effect.preview;
  return (
    <Table
      label={t('effect.title')}
      head={[t('effect.verdict'), t('effect.now'), t('effect.then')]}
      numeric={[1, 2]}
    >
      {(['live', 'attack', 'poor_quality'] as const).map((verdict) => (
        <tr key={verdict}>
          <th scope="row">
            <span class={`badge ${verdict}`}>{named('verdict', verdict)}</span>
          </th>
          {[current, proposed].map((counts, index) => (
            <td key={index === 0 ? 'now' : 'then'} class="right mono">
              {number(counts[verdict])} <span class="nowrap">({share(counts[verdict], scored)})</span>
            </td>
          ))}
        </tr>
      ))}
      <tr>
        <th scope="row">{t('threshold.forReview')}</th>
        {(['current', 'proposed'] as const).map((policy) => (
          <td key={policy} class="right mono">
            {number(review[policy])} <span class="nowrap">({share(review[policy], scored)})</span>
          </td>
        ))}
      </tr>
    </Table>
  );
}
