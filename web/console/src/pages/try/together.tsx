import { useEffect, useState } from 'preact/hooks';
import { ApiError, call } from '../../api.ts';
import { number, t } from '../../i18n/index.ts';
import { hrefOf } from '../../router.ts';
import { Card, Facts, Verdict } from '../../ui/parts.tsx';
import { Failed, Loading } from '../../ui/states.tsx';
import { explained, NetworksCard, Outcome, QualityCard, ReasonsCard } from './answer.tsx';
import { Picture } from './picture.tsx';
import type { Together } from './types.ts';

/** Several stills of one moment, judged together, and each by itself. */
export function TogetherView({
  stills,
  query,
}: {
  readonly stills: readonly Blob[];
  readonly query: string;
}) {
  const [answer, setAnswer] = useState<Together | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    setAnswer(null);
    setError(null);
    const form = new FormData();
    for (const [index, still] of stills.entries()) form.append('images', still, `still-${index + 1}`);
    call<Together>(`/try${query}`, { method: 'POST', form, signal: controller.signal }).then(
      setAnswer,
      (caught: unknown) => {
        if (controller.signal.aborted) return;
        if (!(caught instanceof ApiError)) throw caught;
        setError(caught);
      },
    );
    return () => controller.abort();
  }, [stills, query, turn]);
  return (
    <>
      {error !== null && <Failed error={error} retry={() => setTurn(turn + 1)} />}
      {error === null && answer === null && <Loading />}
      {answer !== null && (
        <div class="try">
          <div class="column">
            <TogetherCard answer={answer} />
            <ReasonsCard trial={answer} />
          </div>
          <ConsistencyCard answer={answer} />
        </div>
      )}
      <ol class="stills">
        {stills.map((blob, index) => (
          <Still key={`${index}-${blob.size}`} index={index} blob={blob} answer={answer} />
        ))}
      </ol>
    </>
  );
}

function TogetherCard({ answer }: { readonly answer: Together }) {
  const { liveProbability, used, stills } = answer;
  return (
    <section class="card answer" aria-live="polite">
      <Outcome answer={answer} />
      <ul class="notes dim">
        {liveProbability !== null && <li>{t('try.probability', { p: number(liveProbability, 3) })}</li>}
        <li>
          {t('stills.used', { n: used.length, all: stills.length })} · {answer.profile}
        </li>
      </ul>
      <a href={hrefOf(`/decisions/${encodeURIComponent(answer.requestId)}`)}>{t('try.open')}</a>
    </section>
  );
}

function ConsistencyCard({ answer: { consistency } }: { readonly answer: Together }) {
  const { samePosition, sameSize, identical, bySharpness, planarMotion } = consistency;
  const yesNo = (value: boolean | null) =>
    t(value === null ? 'stills.unknown' : value ? 'stills.yes' : 'stills.no');
  const motion =
    planarMotion === null
      ? t('stills.unknown')
      : planarMotion.explained === null
        ? t('stills.motionless')
        : t('stills.motionText', {
            motion: number(planarMotion.motion, 2),
            explained: `${number(planarMotion.explained * 100, 1)} %`,
          });
  return (
    <Card title={t('stills.consistency')}>
      <Facts
        facts={[
          [t('stills.position'), yesNo(samePosition)],
          [t('stills.size'), yesNo(sameSize)],
          [
            t('stills.identical'),
            identical.length === 0
              ? t('stills.none')
              : identical
                  .map(([a = 0, b = 0]) => t('stills.pair', { a: number(a + 1), b: number(b + 1) }))
                  .join('; '),
          ],
          [
            t('stills.sharpest'),
            bySharpness.length === 0
              ? t('stills.unknown')
              : bySharpness.map((place) => number(place + 1)).join(' · '),
          ],
          [t('stills.motion'), motion],
        ]}
      />
    </Card>
  );
}

function Still(props: { readonly index: number; readonly blob: Blob; readonly answer: Together | null }) {
  const { index, blob, answer } = props;
  const trial = answer?.stills[index] ?? null;
  const n = index + 1;
  return (
    <li class="card still">
      <h2>{t('stills.still', { n })}</h2>
      <Picture blob={blob} trial={trial} label={t('stills.picture', { n })} />
      {trial !== null && (
        <>
          <p class="still-line">
            <Verdict verdict={trial.verdict} review={trial.review} />
            <span class="mono">{trial.rawScore ?? '–'}</span>
            {answer?.used.includes(index) === false && <span class="dim">{t('stills.notUsed')}</span>}
          </p>
          {trial.reasons.length > 0 && (
            <ul class="still-reasons">
              {explained(trial).map(({ code, text }) => (
                <li key={code}>{text}</li>
              ))}
            </ul>
          )}
          <details>
            <summary>{t('stills.details', { n })}</summary>
            <QualityCard trial={trial} />
            <NetworksCard trial={trial} />
          </details>
        </>
      )}
    </li>
  );
}
