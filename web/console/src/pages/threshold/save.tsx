import { useState } from 'preact/hooks';
import { ApiError, call } from '../../api.ts';
import { number, t } from '../../i18n/index.ts';
import { AppField } from '../../ui/app-field.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { Problem } from '../../ui/form.tsx';
import { said } from '../../ui/said.ts';
import { say } from '../../ui/say.ts';
import { useLoad } from '../../use-load.ts';
import type { AppInFull } from '../apps/model.ts';
import { reviewText } from '../apps/review-fields.tsx';
import { EffectText } from './effect.tsx';
import type { Limits, Range, Scores } from './types.ts';
import { useWhatIf } from './use-what-if.ts';

/** Saves a threshold, and limits of review where some are tried, as an app's own, once somebody has seen what it would have done there. */
export function SaveDialog(props: {
  readonly range: Range;
  readonly threshold: number;
  /** Null: the app's stay. */
  readonly review: Limits | null;
  readonly server: Scores['server'];
  readonly onClose: () => void;
}) {
  const { range, threshold, review, server, onClose } = props;
  const [appid, setAppid] = useState(range.app ?? '');
  const wanted = appid.trim();
  const app = useLoad(wanted, async (signal) =>
    wanted === '' ? null : call<AppInFull>(`/apps/${encodeURIComponent(wanted)}`, { signal }),
  );
  const known = !app.isLoading && app.error === null && app.value?.appid === wanted ? app.value : null;
  const { effect, problem } = useWhatIf(known === null ? null : { ...range, app: wanted }, threshold, review);
  return (
    <Confirm
      title={t('threshold.saveTitle')}
      action={t('threshold.saveAction', { threshold })}
      effect={
        <div aria-live="polite">
          {known === null ? (
            <p>{app.error !== null && wanted !== '' ? said(app.error) : t('threshold.saveChoose')}</p>
          ) : (
            <>
              <p>
                {t('threshold.saveChange', {
                  name: known.name === '' ? known.appid : known.name,
                  from:
                    known.policy.threshold === null
                      ? t('threshold.ofServer', { value: number(server.threshold, 2) })
                      : number(known.policy.threshold, 2),
                  to: threshold,
                })}
              </p>
              {review !== null && (
                <p>
                  {t('threshold.saveReview', {
                    from:
                      known.policy.review !== null
                        ? reviewText(known.policy.review)
                        : t('threshold.ofServer', {
                            value: server.review === null ? t('policy.none') : reviewText(server.review),
                          }),
                    to: reviewText(review),
                  })}
                </p>
              )}
              {effect !== null && <EffectText effect={effect} />}
              {problem !== '' && <p class="problem">{problem}</p>}
            </>
          )}
        </div>
      }
      onConfirm={async () => {
        if (known === null || effect === null) throw new Problem(t('threshold.saveChoose'));
        const own = review === null ? {} : { review };
        const json = { threshold, ...own, ifVersion: known.version };
        try {
          await call(`/apps/${encodeURIComponent(known.appid)}/policy`, { method: 'PUT', json });
        } catch (error) {
          if (!(error instanceof ApiError) || error.code !== 'changed_meanwhile') throw error;
          app.reload();
          throw new Problem(`${said(error)} ${t('threshold.saveReload')}`);
        }
        say(t('threshold.saved', { name: known.name === '' ? known.appid : known.name, threshold }));
        onClose();
      }}
      onClose={onClose}
    >
      <AppField label={t('threshold.saveApp')} value={appid} set={setAppid} />
    </Confirm>
  );
}
