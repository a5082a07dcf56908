import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { moment, t } from '../../i18n/index.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { Form } from '../../ui/form.tsx';
import { Card } from '../../ui/parts.tsx';
import { say } from '../../ui/say.ts';
import { Listed, Rows } from '../../ui/table.tsx';
import { usePages } from '../../use-pages.ts';
import { columnsOfKeys, type KeyPlace, KeyState, Rotate } from './key-deeds.tsx';
import type { Pair, PairLine } from './model.ts';
import { PairFields, PairShown } from './new-app.tsx';
import type { AppPart } from './saving.tsx';

interface Made {
  readonly secret: Pair;
  readonly replaced?: { readonly secretId: string; readonly endsAt: string };
}

const placeOf = (line: PairLine): KeyPlace => ({
  path: `/secrets/${encodeURIComponent(line.secretId)}`,
  id: line.secretId,
  line,
});

/** The pairs that sign the old call. */
export function PairsCard({ app }: AppPart) {
  const pages = usePages<PairLine>(`/apps/${app.appid}/secrets`);
  const [dialog, setDialog] = useState<'new' | 'bring' | PairLine | null>(null);
  const [made, setMade] = useState<Made | null>(null);
  const done = (next: Made) => {
    setDialog(null);
    setMade(next);
    pages.reload();
  };
  const isOpen = app.state !== 'closed';
  return (
    <Card
      title={t('keys.pairs')}
      class="whole"
      more={
        isOpen && (
          <span class="row-deeds">
            <button type="button" class="button small" onClick={() => setDialog('bring')}>
              {t('keys.bring')}
            </button>
            <button type="button" class="button small" onClick={() => setDialog('new')}>
              {t('keys.newPair')}
            </button>
          </span>
        )
      }
    >
      <p class="dim lead">{t('keys.pairsLead')}</p>
      <Listed pages={pages} empty={t('keys.noPairs')}>
        {(rows) => (
          <Rows
            label={t('keys.pairs')}
            rows={rows}
            idOf={({ secretId }) => secretId}
            columns={[
              { name: 'SecretId', cell: ({ secretId }) => <span class="mono hash">{secretId}</span> },
              { name: t('keys.state'), cell: (line) => <KeyState line={line} /> },
              ...columnsOfKeys({ isOpen, placeOf, onRotate: setDialog, onChange: pages.reload }),
            ]}
          />
        )}
      </Listed>
      {dialog === 'new' && <NewPair appid={app.appid} onDone={done} onClose={() => setDialog(null)} />}
      {dialog === 'bring' && (
        <BringPair
          appid={app.appid}
          onDone={() => {
            setDialog(null);
            say(t('keys.brought'));
            pages.reload();
          }}
          onClose={() => setDialog(null)}
        />
      )}
      {dialog !== null && typeof dialog === 'object' && (
        <RotatePair line={dialog} onDone={done} onClose={() => setDialog(null)} />
      )}
      {made !== null && (
        <PairShown
          title={t('keys.newPair')}
          appid={app.appid}
          pair={made.secret}
          {...(made.replaced === undefined
            ? {}
            : {
                more: t('keys.oldWorks', {
                  id: made.replaced.secretId,
                  time: moment(made.replaced.endsAt),
                }),
              })}
          onClose={() => setMade(null)}
        />
      )}
    </Card>
  );
}

/** The new pair is made here, or one that exists already takes the place of the old one. */
function RotatePair(props: {
  readonly line: PairLine;
  readonly onDone: (made: Made) => void;
  readonly onClose: () => void;
}) {
  const [secretId, setSecretId] = useState('');
  const [secretKey, setSecretKey] = useState('');
  const place = placeOf(props.line);
  const rotate = async (overlapSeconds: number) => {
    const given = Object.entries({ secretId, secretKey }).filter(([, value]) => value.trim() !== '');
    const pair = Object.fromEntries(given.map(([name, value]) => [name, value.trim()]));
    const json = { overlapSeconds, ...pair };
    props.onDone(await call<Made>(`${place.path}/rotate`, { method: 'POST', json }));
  };
  return (
    <Rotate place={place} onRotate={rotate} onClose={props.onClose}>
      <details>
        <summary>{t('keys.bringNew')}</summary>
        <div class="form inner">
          <PairFields secretId={secretId} secretKey={secretKey} onId={setSecretId} onKey={setSecretKey} />
        </div>
      </details>
    </Rotate>
  );
}

function NewPair(props: {
  readonly appid: string;
  readonly onDone: (made: Made) => void;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title={t('keys.newPair')} onClose={props.onClose}>
      <Form
        submit={t('keys.makePair')}
        onSubmit={async () => {
          props.onDone(await call<Made>(`/apps/${props.appid}/secrets`, { method: 'POST', json: {} }));
        }}
        onCancel={props.onClose}
      >
        <p>{t('keys.newPairLead')}</p>
      </Form>
    </Dialog>
  );
}

function BringPair(props: {
  readonly appid: string;
  readonly onDone: () => void;
  readonly onClose: () => void;
}) {
  const [secretId, setSecretId] = useState('');
  const [secretKey, setSecretKey] = useState('');
  return (
    <Dialog title={t('keys.bring')} onClose={props.onClose}>
      <Form
        submit={t('keys.bringIt')}
        isOff={secretId.trim() === '' || secretKey.trim() === ''}
        onSubmit={async () => {
          const json = { secretId: secretId.trim(), secretKey: secretKey.trim() };
          await call(`/apps/${props.appid}/secrets`, { method: 'POST', json });
          props.onDone();
        }}
        onCancel={props.onClose}
      >
        <p>{t('keys.bringLead')}</p>
        <PairFields secretId={secretId} secretKey={secretKey} onId={setSecretId} onKey={setSecretKey} />
      </Form>
    </Dialog>
  );
}
