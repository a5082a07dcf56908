import { escapeHtml, htmlPage } from '../../report/html.ts';
import type { Json, OpenApiDocument, Operation } from './openapi-types.ts';
import { REFERENCE_STYLE } from './reference-style.ts';

type Members = Readonly<Record<string, Json>>;

/**
 * The reference page: one HTML file made from the OpenAPI document, without scripts, and asking for nothing
 * else.
 */
export function referencePage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const schemas = Object.entries(document.components.schemas);
  const problems = Object.entries(document['x-problems']);
  const { title, version, summary, description } = document.info;
  const body = `<nav aria-label="Contents">
<p class="brand">${text(title)} <small>${text(version)}</small></p>
<h2>Calls</h2>
<ul>${operations.map(({ path, method, operation }) => `<li><a href="#${operation.operationId}"><b class="${method}">${method}</b> ${text(path)}</a></li>`).join('')}</ul>
<div class="more"><h2>Shapes</h2>
<ul>${schemas.map(([name]) => `<li><a href="#schema-${name}">${name}</a></li>`).join('')}</ul>
<h2>Problems</h2>
<ul>${problems.map(([code]) => `<li><a href="#${anchor(code)}">${code}</a></li>`).join('')}</ul></div>
</nav>
<main>
<h1>${text(summary)}</h1>
<p>${text(description)}</p>
<p>This page as data: <a href="/v1/openapi.json"><code>/v1/openapi.json</code></a> (OpenAPI ${document.openapi}).</p>
<h2>First call</h2>
<pre><code>${text(FIRST_CALL)}</code></pre>
<p>API key: ${text((document.components.securitySchemes.apiKey as Members).description)}</p>
${operations.map((one) => operationSection(one.method, one.path, one.operation)).join('\n')}
<h2>Shapes</h2>
${schemas.map(([name, schema]) => schemaSection(name, schema as Members)).join('\n')}
<h2>Problems</h2>
<p>Codes and types are stable. “Again” says whether the same request may succeed later.</p>
<table class="wide"><thead><tr><th>Code</th><th>HTTP</th><th>What it is</th><th>What to do</th><th>Again</th></tr></thead><tbody>
${problems.map(([code, kind]) => problemRow(code, kind as Members)).join('\n')}
</tbody></table>
</main>`;
  return htmlPage({ title: `livestill ${version}: API reference`, style: REFERENCE_STYLE, body });
}

const FIRST_CALL = `curl --data-binary @selfie.jpg -H 'Content-Type: image/jpeg' \\
     -H "Authorization: Bearer $LIVESTILL_API_KEY" -H "Idempotency-Key: $(uuidgen)" \\
     http://127.0.0.1:8787/v1/liveness`;

function operationSection(method: string, path: string, operation: Operation): string {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const inputs = parameters.map(
    (one) =>
      `<tr><td><code>${text(one.name)}</code></td><td>${text(one.in)}</td><td>${text(one.description)}</td></tr>`,
  );
  return `<section id="${operationId}">
<h2><b class="${method}">${method}</b> ${text(path)}</h2>
<p class="lead">${text(summary)}</p>
<p>${text(description)}</p>
${inputs.length === 0 ? '' : `<h3>Headers</h3>${table(['Name', 'In', 'What it does'], inputs)}`}
${requestBody === undefined ? '' : `<h3>Body</h3><p>${text(requestBody.description)}</p>${contentList(requestBody.content)}`}
<h3>Answers</h3>
${table(
  ['HTTP', 'Shape', 'When'],
  Object.entries(responses).map(
    ([status, response]) =>
      `<tr><td><code>${status}</code></td><td>${shapes(response.content as Members)}</td><td>${problemLinks(response.description)}</td></tr>`,
  ),
)}
${example(responses['200']?.content as Members | undefined)}
</section>`;
}

/** The example of an answer, where there is one. */
function example(content: Members | undefined): string {
  const media = content?.['application/json'] as Members | undefined;
  if (media?.example === undefined) return '';
  return `<h3>Example</h3><pre><code>${text(JSON.stringify(media.example, null, 2))}</code></pre>`;
}

function contentList(content: Members): string {
  const rows = Object.entries(content).map(
    ([type, media]) =>
      `<tr><td><code>${text(type)}</code></td><td>${typeOf((media as Members).schema as Members)}</td></tr>`,
  );
  return table(['Content-Type', 'What it holds'], rows);
}

function shapes(content: Members): string {
  return Object.values(content)
    .map((media) => typeOf((media as Members).schema as Members))
    .join(', ');
}

function schemaSection(name: string, schema: Members): string {
  const required = new Set((schema.required as readonly string[] | undefined) ?? []);
  const rows = Object.entries((schema.properties ?? {}) as Members).map(([member, value]) => {
    const shape = value as Members;
    const optional = required.has(member) ? '' : ' <i>optional</i>';
    return `<tr><td><code>${text(member)}</code>${optional}</td><td>${typeOf(shape)}</td><td>${text(shape.description ?? '')}</td></tr>`;
  });
  return `<section id="schema-${name}"><h3>${name}</h3><p>${text(schema.description ?? '')}</p>${
    rows.length === 0 ? '' : table(['Member', 'Type', 'Meaning'], rows)
  }</section>`;
}

/** A schema in a few words. */
function typeOf(schema: Members): string {
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return `<a href="#schema-${name}">${name}</a>`;
  }
  if (schema.anyOf !== undefined) return (schema.anyOf as readonly Members[]).map(typeOf).join(' or ');
  if (schema.enum !== undefined) {
    const values = schema.enum as readonly Json[];
    const shown = values.slice(0, 8).map((value) => `<code>${text(JSON.stringify(value))}</code>`);
    return shown.join(' ') + (values.length > 8 ? ' …' : '');
  }
  if (schema.type === 'array') return `list of ${typeOf(schema.items as Members)}`;
  if (schema.contentMediaType !== undefined) return 'the bytes of the picture';
  if (schema.type === 'object' && schema.properties !== undefined) {
    return `${text(schema.description ?? 'object')} <code>${Object.keys(schema.properties as Members)
      .map(text)
      .join('</code> <code>')}</code>`;
  }
  if (schema.patternProperties !== undefined) return 'numbers by name';
  const bounds =
    schema.minimum === undefined && schema.maximum === undefined
      ? ''
      : ` ${text(schema.minimum ?? '')}…${text(schema.maximum ?? '')}`;
  return `${text(schema.type ?? 'any')}${bounds}`;
}

function problemRow(code: string, kind: Members): string {
  const both = (texts: Json) =>
    `${text((texts as Members).en)}<br><span lang="zh-CN">${text((texts as Members).zh)}</span>`;
  const again = kind.retryable === true ? 'yes' : 'no';
  return `<tr id="${anchor(code)}"><td><code>${text(code)}</code></td><td>${text(kind.status)}</td><td>${both(kind.title)}</td><td>${both(kind.action)}</td><td>${again}</td></tr>`;
}

/** The codes at the start of a response's sentences lead to the table of problems. */
function problemLinks(description: string): string {
  return text(description).replace(
    /(?<=^|\. )([a-z]+(?:_[a-z]+)*):/g,
    (_all, code: string) => `<a href="#${anchor(code)}">${code}</a>:`,
  );
}

const anchor = (code: string): string => `problem-${code.replaceAll('_', '-')}`;

function table(head: readonly string[], rows: readonly string[]): string {
  return `<table><thead><tr>${head.map((cell) => `<th>${cell}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** Any value as text of an HTML page. */
function text(value: Json | undefined): string {
  return escapeHtml(String(value ?? ''));
}
