/** The part of the JavaScript embedding of WebAssembly that the simulator needs, typed without a browser's library. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
}

/** Compiles and instantiates a module without imports. */
export function instantiate(bytes: Uint8Array<ArrayBuffer>): Readonly<Record<string, unknown>> {
  const api = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
  return new api.Instance(new api.Module(bytes)).exports;
}
