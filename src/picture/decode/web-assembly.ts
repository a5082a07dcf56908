/** The part of WebAssembly's interface that is used; the types of Node 20 do not name it. */
interface WebAssemblyApi {
  compile(code: Uint8Array): Promise<WasmModule>;
  readonly Instance: new (module: WasmModule, imports: unknown) => WasmInstance;
  readonly Memory: { readonly prototype: WasmMemory };
}

/** Compiled code, which threads can be given. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

/** Code that has memory and can be called. */
export interface WasmInstance {
  readonly exports: object;
}

/** Memory of such code. */
export interface WasmMemory {
  readonly buffer: ArrayBufferLike;
  grow(this: WasmMemory, pages: number): number;
}

/** The global `WebAssembly`. */
export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
