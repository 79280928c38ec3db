/** The part of the JavaScript embedding of WebAssembly that the simulator needs, typed without a browser's library. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
}

const api = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;

/** A module that any thread can instantiate. */
export const compileModule = (bytes: Uint8Array<ArrayBuffer>): object => new api.Module(bytes);

/** A new instance of a module without imports. */
export const instantiateModule = (module: object): Readonly<Record<string, unknown>> =>
  new api.Instance(module).exports;
