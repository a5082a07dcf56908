import { t } from '../i18n/index.ts';
import { Choice } from './parts.tsx';

const DAYS = { '30': 30, '90': 90, '365': 365 } as const;

/** When something ends that is made now; empty: never. */
export function Ends(props: { readonly value: string; readonly onChange: (value: string) => void }) {
  return (
    <Choice
      label={t('ends.label')}
      value={props.value}
      options={[
        ['', t('ends.never')],
        ...Object.keys(DAYS).map((days) => [days, t('ends.days', { n: days })] as const),
      ]}
      onChoose={props.onChange}
    />
  );
}

/** The moment of a choice of `Ends`, counted from now; null: never. */
export function endOf(value: string): string | null {
  const days = Number(value);
  return days > 0 ? new Date(Date.now() + days * 86_400_000).toISOString() : null;
}
