import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, call } from '../api.ts';
import { t } from '../i18n/index.ts';
import type { Trial } from '../types.ts';
import { Card, Choice, Field, PageHead } from '../ui/parts.tsx';
import { Failed, Loading } from '../ui/states.tsx';
import { AnswerCard, NetworksCard, QualityCard, ReasonsCard, TimingsCard } from './try/answer.tsx';
import { ChangeCard } from './try/change.tsx';
import { CodeCard } from './try/code-card.tsx';
import { PictureInput } from './try/input.tsx';
import { Picture } from './try/picture.tsx';
import { TogetherView } from './try/together.tsx';

/** What was judged: as it came, and as it is shown now. */
interface Judged {
  readonly blob: Blob;
  readonly original: Trial;
  readonly shownBlob: Blob;
  readonly shown: Trial;
}

/** A picture, judged by this service, with everything that stands behind the answer. */
export function TryPage() {
  const [blob, setBlob] = useState<Blob | null>(null);
  const [stills, setStills] = useState<readonly Blob[]>([]);
  const [judged, setJudged] = useState<Judged | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [threshold, setThreshold] = useState('');
  const [profile, setProfile] = useState('');
  const running = useRef<AbortController | null>(null);
  const query = queryOf(threshold, profile);
  const judge = useCallback(
    async (picture: Blob) => {
      running.current?.abort();
      const controller = new AbortController();
      running.current = controller;
      setBlob(picture);
      setError(null);
      setJudged(null);
      try {
        const trial = await call<Trial>(`/try${query}`, {
          method: 'POST',
          blob: picture,
          signal: controller.signal,
        });
        setJudged({ blob: picture, original: trial, shownBlob: picture, shown: trial });
      } catch (caught) {
        if (caught instanceof ApiError) setError(caught);
        else if (!controller.signal.aborted) throw caught;
      }
    },
    [query],
  );
  useEffect(() => {
    if (blob === null) return;
    const timer = setTimeout(() => void judge(blob), 300);
    return () => clearTimeout(timer);
  }, [query]);
  const take = useCallback(
    (pictures: readonly Blob[]) => {
      const [only] = pictures;
      if (pictures.length > 1) setStills(pictures);
      else if (only !== undefined) void judge(only);
    },
    [judge],
  );
  const clear = () => {
    running.current?.abort();
    setBlob(null);
    setStills([]);
    setJudged(null);
    setError(null);
  };
  return (
    <>
      <PageHead title={t('try.title')} lead={t('try.lead')}>
        {(blob !== null || stills.length > 0) && (
          <button type="button" class="button" onClick={clear}>
            {t('try.another')}
          </button>
        )}
      </PageHead>
      {stills.length > 0 && <TogetherView stills={stills} query={query} />}
      {blob === null && stills.length === 0 && <PictureInput onPictures={take} />}
      {blob !== null && (
        <div class="try judged">
          <div class="card picture-card">
            <Picture blob={judged?.shownBlob ?? blob} trial={judged?.shown ?? null} />
          </div>
          <div class="column">
            {error !== null && <Failed error={error} retry={() => void judge(blob)} />}
            {error === null && judged === null && <Loading />}
            {judged !== null && <Answer trial={judged.shown} />}
          </div>
          {judged !== null && (
            <ChangeCard
              key={judged.original.requestId}
              blob={judged.blob}
              original={judged.original}
              query={query}
              onChanged={(shownBlob, shown) => setJudged({ ...judged, shownBlob, shown })}
            />
          )}
        </div>
      )}
      <div class="try">
        <Card title={t('try.settings')} class="settings">
          <div class="fields">
            <Field
              label={t('try.threshold')}
              type="number"
              min={0}
              max={100}
              placeholder={t('try.default')}
              value={threshold}
              onInput={({ currentTarget }) => setThreshold(currentTarget.value)}
            />
            <Choice
              label={t('try.profile')}
              value={profile}
              options={[
                ['', t('try.default')],
                ['careful', 'careful'],
                ['fast', 'fast'],
                ['single', 'single'],
              ]}
              onChoose={setProfile}
            />
          </div>
        </Card>
        <CodeCard isSeveral={stills.length > 0} />
      </div>
      {judged !== null && (
        <div class="below">
          <QualityCard trial={judged.shown} />
        </div>
      )}
    </>
  );
}

function Answer({ trial }: { readonly trial: Trial }) {
  return (
    <>
      <AnswerCard trial={trial} />
      <ReasonsCard trial={trial} />
      <NetworksCard trial={trial} />
      <TimingsCard trial={trial} />
    </>
  );
}

function queryOf(threshold: string, profile: string): string {
  const query = new URLSearchParams();
  const value = Number(threshold);
  if (threshold !== '' && value >= 0 && value <= 100) query.set('threshold', threshold);
  if (profile !== '') query.set('profile', profile);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
