/** Verilator 5.006 as WebAssembly, or the native one: lint Verilog, build a model of it, run it cycle by cycle. */
export { type Artifact, VERILATOR_WASM_VERSION, type VerilatorKit, verilatorKit } from './artifact.ts';
export { buildModel, compileModel } from './build.ts';
export { cacheDirectory } from './cache.ts';
export { type FoundVerilator, findVerilator } from './find.ts';
export { type ModelPort, portWords, rowWords } from './harness.ts';
export { type LintOptions, lint } from './lint.ts';
export type { BuildRequest, CompiledModel, VerilatedModel } from './model.ts';
export { type ProblemFields, VerilatorProblem } from './problem.ts';
