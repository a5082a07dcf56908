import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { moment, t } from '../../i18n/index.ts';
import { Dialog, ShownOnce } from '../../ui/dialog.tsx';
import { Ends, endOf } from '../../ui/ends.tsx';
import { Checks, Form, Problem } from '../../ui/form.tsx';
import { Networks } from '../../ui/networks.tsx';
import { Card, Field } from '../../ui/parts.tsx';
import { Listed, Rows } from '../../ui/table.tsx';
import { wordsOf } from '../../ui/words.ts';
import { usePages } from '../../use-pages.ts';
import { columnsOfKeys, type KeyPlace, KeyState, Rotate } from './key-deeds.tsx';
import type { ApiKeyLine } from './model.ts';
import type { AppPart } from './saving.tsx';

interface Made {
  readonly apiKey: string;
  readonly summary: ApiKeyLine;
  readonly replaced?: { readonly keyId: string; readonly endsAt: string };
}

const SCOPES = ['judge', 'read:operating-points', 'batch', 'sessions'] as const;

const placeOf = (line: ApiKeyLine): KeyPlace => ({
  path: `/api-keys/${encodeURIComponent(line.keyId)}`,
  id: line.keyId,
  line,
});

/** The keys of the v1 API. */
export function ApiKeysCard({ app }: AppPart) {
  const pages = usePages<ApiKeyLine>(`/apps/${app.appid}/api-keys`);
  const [dialog, setDialog] = useState<'new' | ApiKeyLine | null>(null);
  const [made, setMade] = useState<Made | null>(null);
  const done = (next: Made) => {
    setDialog(null);
    setMade(next);
    pages.reload();
  };
  const isOpen = app.state !== 'closed';
  return (
    <Card
      title={t('keys.apiKeys')}
      class="whole"
      more={
        isOpen && (
          <button type="button" class="button small" onClick={() => setDialog('new')}>
            {t('keys.newKey')}
          </button>
        )
      }
    >
      <p class="dim lead">{t('keys.apiKeysLead')}</p>
      <Listed pages={pages} empty={t('keys.noKeys')}>
        {(rows) => (
          <Rows
            label={t('keys.apiKeys')}
            rows={rows}
            idOf={({ keyId }) => keyId}
            columns={[
              {
                name: t('apps.name'),
                cell: ({ name, keyId }) => (
                  <span class="two">
                    {name}
                    <span class="mono dim">{keyId}…</span>
                  </span>
                ),
              },
              { name: t('keys.state'), cell: (line) => <KeyState line={line} /> },
              {
                name: t('keys.may'),
                cell: ({ scopes, networks }) => (
                  <span class="two">
                    {scopes.join(', ')}
                    {networks.length > 0 && <span class="dim">{networks.join(', ')}</span>}
                  </span>
                ),
              },
              ...columnsOfKeys({ isOpen, placeOf, onRotate: setDialog, onChange: pages.reload }),
            ]}
          />
        )}
      </Listed>
      {dialog === 'new' && <NewKey appid={app.appid} onDone={done} onClose={() => setDialog(null)} />}
      {dialog !== null && typeof dialog === 'object' && (
        <Rotate
          place={placeOf(dialog)}
          onRotate={async (overlapSeconds) => {
            const path = `${placeOf(dialog).path}/rotate`;
            done(await call<Made>(path, { method: 'POST', json: { overlapSeconds } }));
          }}
          onClose={() => setDialog(null)}
        />
      )}
      {made !== null && (
        <ShownOnce
          title={made.summary.name}
          lead={t('keys.once')}
          values={[[t('keys.apiKey'), made.apiKey]]}
          onClose={() => setMade(null)}
        >
          {made.replaced !== undefined && (
            <p>{t('keys.oldWorks', { id: made.replaced.keyId, time: moment(made.replaced.endsAt) })}</p>
          )}
        </ShownOnce>
      )}
    </Card>
  );
}

function NewKey(props: {
  readonly appid: string;
  readonly onDone: (made: Made) => void;
  readonly onClose: () => void;
}) {
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<readonly string[]>(['judge', 'read:operating-points']);
  const [networks, setNetworks] = useState('');
  const [end, setEnd] = useState('');
  const submit = async () => {
    if (scopes.length === 0) throw new Problem(t('keys.noScope'));
    const json = { name: name.trim(), scopes, networks: wordsOf(networks), expiresAt: endOf(end) };
    props.onDone(await call<Made>(`/apps/${props.appid}/api-keys`, { method: 'POST', json }));
  };
  return (
    <Dialog title={t('keys.newKey')} onClose={props.onClose}>
      <Form submit={t('keys.makeKey')} onSubmit={submit} onCancel={props.onClose}>
        <Field
          label={t('apps.name')}
          value={name}
          hint={t('keys.nameHint')}
          maxLength={100}
          required
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
        <Checks
          label={t('keys.may')}
          options={SCOPES.map((one) => [one, t(`keys.scope.${one}`)] as const)}
          chosen={scopes}
          onChange={setScopes}
        />
        <Networks value={networks} onChange={setNetworks} />
        <Ends value={end} onChange={setEnd} />
      </Form>
    </Dialog>
  );
}
