import { BASE_STYLE } from './style.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text made safe for HTML and SVG, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** What differs between the pages that livestill makes. */
export interface PageParts {
  /** Escaped here. */
  readonly title: string;
  /** HTML. */
  readonly body: string;
  /** CSS that comes after the style all pages have. */
  readonly style?: string;
  /** Names and contents of further `meta` elements; escaped here. */
  readonly meta?: Readonly<Record<string, string>>;
}

const FILE_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/** A whole HTML page without scripts and without fonts or files from elsewhere. */
export function htmlPage({ title, body, style = '', meta = {} }: PageParts): string {
  const metas = Object.entries(meta).map(
    ([name, content]) => `<meta name="${escapeHtml(name)}" content="${escapeHtml(content)}">\n`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${FILE_POLICY}">
${metas.join('')}<title>${escapeHtml(title)}</title>
<style>${BASE_STYLE}${style}</style></head>
<body>
${body}
</body></html>
`;
}
