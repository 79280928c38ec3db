/** CIRCT's firtool: found, fetched when asked for, and run. */
export { fetchFirtool } from './fetch.ts';
export { type FoundFirtool, findFirtool } from './find.ts';
export { FirtoolProblem, firtoolMissing } from './problem.ts';
export { type FirtoolResult, runFirtool } from './run.ts';
export { FIRTOOL_ARTIFACT, FIRTOOL_VERSION } from './version.ts';
