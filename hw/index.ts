/** The hardware units. */

export { type ConvInterface, type ConvParameters, checkConv } from './conv/parameters.ts';
export { convUnit, convWords } from './conv/unit.ts';
export { type Device, type DeviceName, devices } from './devices.ts';
export type { CostTarget } from './fabric.ts';
export { matmulArray, matmulLatency } from './matmul/array.ts';
export { type Schedule, schedule, type Work } from './matmul/cycles.ts';
export { headerImage, hexImage, type ImageFacts, page } from './matmul/images.ts';
export { type MatmulInterface, matmulInterface } from './matmul/interface.ts';
export {
  type BeatStream,
  beatValue,
  factorStream,
  type Order,
  orderOf,
  type PlaneCoding,
  weightStream,
} from './matmul/layout.ts';
export {
  checkMatrix,
  type Engine,
  laneCells,
  type MatmulParameters,
  type MatmulWidths,
  matmulWidths,
  targetCells,
} from './matmul/parameters.ts';
export { type NamedMatrix, type Plan, type PlanRequest, planMatmul } from './matmul/plan.ts';
export { bursts, type ReaderParameters, weightReader, wordsPerBeat } from './matmul/reader.ts';
export { type Resources, resources } from './matmul/resources.ts';
export { type Sizes, structureOf } from './matmul/structure.ts';
export { beats as mixerBeats, type OrderedBeat, rowOrder } from './mixer/order.ts';
export { type MixerParameters, mixerParts } from './mixer/parameters.ts';
export {
  type ArrayPace,
  type LayerTiming,
  layerTiming,
  type MixerPlan,
  type MixerSchedule,
  mixerSchedule,
  planMixer,
  resultPace,
} from './mixer/plan.ts';
export { type ConvScaling, convScaling, mixerDescriptor, type TokenPlace } from './mixer/scaling.ts';
export { type ArrayPorts, type MixerChoices, mixerParameters, scaleTile } from './mixer/sizing.ts';
export { type MixerInterface, mixerUnit } from './mixer/unit.ts';
export {
  type CurveName,
  curves,
  exp2Unit,
  type NonlinearInterface,
  rsqrtUnit,
  siluUnit,
  sizedTable,
  softplusUnit,
} from './nonlinear/index.ts';
export { normDescriptor, scaleShift, tileWords, vectorBeats } from './norm/layout.ts';
export { type NormInterface, type NormParameters, normWidths } from './norm/parameters.ts';
export { type ResidualInterface, type ResidualParameters, residualUnit } from './norm/residual.ts';
export { normUnit } from './norm/unit.ts';
export { checkChoice, HardwareProblem } from './problem.ts';
export { type ScanCoreInterface, scanCore } from './scan/core.ts';
export { coreDescriptor, scanDescriptor } from './scan/descriptor.ts';
export { type ScanParameters, type ScanWidths, scanWidths, storeSize } from './scan/parameters.ts';
export {
  cyclesPerToken,
  planScan,
  type ScanPlan,
  type ScanTiming,
  scanCycles,
  scanTiming,
} from './scan/plan.ts';
export { scanCostName, scanResources } from './scan/resources.ts';
export { type ScanInterface, scanInterface, scanUnit } from './scan/unit.ts';
export { type Choices, defaultChoices, type UnitParameters, unitParameters } from './sizing.ts';
