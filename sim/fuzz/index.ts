/** Random modules compared in all engines. */
export { type Failure, failuresOf, type Run } from './compare.ts';
export {
  type EngineName,
  engineNames,
  type FuzzEngine,
  findEngine,
  missingEngine,
  type Tool,
  verilogOf,
} from './engines.ts';
export { type Case, randomCase, randomClocks } from './generate.ts';
export { defaultBundle, type FuzzOptions, type FuzzResult, fuzz } from './run.ts';
export { shrink } from './shrink.ts';
