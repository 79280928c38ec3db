/** Verification of a model's units. */
export { type Fault, faults } from './faults.ts';
export { type Finding, findingText } from './finding.ts';
export type { Deviation } from './job.ts';
export type { EngineName, Run, UnitRun, VerilatorChoice, Watch } from './run.ts';
export type { Verdict, WrongWord } from './unit-bench.ts';
export { type Unit, unitNames, type VerifiedUnit, verifiedUnits } from './units.ts';
export { type Verification, type VerifyOptions, verifyModel } from './verify.ts';
