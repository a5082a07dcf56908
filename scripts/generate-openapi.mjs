// Writes docs/reference/openapi.json from the schemas of the v1 API.
// node scripts/generate-openapi.mjs           write it (build first: npm run build)
// node scripts/generate-openapi.mjs --check   only compare; status 1 when it is out of date
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openApiDocument } from '../dist/wire/v1/openapi.js';

const file = fileURLToPath(new URL('../docs/reference/openapi.json', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const text = `${JSON.stringify(openApiDocument(version), null, 2)}\n`;

if (!process.argv.includes('--check')) {
  writeFileSync(file, text);
} else if (readFileSync(file, 'utf8').replaceAll('\r\n', '\n') !== text) {
  process.stderr.write(
    'docs/reference/openapi.json is out of date: npm run build && node scripts/generate-openapi.mjs\n',
  );
  process.exitCode = 1;
}
