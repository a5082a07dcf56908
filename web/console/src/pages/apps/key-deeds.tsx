import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { moment, t } from '../../i18n/index.ts';
import { Confirm } from '../../ui/dialog.tsx';
import { Choice } from '../../ui/parts.tsx';
import { say } from '../../ui/say.ts';
import type { Column } from '../../ui/table.tsx';
import { calls, type KeyLine } from './model.ts';

/** Which key a deed is for. */
export interface KeyPlace {
  /** Its path in the admin API: `/secrets/AKID…`. */
  readonly path: string;
  readonly id: string;
  readonly line: KeyLine;
}

/** A key that counts now: enabled, and not at its end. */
export const countsNow = ({ enabled, expiresAt }: KeyLine): boolean =>
  enabled && (expiresAt === null || Date.parse(expiresAt) > Date.now());

/** Whether a key counts, in words and colour. */
export function KeyState({ line }: { readonly line: KeyLine }) {
  const { enabled, expiresAt } = line;
  if (!enabled) return <span class="badge attack">{t('keys.off')}</span>;
  if (expiresAt === null) return <span class="badge live">{t('keys.on')}</span>;
  if (Date.parse(expiresAt) <= Date.now()) return <span class="badge">{t('keys.over')}</span>;
  return (
    <span class="verdicts">
      <span class="badge poor_quality">{t('keys.until', { time: moment(expiresAt) })}</span>
    </span>
  );
}

/** The buttons of a key. */
function KeyDeeds(props: {
  readonly place: KeyPlace;
  readonly onRotate: () => void;
  readonly onChange: () => void;
}) {
  const { place, onChange } = props;
  const [isTurning, setTurning] = useState(false);
  const { enabled } = place.line;
  return (
    <span class="row-deeds">
      {countsNow(place.line) && (
        <button type="button" class="button small" onClick={props.onRotate}>
          {t('keys.rotate')}
          <span class="unseen"> {place.id}</span>
        </button>
      )}
      <button
        type="button"
        class={`button small ${enabled ? 'danger' : ''}`}
        onClick={() => setTurning(true)}
      >
        {t(enabled ? 'keys.turnOff' : 'keys.turnOn')}
        <span class="unseen"> {place.id}</span>
      </button>
      {isTurning && <TurnKey place={place} onChange={onChange} onClose={() => setTurning(false)} />}
    </span>
  );
}

function TurnKey(props: {
  readonly place: KeyPlace;
  readonly onChange: () => void;
  readonly onClose: () => void;
}) {
  const { place, onChange, onClose } = props;
  const { enabled, lastHour } = place.line;
  return (
    <Confirm
      title={t(enabled ? 'keys.offTitle' : 'keys.onTitle')}
      effect={
        <>
          <p class="mono hash">{place.id}</p>
          <p>{enabled ? t('keys.usedBy', { calls: calls(lastHour) }) : t('keys.onEffect')}</p>
          {enabled && <p>{t('keys.offEffect')}</p>}
        </>
      }
      action={t(enabled ? 'keys.turnOff' : 'keys.turnOn')}
      isDanger={enabled}
      onConfirm={async () => {
        await call(place.path, { method: 'PATCH', json: { enabled: !enabled } });
        say(t(enabled ? 'keys.isOff' : 'keys.isOn'));
        onChange();
        onClose();
      }}
      onClose={onClose}
    />
  );
}

/** The columns that pairs and keys have alike: the calls, when it was last used, its buttons. */
export function columnsOfKeys<L extends KeyLine>(of: {
  /** Whether the keys of the app can be changed. */
  readonly isOpen: boolean;
  readonly placeOf: (line: L) => KeyPlace;
  readonly onRotate: (line: L) => void;
  readonly onChange: () => void;
}): readonly Column<L>[] {
  return [
    { name: t('apps.lastHour'), cell: ({ lastHour }) => calls(lastHour), isNumeric: true },
    {
      name: t('keys.lastUsed'),
      cell: ({ lastUsedAt }) => (lastUsedAt === null ? t('keys.never') : moment(lastUsedAt)),
    },
    {
      name: t('keys.deeds'),
      isUnseen: true,
      cell: (line) =>
        of.isOpen && (
          <KeyDeeds place={of.placeOf(line)} onRotate={() => of.onRotate(line)} onChange={of.onChange} />
        ),
    },
  ];
}

/** How long the old one still works, in seconds. */
const OVERLAPS = { '0': 0, '1h': 3600, '24h': 86_400, '7d': 604_800, '30d': 2_592_000 } as const;
type Overlap = keyof typeof OVERLAPS;

/** Asks for the overlap, and says what a rotation does. */
export function Rotate(props: {
  readonly place: KeyPlace;
  /** Further fields. */
  readonly children?: ComponentChildren;
  readonly onRotate: (overlapSeconds: number) => Promise<void>;
  readonly onClose: () => void;
}) {
  const { place } = props;
  const [overlap, setOverlap] = useState<Overlap>('24h');
  const seconds = OVERLAPS[overlap];
  const until = moment(new Date(Date.now() + seconds * 1000).toISOString());
  return (
    <Confirm
      title={t('keys.rotateTitle')}
      effect={
        <>
          <p class="mono hash">{place.id}</p>
          <p>{t('keys.usedBy', { calls: calls(place.line.lastHour) })}</p>
          <p>{seconds === 0 ? t('keys.endsNow') : t('keys.endsAt', { time: until })}</p>
        </>
      }
      action={t('keys.rotate')}
      isDanger={seconds === 0}
      onConfirm={() => props.onRotate(seconds)}
      onClose={props.onClose}
    >
      <Choice
        label={t('keys.overlap')}
        value={overlap}
        options={(Object.keys(OVERLAPS) as Overlap[]).map((one) => [one, t(`keys.overlap.${one}`)] as const)}
        onChoose={(value) => setOverlap(value as Overlap)}
      />
      {props.children}
    </Confirm>
  );
}
