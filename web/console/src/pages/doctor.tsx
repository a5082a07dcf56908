import { call } from '../api.ts';
import { moment, named, number, t } from '../i18n/index.ts';
import { Copy } from '../ui/copy.tsx';
import { Card, PageHead } from '../ui/parts.tsx';
import { Failed } from '../ui/states.tsx';
import { useLoad } from '../use-load.ts';
import './tools.css';

interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly found: string;
  readonly advice: string | null;
}

interface Report {
  readonly at: string;
  readonly checks: readonly Check[];
  readonly isWhole: boolean;
  readonly milliseconds: number;
}

/** What is wrong with the installation, and what helps. */
export function DoctorPage() {
  const { value, error, isLoading, reload } = useLoad('doctor', (signal) =>
    call<Report>('/doctor', { signal }),
  );
  return (
    <>
      <PageHead title={t('doctor.title')} lead={t('doctor.lead')}>
        <button type="button" class="button" disabled={isLoading} onClick={reload}>
          {t('doctor.again')}
        </button>
      </PageHead>
      <div role="status">
        {isLoading && (
          <div class="state">
            <span class="spinner" aria-hidden="true" />
            {t('doctor.running')}
          </div>
        )}
      </div>
      {error !== null && !isLoading && <Failed error={error} retry={reload} />}
      {value !== null && !isLoading && error === null && <Found report={value} />}
    </>
  );
}

function Found({ report }: { readonly report: Report }) {
  const { checks, isWhole, at, milliseconds } = report;
  const of = (status: Check['status']) => checks.filter((one) => one.status === status);
  const [failed, warned, well] = [of('fail'), of('warn'), of('ok')];
  const said =
    failed.length > 0
      ? t('doctor.someFailed', { n: number(failed.length), all: number(checks.length) })
      : warned.length > 0
        ? t('doctor.someWarn')
        : t('doctor.allWell');
  return (
    <div class="column">
      <p class={`banner flat ${failed.length > 0 ? 'bad' : warned.length > 0 ? '' : 'good'}`}>
        {said}
        {!isWhole && ` ${t('doctor.cut')}`}
      </p>
      <Group title={t('doctor.fail')} status="fail" checks={failed} />
      <Group title={t('doctor.warn')} status="warn" checks={warned} />
      <Group title={t('doctor.ok')} status="ok" checks={well} />
      <p class="dim small">{t('doctor.at', { time: moment(at), ms: number(milliseconds) })}</p>
    </div>
  );
}

function Group(props: {
  readonly title: string;
  readonly status: Check['status'];
  readonly checks: readonly Check[];
}) {
  const { title, status, checks } = props;
  if (checks.length === 0) return null;
  return (
    <Card title={title} more={<span class={`badge ${status}`}>{number(checks.length)}</span>}>
      <ul class="findings">
        {checks.map(({ name, found, advice }) => (
          <li key={`${name} ${found}`} class={status}>
            <strong>{named('doctor.check', name)}</strong>
            {/* The service says what it found in English. */}
            <span lang="en" class="finding-text">
              {found}
            </span>
            {advice !== null && (
              <div class="cure">
                <span class="dim small">{t('doctor.cure')}</span>
                <p lang="en">{advice}</p>
                <Copy text={advice} label={named('doctor.check', name)} />
              </div>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
