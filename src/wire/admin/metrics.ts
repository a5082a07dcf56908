import type { FastifyInstance } from 'fastify';
import { shared } from './shared.ts';

/** A page that is made anew for each who asks. */
export interface ServedPage {
  readonly contentType: string;
  text(): Promise<string>;
}

/** `GET /metrics`, for Prometheus. */
export async function metricsRoute(
  app: FastifyInstance,
  { page }: { readonly page: ServedPage },
): Promise<void> {
  const bytes = shared(async () => Buffer.from(await page.text()));
  app.get('/metrics', async (_request, reply) =>
    reply
      .type(page.contentType)
      .header('cache-control', 'no-store')
      .send(await bytes()),
  );
}
