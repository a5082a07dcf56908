import { named, number, t } from '../../i18n/index.ts';
import { Table } from '../../ui/table.tsx';
import type { WhatIf } from './types.ts';

/** The effect of a threshold in sentences with numbers. */
export function EffectText({ effect }: { readonly effect: WhatIf }) {
  const { scored, newlyRefused, newlyAccepted, newlyForReview, noLongerForReview } = effect;
  if (scored === 0) return <p>{t('threshold.none')}</p>;
  return (
    <>
      <p>
        {t('threshold.effectText', {
          all: number(scored),
          refused: number(newlyRefused),
          accepted: number(newlyAccepted),
        })}{' '}
        {newlyForReview + noLongerForReview > 0 &&
          t('threshold.reviewText', { more: number(newlyForReview), fewer: number(noLongerForReview) })}
      </p>
      {effect.withoutProbability > 0 && (
        <p class="hint">{t('threshold.unknown', { n: number(effect.withoutProbability) })}</p>
      )}
    </>
  );
}

/** The same as a table. */
export function EffectTable({ effect }: { readonly effect: WhatIf }) {
  const rows = [
    ['live', named('verdict', 'live')],
    ['attack', named('verdict', 'attack')],
    ['poorQuality', named('verdict', 'poor_quality')],
    ['review', t('threshold.forReview')],
  ] as const;
  return (
    <Table
      label={t('threshold.effect')}
      head={[
        t('threshold.outcome'),
        t('threshold.before'),
        t('threshold.after', { threshold: effect.threshold }),
      ]}
      numeric={[1, 2]}
    >
      {rows.map(([kind, text]) => (
        <tr key={kind}>
          <th scope="row">{text}</th>
          <td class="right mono">{number(effect.before[kind])}</td>
          <td class="right mono">{number(effect.after[kind])}</td>
        </tr>
      ))}
    </Table>
  );
}
