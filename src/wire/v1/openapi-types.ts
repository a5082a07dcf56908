/** JSON, as deep as it goes. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** An OpenAPI document, as far as this program reads it itself. */
export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: Readonly<Record<string, Json>>;
  /** Where the API is: beside the document itself, whichever name the service was called by. */
  readonly servers: readonly Json[];
  readonly tags: readonly Json[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Json>>;
    readonly securitySchemes: Readonly<Record<string, Json>>;
    readonly headers: Readonly<Record<string, Json>>;
  };
  readonly 'x-problems': Readonly<Record<string, Json>>;
}

/** One operation of a path. */
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly security: Json;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly description: string;
    readonly schema: Json;
  }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly description: string;
    readonly content: Readonly<Record<string, Json>>;
  };
  readonly responses: Readonly<
    Record<string, { readonly description: string } & Readonly<Record<string, Json>>>
  >;
}
