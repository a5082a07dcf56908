import Type, { type TSchema, type TSchemaOptions } from 'typebox';

/** What the loader and the documentation know of a setting beyond its JSON type. */
export interface SettingNotes extends TSchemaOptions {
  /** What it does, in one or two sentences. */
  readonly description: string;
  readonly default: unknown;
  /** Unit of the number. */
  readonly unit?: string;
  /** A file or folder: a relative one in a configuration file is read from that file's folder. */
  readonly isPath?: boolean;
  /** Never printed. */
  readonly isSecret?: boolean;
  /** Taken from the environment only, refused in a file. */
  readonly environmentOnly?: boolean;
  /** An environment variable of another name that counts where the setting's own is not set. */
  readonly alias?: string;
  /** A check that JSON Schema cannot say; see `config/checks.ts`. */
  readonly check?:
    | 'origin'
    | 'issuer'
    | 'oneOrigin'
    | 'bucketPrefix'
    | 'network'
    | 'networkOrHost'
    | 'masterKey'
    | 'postgresUrl'
    | 'redisUrl'
    | 'httpUrl'
    | 'nodeName';
}

/** An object of settings takes no others. */
export const CLOSED = { additionalProperties: false } as const;
/** Settings under one name. */
export const group = <P extends Record<string, TSchema>>(description: string, properties: P) =>
  Type.Object(properties, { ...CLOSED, description });
/** A whole number within bounds. */
export const integer = (minimum: number, maximum: number, notes: SettingNotes) =>
  Type.Integer({ minimum, maximum, ...notes });
/** A number within bounds. */
export const number = (minimum: number, maximum: number, notes: SettingNotes) =>
  Type.Number({ minimum, maximum, ...notes });
/** A text that is not empty. */
export const text = (notes: SettingNotes) => Type.String({ minLength: 1, maxLength: 4096, ...notes });
/** True or false. */
export const yesNo = (notes: SettingNotes) => Type.Boolean({ ...notes });
/** A list of texts. */
export const list = (notes: SettingNotes) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), { maxItems: 1000, ...notes });
/** One of some words. */
export const oneOf = <const V extends string>(values: readonly V[], notes: SettingNotes) =>
  Type.Unsafe<V>({ type: 'string', enum: values, ...notes });
/** One of some words, or null. */
export const maybeOneOf = <const V extends string>(values: readonly V[], notes: SettingNotes) =>
  Type.Union([Type.Null(), Type.Unsafe<V>({ type: 'string', enum: values })], { ...notes });
/** A text, or null. */
export const maybeText = (notes: SettingNotes) =>
  Type.Union([Type.Null(), Type.String({ minLength: 1, maxLength: 4096 })], { ...notes });
/** A number within bounds, or null. */
export const maybeNumber = (minimum: number, maximum: number, notes: SettingNotes) =>
  Type.Union([Type.Null(), Type.Number({ minimum, maximum })], { ...notes });
/** A whole number within bounds, or null. */
export const maybeInteger = (minimum: number, maximum: number, notes: SettingNotes) =>
  Type.Union([Type.Null(), Type.Integer({ minimum, maximum })], { ...notes });
