import { useState } from 'preact/hooks';
import { number, t } from '../../i18n/index.ts';
import { may } from '../../session.ts';
import { Form, Problem } from '../../ui/form.tsx';
import { Card, Facts, Field } from '../../ui/parts.tsx';
import type { Limits } from './model.ts';
import { type AppPart, Meanwhile, useSaving } from './saving.tsx';

const FIELDS = [
  ['requestsPerSecond', 'rate'],
  ['burst', 'burst'],
  ['concurrent', 'concurrent'],
  ['daily', 'daily'],
] as const satisfies readonly (readonly [keyof Limits, string])[];

type Draft = Partial<Record<keyof Limits, string>>;

/** What the app may use. */
export function LimitsCard(part: AppPart) {
  const { app } = part;
  const [draft, setDraft] = useState<Draft>({});
  const saving = useSaving(part);
  const isOff = !may('apps.write') || app.state === 'closed';
  const submit = async () => {
    const limits = Object.fromEntries(Object.entries(draft).map(([name, text]) => [name, numberOf(text)]));
    if (await saving.save(`/apps/${app.appid}`, 'PATCH', { limits })) setDraft({});
  };
  const used = app.usedToday ?? null;
  if (isOff) {
    const facts = FIELDS.map(([name, key]) => {
      const value = app.limits[name];
      return [t(`apps.limit.${key}`), value === null ? t('apps.unlimited') : number(value, 3)] as const;
    });
    return (
      <Card title={t('apps.limits')}>
        <Facts facts={facts} />
      </Card>
    );
  }
  return (
    <Card title={t('apps.limits')}>
      <Meanwhile app={app} saving={saving} onDiscard={() => setDraft({})} />
      <Form submit={t('apps.saveLimits')} isOff={Object.keys(draft).length === 0} onSubmit={submit}>
        <div class="fields">
          {FIELDS.map(([name, key]) => (
            <Field
              key={name}
              label={t(`apps.limit.${key}`)}
              hint={
                name === 'daily' && used !== null
                  ? t('apps.usedToday', { n: number(used) })
                  : t(`apps.limit.${key}.hint`)
              }
              placeholder={t('apps.unlimited')}
              inputMode="decimal"
              autocomplete="off"
              value={draft[name] ?? app.limits[name]?.toString() ?? ''}
              onInput={({ currentTarget }) => setDraft({ ...draft, [name]: currentTarget.value })}
            />
          ))}
        </div>
      </Form>
    </Card>
  );
}

/** @throws {Problem} no number */
function numberOf(text: string): number | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const value = Number(trimmed);
  if (!Number.isFinite(value)) throw new Problem(t('apps.noNumber', { text: trimmed }));
  return value;
}
