import { call } from '../../api.ts';
import { number, t } from '../../i18n/index.ts';
import { Check } from '../../ui/form.tsx';
import { useLoad } from '../../use-load.ts';

interface Made {
  readonly madeBy: string | null;
}

/** How many admin keys a user made, which go with the user, and whether they are to stay; nothing where there are none. */
export function KeysThatGo(props: {
  readonly userId: string;
  readonly isKept: boolean;
  readonly onChange: (isKept: boolean) => void;
}) {
  const { userId } = props;
  const { value } = useLoad('admin-keys', (signal) =>
    call<{ readonly items: readonly Made[] }>('/admin-keys', { signal }),
  );
  const made = value?.items.filter(({ madeBy }) => madeBy === userId).length ?? 0;
  if (made === 0) return null;
  return (
    <div class="banner warn">
      <p>{t('users.keysGo', { n: number(made) })}</p>
      <Check label={t('users.keysKeep')} isOn={props.isKept} onChange={props.onChange} />
    </div>
  );
}
