import { call } from '../../api.ts';
import { language, moment, named, number, t } from '../../i18n/index.ts';
import { hrefOf } from '../../router.ts';
import { may } from '../../session.ts';
import type { DecisionInFull } from '../../types.ts';
import { Copy } from '../../ui/copy.tsx';
import { Card, Facts, PageHead, Verdict } from '../../ui/parts.tsx';
import { Empty, Failed, Loading } from '../../ui/states.tsx';
import { Table } from '../../ui/table.tsx';
import { useLoad } from '../../use-load.ts';

interface Rows {
  readonly items: readonly DecisionInFull[];
}

/** Everything that is kept of one request, explained. */
export function DecisionPage({ requestId }: { readonly requestId: string }) {
  const { value: now } = language;
  const { value, error, reload } = useLoad(`${requestId} ${now}`, (signal) =>
    call<Rows>(`/decisions/${encodeURIComponent(requestId)}`, { signal }),
  );
  return (
    <>
      <p class="back">
        <a href={hrefOf('/decisions')}>← {t('decision.back')}</a>
      </p>
      <PageHead title={t('decision.title')}>
        <span class="request-id">
          <code>{requestId}</code> <Copy text={requestId} />
        </span>
      </PageHead>
      {error !== null && error.status === 404 && <Empty>{t('decision.unknown')}</Empty>}
      {error !== null && error.status !== 404 && <Failed error={error} retry={reload} />}
      {value === null && error === null && <Loading />}
      {value?.items.map((row) => (
        <OneRow key={row.chain.row} row={row} />
      ))}
    </>
  );
}

function OneRow({ row }: { readonly row: DecisionInFull }) {
  const { explanation } = row;
  return (
    <div class="decision">
      <section class="card answer">
        <Verdict verdict={row.verdict} review={row.review} />
        <div class="score-line">
          <span class="score">{row.score ?? '–'}</span>
          <span class="dim">
            {row.threshold !== null && t('try.above', { threshold: row.threshold })}
            {row.score === null &&
              row.rawScore !== null &&
              ` · ${t('try.rawScore', { score: row.rawScore })}`}
          </span>
        </div>
        <p class="dim">{moment(row.at)}</p>
      </section>
      <Card title={t('decision.why')}>
        {row.texts.length === 0 ? (
          <p class="dim">{t('try.noReasons')}</p>
        ) : (
          <ul class="reasons">
            {row.texts.map(({ code, text, advice }) => (
              <li key={code}>
                {text !== undefined && <strong>{text}</strong>}
                {advice !== undefined && <span>{advice}</span>}
                <code>{code}</code>
              </li>
            ))}
          </ul>
        )}
      </Card>
      <How row={row} />
      {explanation !== null && row.verdict !== null && <QualityCard quality={explanation.quality} />}
      <Request row={row} />
      <Models row={row} />
      <Chain row={row} />
    </div>
  );
}

const orNone = (value: string | number | null | undefined) => value ?? t('decision.none');

function How({ row }: { readonly row: DecisionInFull }) {
  const { explanation, rawScore } = row;
  if (explanation === null) return null;
  const { policy, profile, threshold, liveProbability, faceCount, version } = explanation;
  return (
    <Card title={t('decision.how')}>
      <Facts
        facts={[
          [t('decision.threshold'), orNone(threshold)],
          [t('decision.rawScore'), orNone(rawScore)],
          [t('decision.probability'), liveProbability === null ? orNone(null) : number(liveProbability, 4)],
          [t('decision.faces'), orNone(faceCount)],
          [t('decision.profile'), profile === null ? orNone(null) : named('policy.profile', profile)],
          [t('decision.version'), version],
        ]}
      />
      {policy !== null && (
        <details>
          <summary>{t('decision.policy')}</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
          <pre class="code" tabIndex={0}>
            {JSON.stringify(policy.content, null, 2)}
          </pre>
          <p class="dim mono hash">{policy.hash}</p>
        </details>
      )}
    </Card>
  );
}

function QualityCard({
  quality,
}: {
  readonly quality: NonNullable<DecisionInFull['explanation']>['quality'];
}) {
  const limit = (value: number | null) => (value === null ? '–' : number(value, 2));
  return (
    <Card title={t('decision.quality')}>
      {quality.length === 0 ? (
        <p class="dim">{t('decision.notMeasured')}</p>
      ) : (
        <Table
          label={t('decision.quality')}
          head={[t('try.component'), t('try.value'), '≥', '≤']}
          numeric={[1, 2, 3]}
        >
          {quality.map(({ name, value, unit, min, max }) => (
            <tr key={name}>
              <th scope="row">{named('quality', name)}</th>
              <td class="right mono">
                {number(value, 2)} {named('unit', unit)}
              </td>
              <td class="right mono">{limit(min)}</td>
              <td class="right mono">{limit(max)}</td>
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}

function Request({ row }: { readonly row: DecisionInFull }) {
  const { explanation } = row;
  return (
    <Card title={t('decision.request')}>
      <Facts
        facts={[
          [t('decisions.app'), <code>{row.appid}</code>],
          [t('decision.key'), <code>{row.secretId === '' ? orNone(null) : row.secretId}</code>],
          [t('decision.api'), orNone(explanation?.api)],
          [t('decision.http'), orNone(explanation?.http)],
          [t('decision.wireCode'), row.code],
          [t('decisions.duration'), t('try.ms', { ms: number(row.milliseconds, 1) })],
          [t('decision.caller'), <code>{row.callerAddress}</code>],
          [t('decision.source'), sourceText(row.source)],
          [t('decisions.reference'), orNone(row.reference)],
          [t('decision.size'), t('decision.bytes', { n: number(row.pictureBytes) })],
          [
            t('decision.sha256'),
            <code class="hash">{row.pictureSha256 === '' ? orNone(null) : row.pictureSha256}</code>,
          ],
        ]}
      />
    </Card>
  );
}

/** Where the picture came from: the request itself, or a host. */
function sourceText(source: string) {
  if (source === '') return t('decision.none');
  return source === 'bytes' ? t('decision.inRequest') : <code>{source}</code>;
}

function Models({ row }: { readonly row: DecisionInFull }) {
  const models = Object.entries(row.models);
  if (models.length === 0) return null;
  return (
    <Card title={t('decision.models')}>
      <Facts facts={models.map(([name, sha256]) => [name, <code class="hash">{sha256}</code>] as const)} />
    </Card>
  );
}

function Chain({ row: { chain } }: { readonly row: DecisionInFull }) {
  return (
    <Card title={t('decision.chain')}>
      {chain.hash === null ? (
        <p class="dim">{t('decision.noChain')}</p>
      ) : (
        <>
          <Facts
            facts={[
              [t('decision.name'), chain.names.join(', ')],
              [t('decision.row'), chain.row],
              [t('decision.hash'), <code class="hash">{chain.hash}</code>],
            ]}
          />
          {may('audit') ? (
            <a href={hrefOf('/audit')}>{t('decision.verifyHere')}</a>
          ) : (
            <p class="dim">{t('decision.verify')}</p>
          )}
        </>
      )}
    </Card>
  );
}
