/** Verilator 5.006 as WebAssembly, or the native one: lint Verilog, build a model of it, run it cycle by cycle. */
export { type Artifact, VERILATOR_WASM_VERSION, type VerilatorKit, verilatorKit } from './artifact.ts';
export { buildModel, compileModel } from './build.ts';
export { cacheDirectory, sealedDirectory, sha256 } from './cache.ts';
export { type Channel, openChannel } from './channel.ts';
export { type CppDesign, type CppSource, type CppTarget, compileCpp } from './compile.ts';
export {
  type CppCompiler,
  type FoundVerilator,
  findCompiler,
  findNewestVerilator,
  findVerilator,
  type NativeTools,
  onPath,
} from './find.ts';
export {
  checkInterface,
  type Interface,
  type ModelPort,
  portWords,
  rowWords,
  WRAPPER,
  WRAPPER_FILE,
  wrapperVerilog,
} from './harness.ts';
export { type LintOptions, lint } from './lint.ts';
export type { BuildRequest, CompiledModel, VerilatedModel } from './model.ts';
export { VerilatorProblem } from './problem.ts';
export { type Outcome, runProgram } from './spawn.ts';
export { withFiles } from './verilate.ts';
