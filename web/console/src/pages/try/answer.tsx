import type { ComponentChildren } from 'preact';
import { fixed, language, named, number, t } from '../../i18n/index.ts';
import { hrefOf } from '../../router.ts';
import type { Quality, Trial } from '../../types.ts';
import { Card, Facts, Verdict } from '../../ui/parts.tsx';
import { Rows } from '../../ui/table.tsx';

/** The verdict in words, and the score on its scale. */
export function AnswerCard({ trial }: { readonly trial: Trial }) {
  const { score, rawScore, liveProbability, reviewLimits } = trial;
  return (
    <section class="card answer" aria-live="polite">
      <Outcome answer={trial}>
        {score === null && rawScore !== null && ` · ${t('try.rawScore', { score: rawScore })}`}
      </Outcome>
      <ul class="notes dim">
        {liveProbability !== null && <li>{t('try.probability', { p: number(liveProbability, 3) })}</li>}
        {reviewLimits !== null && (
          <li>{t('try.band', { low: reviewLimits.low, high: reviewLimits.high })}</li>
        )}
        <li>
          {t('try.faces', { n: trial.faceCount })}
          {trial.rotation !== 0 && ` · ${t('try.turned', { n: trial.rotation })}`} ·{' '}
          {named('policy.profile', trial.profile)}
        </li>
      </ul>
      <a href={hrefOf(`/decisions/${encodeURIComponent(trial.requestId)}`)}>{t('try.open')}</a>
    </section>
  );
}

/** Verdict and score of one picture or of several; what more there is to say of the score stands in it. */
export function Outcome(props: {
  readonly answer: Pick<Trial, 'verdict' | 'review' | 'score' | 'rawScore' | 'threshold'>;
  readonly children?: ComponentChildren;
}) {
  const { verdict, review, score, rawScore, threshold } = props.answer;
  return (
    <>
      <Verdict verdict={verdict} review={review} />
      <p class="said">{named('try.said', verdict)}</p>
      {review && <p class="said-more">{t('try.said.review')}</p>}
      <div class="score-line">
        <span class="score" data-testid="score">
          {score ?? '–'}
        </span>
        <span class="dim">
          {t('try.above', { threshold })}
          {props.children}
        </span>
      </div>
      <Scale value={rawScore} threshold={threshold} verdict={verdict} />
    </>
  );
}

/** A score on its scale, with the threshold. */
function Scale(props: {
  readonly value: number | null;
  readonly threshold: number;
  readonly verdict: string;
}) {
  const { value, threshold, verdict } = props;
  return (
    <svg
      class="scale"
      viewBox="0 0 300 34"
      role="img"
      aria-label={`${t('try.score')} ${value ?? t('try.noScore')}, ${t('try.above', { threshold })}`}
    >
      <rect class="zone-low" x="0" y="10" width={threshold * 3} height="10" rx="2" />
      <rect class="zone-high" x={threshold * 3} y="10" width={300 - threshold * 3} height="10" rx="2" />
      <line class="limit" x1={threshold * 3} x2={threshold * 3} y1="6" y2="24" />
      <text x={Math.min(285, threshold * 3)} y="33" text-anchor="middle">
        {threshold}
      </text>
      {value !== null && (
        <circle class={`dot ${verdict}`} cx={Math.min(294, Math.max(6, value * 3))} cy="15" r="6" />
      )}
    </svg>
  );
}

const UNKNOWN = { text: '', advice: '' };

/** What has reasons, with what they say. */
type Explained = Pick<Trial, 'reasons' | 'reasonTexts'>;

/** The reasons with what they say in the language of the page. */
export function explained({ reasons, reasonTexts }: Explained) {
  const texts = reasonTexts[language.value];
  return reasons.map(({ code, severity }, at) => ({ code, severity, ...(texts[at] ?? UNKNOWN) }));
}

/** Why, and what helps. */
export function ReasonsCard({ trial }: { readonly trial: Explained }) {
  return (
    <Card title={t('try.reasons')}>
      {trial.reasons.length === 0 ? (
        <p class="dim">{t('try.noReasons')}</p>
      ) : (
        <ul class="reasons">
          {explained(trial).map(({ code, severity, text, advice }) => (
            <li key={code} class={severity}>
              <strong>{text}</strong>
              <span>{advice}</span>
              <code>{code}</code>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function rangeText(min: number | null, max: number | null): string {
  if (min !== null && max !== null) return `${number(min, 2)} – ${number(max, 2)}`;
  if (min !== null) return `≥ ${number(min, 2)}`;
  return max === null ? '–' : `≤ ${number(max, 2)}`;
}

function stateOf({ value, passed, advisedMin, advisedMax }: Quality): 'good' | 'warn' | 'bad' {
  if (!passed) return 'bad';
  const isAdvised =
    (advisedMin === null || value >= advisedMin) && (advisedMax === null || value <= advisedMax);
  return isAdvised ? 'good' : 'warn';
}

/** Each measured component beside its limits. */
export function QualityCard({ trial }: { readonly trial: Trial }) {
  if (trial.quality.length === 0) return null;
  return (
    <Card title={t('try.quality')}>
      <Rows
        label={t('try.quality')}
        rows={trial.quality}
        idOf={({ name }) => name}
        isCompact
        columns={[
          {
            name: t('try.component'),
            cell: ({ name }) => <span title={name}>{named('quality', name)}</span>,
          },
          {
            name: t('try.state'),
            cell: (one) => <span class={`mark ${stateOf(one)}`}>{t(`try.${stateOf(one)}`)}</span>,
            place: 'end',
          },
          {
            name: t('try.value'),
            cell: ({ value, unit }) => (
              <span class="mono">
                {number(value, 2)} <span class="dim">{named('unit', unit)}</span>
              </span>
            ),
            isNumeric: true,
            place: 'whole',
          },
          {
            name: t('try.limit'),
            cell: ({ min, max }) => <span class="mono nowrap">{rangeText(min, max)}</span>,
            isNumeric: true,
            place: 'named',
          },
          {
            name: t('try.advised'),
            cell: ({ advisedMin, advisedMax }) => (
              <span class="mono nowrap">{rangeText(advisedMin, advisedMax)}</span>
            ),
            isNumeric: true,
            place: 'named',
          },
        ]}
      />
    </Card>
  );
}

/** What each network made of each crop. */
export function NetworksCard({ trial }: { readonly trial: Trial }) {
  if (trial.networks.length === 0) return null;
  return (
    <Card title={t('try.networks')}>
      <Rows
        label={t('try.networks')}
        rows={trial.networks}
        idOf={({ model, crop, boxScale }) => `${model} ${crop} ${boxScale}`}
        isCompact
        columns={[
          { name: t('try.network'), cell: ({ model }) => model },
          {
            name: t('try.crop'),
            cell: ({ crop, boxScale }) => (
              <span class="nowrap">
                {crop} × {boxScale}
              </span>
            ),
            place: 'end',
          },
          {
            name: t('try.logit'),
            cell: ({ logit }) => <span class="mono">{fixed(logit, 2)}</span>,
            isNumeric: true,
            place: 'named',
          },
          {
            name: t('try.live'),
            cell: ({ liveProbability }) => <span class="mono">{fixed(liveProbability, 3)}</span>,
            isNumeric: true,
            place: 'named',
          },
        ]}
      />
    </Card>
  );
}

/** Milliseconds by step. */
export function TimingsCard({ trial }: { readonly trial: Trial }) {
  return (
    <Card title={t('try.timings')}>
      <Facts
        facts={Object.entries(trial.timings).map(
          ([step, ms]) =>
            [named('step', step), <span class="mono">{t('try.ms', { ms: number(ms, 1) })}</span>] as const,
        )}
      />
    </Card>
  );
}
