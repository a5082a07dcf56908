import { t } from '../i18n/index.ts';
import { Area } from './form.tsx';

/** From which networks a key may be used. */
export function Networks(props: { readonly value: string; readonly onChange: (value: string) => void }) {
  return (
    <Area
      label={t('keys.networks')}
      value={props.value}
      hint={t('keys.networksHint')}
      rows={2}
      onChange={props.onChange}
    />
  );
}
