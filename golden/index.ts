/** The golden model: checkpoint readers, the float model, evaluation. README.md shows how they fit together. */
export { billm, signs } from './baselines/binary.ts';
export { gptq, gptqPlanes, type Matrix, roundToNearest } from './baselines/grids.ts';
export { type Method, quantizeModel } from './baselines/quantize-model.ts';
export { convDim, inProjRows, type ModelConfig } from './config.ts';
export { bitsPerByte, type Evaluation, type EvaluationOptions } from './eval/bits-per-byte.ts';
export { comparePrecisions, type LayerNoise, type PrecisionComparison, signalToNoise } from './eval/compare.ts';
export { createRunner, type FixedChoice, fixedRunner, floatRunner, type Runner } from './eval/runner.ts';
export { readWindows, type WindowOptions } from './eval/text.ts';
export { surprisal, windowNats } from './eval/windows.ts';
export { type Calibration, calibrate, type LayerRanges } from './fixed/calibration.ts';
export {
  CALIBRATION_OFFSET,
  CALIBRATION_WINDOW,
  CALIBRATION_WINDOWS,
  type CalibrationText,
  readCalibration,
  readCalibrationText,
  writeCalibration,
} from './fixed/calibration-file.ts';
export type { Program } from './fixed/fast/program.ts';
export { createFastSession, type FastSession, openSession, placeModel } from './fixed/fast/session.ts';
export { createTeam, createTeamSession, type TeamSession } from './fixed/fast/team.ts';
export { type FixedObserver, type FixedTap, stepFixed } from './fixed/forward.ts';
export { type FixedModel, fixModel, type Streamed, streamModel } from './fixed/model.ts';
export { defaultNumerics, type Numerics } from './fixed/numerics.ts';
export { createFixedSession, type FixedSession, resetFixed, restoreFixed, saveFixed } from './fixed/session.ts';
export { VARIANTS, variant } from './fixed/variants.ts';
export { type Capture, capture, type Tensor, tapRows, tapTensor } from './float/capture.ts';
export {
  type LogitsSpan,
  type Observer,
  type PrefillOptions,
  prefill,
  step,
  type Tap,
  type TapName,
} from './float/forward.ts';
export type { Kernels } from './float/kernels.ts';
export { plainKernels, silu, softplus } from './float/plain.ts';
export {
  createSession,
  resetState,
  restoreState,
  type Session,
  type SessionOptions,
  type State,
  saveState,
} from './float/session.ts';
export { createSimdKernels } from './float/simd.ts';
export { checkPrompt, checkSampling, createSampler, GREEDY, generate, type Sampling } from './generate.ts';
export { describeModel, type Inspection, type PartSize } from './inspect.ts';
export { type Layer, type LoadOptions, loadModel, type Model, projectionForm } from './model.ts';
export { PACKED_FORMAT, packModel } from './pack.ts';
export { excerpt, GoldenProblem, type ProblemFacts, type ProblemId, shapeText } from './problem.ts';
export {
  type BinaryProjection,
  type DenseProjection,
  type Projection,
  type ScalingPattern,
  scaleIndex,
  signAt,
  type ZeroChoice,
} from './projection.ts';
export { openCheckpoint } from './read/checkpoint.ts';
export { readConfig } from './read/config.ts';
export { openSafetensors, type SafetensorsFile } from './read/safetensors.ts';
export type { WeightStats } from './read/stats.ts';
export { readFloats, readIntegers, type TensorInfo, type TensorSource, visitFloats } from './read/tensors.ts';
export { releasedConfigs } from './released.ts';
export { readTokenizer, type Tokenizer } from './tokenizer.ts';
export { compareTrace, LOGIT_BOUND, RELATIVE_BOUND, type TensorComparison, type TraceComparison } from './trace.ts';
