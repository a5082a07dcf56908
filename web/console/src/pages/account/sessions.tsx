import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { moment, t } from '../../i18n/index.ts';
import { loadSession } from '../../session.ts';
import { Confirm } from '../../ui/dialog.tsx';
import { useSubmit } from '../../ui/form.tsx';
import { Card } from '../../ui/parts.tsx';
import { Listed, Rows } from '../../ui/table.tsx';
import { usePages } from '../../use-pages.ts';

interface Session {
  readonly id: string;
  readonly createdAt: string;
  readonly seenAt: string;
  readonly address: string;
  readonly agent: string;
  readonly isCurrent: boolean;
}

/** Where one is signed in, and how to end that. */
export function SessionsCard() {
  const pages = usePages<Session>('/me/sessions');
  const [isAsking, setAsking] = useState(false);
  const { run, problem, isBusy } = useSubmit();
  const end = (session: Session) =>
    run(async () => {
      await call(`/me/sessions/${session.id}`, { method: 'DELETE' });
      pages.reload();
    });
  return (
    <Card
      title={t('account.sessions')}
      class="whole"
      more={
        <button type="button" class="button small danger" onClick={() => setAsking(true)}>
          {t('account.everywhere')}
        </button>
      }
    >
      <p class="problem" role="alert">
        {problem}
      </p>
      <Listed pages={pages} empty="">
        {(rows) => (
          <Rows
            label={t('account.sessions')}
            rows={rows}
            idOf={({ id }) => id}
            columns={[
              {
                name: t('account.browser'),
                cell: ({ agent }) => <span title={agent}>{browserOf(agent)}</span>,
              },
              { name: t('account.address'), cell: ({ address }) => <span class="mono">{address}</span> },
              { name: t('account.since'), cell: ({ createdAt }) => moment(createdAt) },
              { name: t('account.seen'), cell: ({ seenAt }) => moment(seenAt) },
              {
                name: t('account.deeds'),
                isUnseen: true,
                cell: (session) =>
                  session.isCurrent ? (
                    <span class="badge live">{t('account.thisOne')}</span>
                  ) : (
                    <button
                      type="button"
                      class="button small"
                      disabled={isBusy}
                      onClick={() => void end(session)}
                    >
                      {t('account.endSession')}
                      <span class="unseen"> {session.address}</span>
                    </button>
                  ),
              },
            ]}
          />
        )}
      </Listed>
      {isAsking && (
        <Confirm
          title={t('account.everywhere')}
          effect={<p>{t('account.everywhereEffect', { n: pages.rows.length })}</p>}
          action={t('account.everywhere')}
          isDanger
          onConfirm={async () => {
            await call('/sign-out-everywhere', { method: 'POST' });
            await loadSession();
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </Card>
  );
}

const BROWSERS = [
  ['Edge', /\bEdg\//],
  ['Opera', /\bOPR\//],
  ['Firefox', /\bFirefox\//],
  ['Chrome', /\b(?:Headless)?Chrome\//],
  ['Safari', /\bSafari\//],
] as const;
const SYSTEMS = [
  ['Android', /\bAndroid\b/],
  ['iOS', /\b(?:iPhone|iPad)\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMacintosh\b/],
  ['Linux', /\bLinux\b/],
] as const;

/** What a browser calls itself, shortly; the whole of it where it is none of the known. */
function browserOf(agent: string): string {
  const nameIn = (known: readonly (readonly [string, RegExp])[]) =>
    known.find(([, pattern]) => pattern.test(agent))?.[0];
  const found = [nameIn(BROWSERS), nameIn(SYSTEMS)].filter((one) => one !== undefined);
  return found.length === 0 ? agent || '–' : found.join(' · ');
}
