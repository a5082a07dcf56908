import Type, { type Static } from 'typebox';

const CLOSED = { additionalProperties: false } as const;
const count = (description: string) => Type.Integer({ minimum: 0, description });
const moment = (description: string) => Type.String({ format: 'date-time', description });
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });

/** Pictures of one request at most; longer lists are submitted with the command line. */
export const MOST_PICTURES = 10_000;

const pictureName = Type.String({ minLength: 1, maxLength: 4096 });
const pictureOfGroup = Type.Object(
  {
    picture: pictureName,
    group: Type.String({
      minLength: 1,
      maxLength: 200,
      description:
        'Two to five pictures that follow each other and have one group are judged as stills of one person; their verdict has a row of its own behind them.',
    }),
  },
  CLOSED,
);

/** The body of `POST /v1/batches`. */
export const batchRequestSchema = Type.Object(
  {
    pictures: Type.Array(Type.Union([pictureName, pictureOfGroup]), {
      minItems: 1,
      maxItems: MOST_PICTURES,
      description:
        "Urls (http or https, at a public address), and paths in the app's own folder of the server's folder of pictures: APPID/…. Where the server has S3-compatible storage for apps also s3:// in the app's own folder there; one that ends with / is all pictures below it. Each as a text, or as an object with the group whose stills are judged together.",
    }),
    name: Type.Optional(Type.String({ maxLength: 200, description: 'What people call it.' })),
    priority: Type.Optional(
      Type.Integer({
        minimum: -9,
        maximum: 0,
        description: "Below 0: after the batches of others. Above it is the operator's to say.",
      }),
    ),
    webhook: Type.Optional(
      Type.String({
        format: 'uri',
        maxLength: 2048,
        description: 'Called with a signed POST when the batch is over.',
      }),
    ),
    results: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2048,
        description:
          "Where results are written once it is done: s3:// in the app's own folder of the storage, a key that ends in .ndjson, .parquet or .csv, or a folder that ends with /.",
      }),
    ),
  },
  { ...CLOSED, title: 'BatchRequest', description: 'Pictures to be judged by and by.' },
);

/** How far a batch is. */
export const batchSchema = Type.Object(
  {
    batchId: Type.String(),
    name: Type.String(),
    state: Type.Unsafe<'filling' | 'running' | 'paused' | 'done' | 'cancelled'>({
      type: 'string',
      enum: ['filling', 'running', 'paused', 'done', 'cancelled'],
      description: 'filling: its list is still being read.',
    }),
    priority: Type.Integer(),
    pictures: count('How many rows it has: its pictures, and one for each group of them.'),
    judged: count('Those with a verdict, also poor_quality and no_face.'),
    refused: count('Those that are no picture, or were not to be had.'),
    failed: count('Those that trouble of the service kept from being judged.'),
    createdAt: moment('When it was submitted.'),
    begunAt: orNull(moment('When the first picture was begun.'), 'Null: not yet.'),
    finishedAt: orNull(moment('When it was over.'), 'Null: not yet.'),
    secondsLeft: orNull(Type.Integer({ minimum: 0 }), 'By its pace so far; null where nothing can be said.'),
    webhook: orNull(
      Type.Unsafe<'waiting' | 'delivered' | 'given_up'>({
        type: 'string',
        enum: ['waiting', 'delivered', 'given_up'],
      }),
      'What became of the call at its end; null: there is none, or it is not due yet.',
    ),
    results: orNull(Type.String(), 'Where the results are written once it is done; null: nowhere.'),
    resultsState: orNull(
      Type.Unsafe<'waiting' | 'written' | 'given_up'>({
        type: 'string',
        enum: ['waiting', 'written', 'given_up'],
      }),
      'What became of that; null: they are written nowhere.',
    ),
  },
  { ...CLOSED, title: 'Batch', description: 'How far a batch is.' },
);

/** The answer of `GET /v1/batches`. */
export const batchListSchema = Type.Object(
  { batches: Type.Array(batchSchema, { description: 'The latest, newest first.' }) },
  { ...CLOSED, title: 'BatchList', description: "The app's batches." },
);

/** The answer of `GET /v1/batches/{id}/results`. */
export const batchResultsSchema = Type.Object(
  {
    results: Type.Array(
      Type.Object(
        {
          row: Type.Integer({
            minimum: 1,
            description:
              "The picture's place in the list; where there are groups, each counts for one more, right behind its pictures.",
          }),
          result: Type.Record(Type.String(), Type.Unknown(), {
            description:
              'As a row of livestill batch: key, picture, sha256, code, verdict, score, reasons, …; of a group also group and together.',
          }),
        },
        { ...CLOSED, title: 'BatchResult' },
      ),
    ),
    next: orNull(
      Type.Integer(),
      'What to give as after for the next page; null: there is nothing more by now.',
    ),
  },
  { ...CLOSED, title: 'BatchResults', description: 'Results by row.' },
);

/** The body of `POST /v1/batches`. */
export type BatchRequestBody = Static<typeof batchRequestSchema>;
/** The answer of calls about one batch. */
export type BatchBody = Static<typeof batchSchema>;
/** The answer of `GET /v1/batches/{id}/results`. */
export type BatchResultsBody = Static<typeof batchResultsSchema>;
