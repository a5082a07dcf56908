import { group, integer, maybeText, text, yesNo } from './kinds.ts';

/** How S3-compatible storage is reached. */
export const S3_SETTINGS = {
  s3: group('S3-compatible storage that batches read pictures from and write results to.', {
    endpoint: maybeText({
      default: null,
      check: 'oneOrigin',
      description:
        'Where it is, such as `https://s3.eu-central-1.amazonaws.com` or `http://minio:9000`; it may be a private address. Nothing else is contacted. null: `s3://` is refused.',
    }),
    region: text({ default: 'us-east-1', description: 'The region that requests are signed for.' }),
    pathStyle: yesNo({
      default: true,
      description: 'The bucket stands in the path; off: in front of the name of the host.',
    }),
    accessKeyId: maybeText({
      default: null,
      isSecret: true,
      environmentOnly: true,
      description:
        'The access key. null: the one in `s3.credentialsFile`; without that, requests are not signed.',
    }),
    secretAccessKey: maybeText({
      default: null,
      isSecret: true,
      environmentOnly: true,
      description: 'The secret of the access key.',
    }),
    sessionToken: maybeText({
      default: null,
      isSecret: true,
      environmentOnly: true,
      description: 'The token that comes with temporary keys.',
    }),
    credentialsFile: maybeText({
      default: null,
      isPath: true,
      description:
        "A file with the keys, in the form of AWS' own (`[default]`, `aws_access_key_id = …`); read again when it changes.",
    }),
    ca: maybeText({
      default: null,
      isPath: true,
      description:
        "PEM file with the authority that signed the server's certificate. null: those that Node.js trusts.",
    }),
    timeoutMs: integer(100, 600_000, {
      default: 30_000,
      unit: 'ms',
      description: 'For one request: a picture, a page of a listing, a part of 8 MiB of a result.',
    }),
    appsPrefix: maybeText({
      default: null,
      check: 'bucketPrefix',
      description:
        'A bucket, or bucket and folder (`faces/in`): over the API an app reads and writes below `s3://…/APPID/` there, and nowhere else. null: over the API there is no `s3://`.',
    }),
  }),
};
