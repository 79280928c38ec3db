// @ts-check
/* The part of the JavaScript embedding of WebAssembly that the simulator needs, typed without a browser's library. Plain JavaScript for threads. */

/**
 * @typedef {object} WebAssemblyApi
 * @property {new (bytes: Uint8Array<ArrayBuffer>) => object} Module
 * @property {new (module: object) => { readonly exports: unknown }} Instance
 */
const api = /** @type {{ readonly WebAssembly: WebAssemblyApi }} */ (/** @type {unknown} */ (globalThis)).WebAssembly;

/** A module that any thread can instantiate. @type {(bytes: Uint8Array<ArrayBuffer>) => object} */
export const compileModule = (bytes) => new api.Module(bytes);

/** A new instance of a module without imports. @type {(module: object) => unknown} */
export const instantiateModule = (module) => new api.Instance(module).exports;
