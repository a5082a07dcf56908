import { group, integer, maybeText, oneOf } from './kinds.ts';

/** Sessions of the camera component, and the calls that tell of their end. */
export const SESSION_SETTINGS = {
  sessions: group('Sessions that bind pictures to the camera component.', {
    seconds: integer(30, 3600, {
      default: 300,
      unit: 's',
      description: 'How long a session takes stills, where its maker names nothing else.',
    }),
    tries: integer(1, 10, {
      default: 3,
      description: 'Tries of a session, where its maker names nothing else.',
    }),
    mostOpen: integer(1, 1_000_000, {
      default: 1000,
      description:
        'Open sessions of one app at most, over all nodes; a new one is refused then with 429 until one has ended.',
    }),
    captureSignals: oneOf(['information', 'review'], {
      default: 'information',
      description:
        'Signals of pictures that did not come from a camera ([injection.md](../understand/injection.md)). `information`: they are told. `review`: a live result with one is for review, in every session.',
    }),
  }),
  webhook: group('Calls to the servers of apps. They keep to the rules of `download`.', {
    secret: maybeText({
      default: null,
      isSecret: true,
      environmentOnly: true,
      description:
        'What webhooks of sessions and batches are signed with: each app gets a secret made of it. At least 32 random characters, the same on every node and worker. null: no webhooks are taken.',
    }),
  }),
};
