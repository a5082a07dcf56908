import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { duration, moment, named, number, type TextKey, t } from '../../i18n/index.ts';
import { FileField } from '../../ui/file-field.tsx';
import { jsonIn } from '../../ui/files.ts';
import { Form } from '../../ui/form.tsx';
import { Card } from '../../ui/parts.tsx';
import { Failed } from '../../ui/states.tsx';
import { useEvery } from '../../use-every.ts';
import { useLoad } from '../../use-load.ts';
import type { ChainFound, Run, Strayed } from './types.ts';

/** What the service takes at most. */
const MOST_BYTES = 2 * 1024 * 1024;

/** Begins a verification of the chains, and shows how it stands. */
export function VerificationCard() {
  const [file, setFile] = useState<File | null>(null);
  const { value, error, reload } = useLoad('verification', (signal) =>
    call<Run>('/audit/verification', { signal }),
  );
  const isRunning = value?.state === 'running';
  useEvery(isRunning, reload);
  const begin = async () => {
    const words = { tooLarge: t('audit.keptNot'), notJson: t('audit.keptNot') };
    const json = file === null ? {} : { kept: await jsonIn(file, MOST_BYTES, words) };
    await call<Run>('/audit/verification', { method: 'POST', json });
    reload();
  };
  return (
    <Card title={t('audit.verify')}>
      <p class="dim">{t('audit.verifyLead')}</p>
      <Form submit={t('audit.verifyNow')} isOff={isRunning} onSubmit={begin}>
        <FileField
          label={t('audit.kept')}
          hint={t('audit.keptHint')}
          accept="application/json,.json"
          file={file}
          onFile={setFile}
        />
      </Form>
      {error !== null && <Failed error={error} retry={reload} />}
      <div class="after" aria-live="polite">
        {value !== null && value.state !== 'none' && <Outcome run={value} />}
      </div>
    </Card>
  );
}

function Outcome({ run }: { readonly run: Exclude<Run, { readonly state: 'none' }> }) {
  const { startedAt, finishedAt, by, chain, kept, isAsWritten, chains, strayed } = run;
  if (run.state === 'running') {
    const what = chain === null ? '' : chainName(chain);
    return (
      <div class="state">
        <span class="spinner" aria-hidden="true" />
        {t('audit.running', { what, by, time: moment(startedAt) })}
      </div>
    );
  }
  const seconds = finishedAt === null ? 0 : (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
  const banner = run.state === 'failed' ? 'failed' : isAsWritten === true ? 'right' : 'wrong';
  return (
    <div class="column">
      <p class={`banner flat ${banner === 'right' ? 'good' : 'bad'}`}>{t(`audit.${banner}`)}</p>
      <ul class="findings">
        {chains.map((one) => (
          <Found key={one.chain} found={one} />
        ))}
        {strayed.map((one) => (
          <StrayedFrom key={`${one.chain} ${one.rowId}`} one={one} />
        ))}
        {kept > 0 && strayed.length === 0 && run.state === 'done' && (
          <li class="ok">
            <strong>{t('audit.kept')}</strong>
            <span class="finding-text">{t('audit.keptRight', { n: number(kept) })}</span>
          </li>
        )}
      </ul>
      <p class="dim small">
        {t('audit.at', { time: moment(finishedAt ?? startedAt), took: duration(seconds), by })}
      </p>
    </div>
  );
}

function StrayedFrom({ one }: { readonly one: Strayed }) {
  return (
    <li class="fail">
      <strong>{chainName(one.chain)}</strong>
      <span class="finding-text">{t(`audit.strayed.${one.found}`, { row: number(one.rowId) })}</span>
    </li>
  );
}

const COUNTS = ['verified', 'checkpoints', 'pruned', 'erased', 'lost', 'unchained'] as const;

function Found({ found }: { readonly found: ChainFound }) {
  const { chain, fault, keys } = found;
  const counted = COUNTS.filter((name) => found[name] > 0 || name === 'verified');
  return (
    <li class={fault === null ? 'ok' : 'fail'}>
      <strong>{chainName(chain)}</strong>
      <div class="finding-text">
        {fault !== null && (
          <p>
            {t('audit.fault', { row: number(fault.rowId) })} {named('audit.fault', fault.kind)}
          </p>
        )}
        {fault === null && (
          <p>
            {counted
              .map((name) => t(`audit.count.${name}` as TextKey, { n: number(found[name]) }))
              .join(t('audit.between'))}
          </p>
        )}
        {keys.length > 1 && <p class="hint">{t('audit.keys', { n: number(keys.length) })}</p>}
      </div>
    </li>
  );
}

function chainName(chain: string): string {
  if (chain === 'admin') return t('audit.chain.admin');
  return chain === 'ledger'
    ? t('audit.chain.ledger')
    : t('audit.chain.node', { node: chain.slice('ledger:'.length) });
}
