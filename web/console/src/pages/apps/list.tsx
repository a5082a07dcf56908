import { useEffect, useState } from 'preact/hooks';
import { moment, named, t } from '../../i18n/index.ts';
import { go, hrefOf, place } from '../../router.ts';
import { may } from '../../session.ts';
import { Choice, Field, Name, PageHead } from '../../ui/parts.tsx';
import { Listed, Rows } from '../../ui/table.tsx';
import { usePages } from '../../use-pages.ts';
import { type AppLine, calls, limitsText } from './model.ts';
import { NewApp } from './new-app.tsx';

const STATES = ['active', 'suspended', 'closed'] as const;

/** All apps, found by name, appid and state. */
export function AppList() {
  const { query } = place.value;
  const [isMaking, setMaking] = useState(false);
  const wanted = new URLSearchParams();
  for (const name of ['text', 'state']) {
    const value = query.get(name)?.trim() ?? '';
    if (value !== '') wanted.set(name, value);
  }
  const isNarrowed = wanted.size > 0;
  const pages = usePages<AppLine>(`/apps?${wanted}`);
  return (
    <>
      <PageHead title={t('apps.title')} lead={t('apps.lead')}>
        {may('apps.write') && (
          <button type="button" class="button main" onClick={() => setMaking(true)}>
            {t('apps.new')}
          </button>
        )}
      </PageHead>
      <Search text={query.get('text') ?? ''} state={query.get('state') ?? ''} />
      <Listed pages={pages} empty={t(isNarrowed ? 'apps.noneFound' : 'apps.none')}>
        {(rows) => <AppRows rows={rows} />}
      </Listed>
      {isMaking && <NewApp onClose={() => setMaking(false)} />}
    </>
  );
}

function Search(props: { readonly text: string; readonly state: string }) {
  const [text, setText] = useState(props.text);
  useEffect(() => setText(props.text), [props.text]);
  const find = (wanted: { readonly text: string; readonly state: string }) => {
    const query = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value.trim() !== ''));
    go(query.size === 0 ? '/apps' : `/apps?${query}`, true);
  };
  useEffect(() => {
    if (text.trim() === props.text.trim()) return;
    const timer = setTimeout(() => find({ text, state: props.state }), 250);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <search class="toolbar">
      <Field
        label={t('apps.search')}
        type="search"
        value={text}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <Choice
        label={t('apps.state')}
        value={props.state}
        options={[['', t('apps.anyState')], ...STATES.map((one) => [one, named('apps.state', one)] as const)]}
        onChoose={(state) => find({ text, state })}
      />
    </search>
  );
}

function AppRows({ rows }: { readonly rows: readonly AppLine[] }) {
  return (
    <Rows
      label={t('apps.title')}
      rows={rows}
      idOf={({ appid }) => appid}
      columns={[
        {
          name: t('apps.name'),
          cell: ({ appid, name }) => (
            <a href={hrefOf(`/apps/${appid}`)}>
              <Name>{name}</Name>
            </a>
          ),
        },
        { name: t('apps.appid'), cell: ({ appid }) => <span class="mono">{appid}</span> },
        { name: t('apps.state'), cell: ({ state }) => <AppState state={state} /> },
        { name: t('apps.lastHour'), cell: ({ lastHour }) => calls(lastHour), isNumeric: true },
        { name: t('apps.limits'), cell: ({ limits }) => <span class="dim">{limitsText(limits)}</span> },
        {
          name: t('apps.made'),
          cell: ({ createdAt }) => <span class="dim nowrap">{moment(createdAt)}</span>,
        },
      ]}
    />
  );
}

/** The state of an app in words and colour. */
export function AppState({ state }: { readonly state: AppLine['state'] }) {
  const look = { active: 'live', suspended: 'poor_quality', closed: 'attack' }[state];
  return <span class={`badge ${look}`}>{named('apps.state', state)}</span>;
}
