import { named, number, t } from '../../i18n/index.ts';
import { Checks } from '../../ui/form.tsx';
import { Choice, Field } from '../../ui/parts.tsx';
import { Table } from '../../ui/table.tsx';
import type { AppInFull, Rules } from './model.ts';
import type { PolicyDraft, Presets } from './policy.tsx';
import { ReviewFields } from './review-fields.tsx';

interface Fields {
  readonly app: AppInFull;
  readonly presets: Presets;
  readonly draft: PolicyDraft;
  readonly onChange: (draft: PolicyDraft) => void;
}

/** The fields of a policy; what is not touched stays as it is. */
export function PolicyFields(props: Fields) {
  const { app, presets, draft, onChange } = props;
  const policy = { ...app.policy, ...draft };
  const rules = { ...app.rules, ...draft.rules };
  const setRules = (change: Partial<Rules>) => onChange({ ...draft, rules: { ...draft.rules, ...change } });
  const server = (value: string) => ['', t('policy.ofServer', { value })] as const;
  return (
    <>
      <div class="fields">
        <ThresholdFields {...props} />
        <Choice
          label={t('policy.profile')}
          value={policy.profile ?? ''}
          hint={t('policy.profileHint')}
          options={[
            server(named('policy.profile', presets.defaults.profile)),
            ...presets.profiles.map((one) => [one, named('policy.profile', one)] as const),
          ]}
          onChoose={(value) => onChange({ ...draft, profile: value === '' ? null : value })}
        />
        <Choice
          label={t('policy.capture')}
          value={policy.capture ?? ''}
          hint={t('policy.captureHint')}
          options={[
            server(named('policy.capture', presets.defaults.capture)),
            ...presets.capture.map(({ name }) => [name, named('policy.capture', name)] as const),
          ]}
          onChoose={(value) => onChange({ ...draft, capture: value === '' ? null : value })}
        />
        <ReviewFields
          presets={presets}
          policy={policy}
          onChange={(review) => onChange({ ...draft, review })}
        />
      </div>
      <CaptureTable presets={presets} chosen={policy.capture ?? presets.defaults.capture} />
      <h3>{t('policy.forV1')}</h3>
      <div class="fields">
        <Choice
          label={t('policy.severalFaces')}
          value={rules.severalFaces}
          options={(['largest', 'reject'] as const).map((one) => [one, t(`policy.severalFaces.${one}`)])}
          onChoose={(severalFaces) => setRules({ severalFaces })}
        />
        <Field
          label={t('policy.minFaceWidth')}
          type="number"
          min={1}
          max={10_000}
          placeholder={t('policy.none')}
          value={rules.minFaceWidth?.toString() ?? ''}
          onInput={({ currentTarget: { value } }) =>
            setRules({ minFaceWidth: value === '' ? null : Math.round(Number(value)) })
          }
        />
        <Choice
          label={t('policy.poorQuality')}
          value={rules.poorQuality}
          options={(['verdict', 'warning'] as const).map((one) => [one, t(`policy.poorQuality.${one}`)])}
          onChoose={(poorQuality) => setRules({ poorQuality })}
        />
        <Choice
          label={t('policy.rejectOn')}
          value={rules.rejectOn === null ? 'all' : 'some'}
          disabled={rules.poorQuality === 'warning'}
          options={[
            ['all', t('policy.rejectAll')],
            ['some', t('policy.rejectSome')],
          ]}
          onChoose={(value) =>
            setRules({ rejectOn: value === 'all' ? null : (app.rules.rejectOn ?? presets.rejectingReasons) })
          }
        />
      </div>
      {rules.rejectOn !== null && rules.poorQuality === 'verdict' && (
        <Checks
          label={t('policy.rejectThese')}
          options={presets.rejectingReasons.map((code) => [code, code] as const)}
          chosen={rules.rejectOn}
          onChange={(rejectOn) => setRules({ rejectOn })}
        />
      )}
    </>
  );
}

/** The threshold: the server's, a measured operating point of the profile, or a number of one's own. */
function ThresholdFields({ app, presets, draft, onChange }: Fields) {
  const policy = { ...app.policy, ...draft };
  const profile = policy.profile ?? presets.defaults.profile;
  const points = new Map<string, number>();
  for (const point of presets.operatingPoints)
    if (point.profile === profile && !points.has(point.name)) points.set(point.name, point.threshold);
  const { threshold } = policy;
  const point = [...points].find(([, value]) => value === threshold)?.[0];
  const choose = (value: string) => {
    if (value === '') return onChange({ ...draft, threshold: null });
    const wanted = points.get(value) ?? threshold ?? presets.defaults.threshold;
    onChange({ ...draft, threshold: wanted });
  };
  return (
    <>
      <Choice
        label={t('policy.threshold')}
        value={threshold === null ? '' : (point ?? 'own')}
        hint={t('policy.thresholdHint')}
        options={[
          ['', t('policy.ofServer', { value: number(presets.defaults.threshold, 2) })],
          ...[...points].map(
            ([name, value]) => [name, `${named('policy.point', name)} (${number(value, 2)})`] as const,
          ),
          ['own', t('policy.ownThreshold')],
        ]}
        onChoose={choose}
      />
      {threshold !== null && (
        <Field
          label={t('policy.liveAbove')}
          type="number"
          min={0}
          max={100}
          step="any"
          value={String(threshold)}
          onInput={({ currentTarget: { value } }) => {
            if (value !== '') onChange({ ...draft, threshold: Number(value) });
          }}
        />
      )}
    </>
  );
}

/** What each preset asks of a picture. */
function CaptureTable({ presets, chosen }: { readonly presets: Presets; readonly chosen: string }) {
  const components = Object.keys(presets.capture[0]?.limits ?? {});
  const isAngle = (name: string) => name.startsWith('HeadPose');
  return (
    <details>
      <summary>{t('policy.captureTable')}</summary>
      <Table
        label={t('policy.captureTable')}
        head={[t('policy.component'), ...presets.capture.map(({ name }) => named('policy.capture', name))]}
        numeric={presets.capture.map((_, index) => index + 1)}
      >
        {components.map((component) => (
          <tr key={component}>
            <th scope="row" class="mono">
              {component}
            </th>
            {presets.capture.map(({ name, limits }) => {
              const limit = limits[component] ?? null;
              const text = limit === null ? '–' : `${isAngle(component) ? '≤' : '≥'} ${number(limit)}`;
              return (
                <td key={name} class={`right ${name === chosen ? 'chosen' : ''}`}>
                  {text}
                </td>
              );
            })}
          </tr>
        ))}
      </Table>
    </details>
  );
}
