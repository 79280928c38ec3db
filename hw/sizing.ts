/** Parameters of the units that a model needs, from its dimensions alone. */
import type { ModelConfig } from '../golden/config.ts';
import { inProjRows } from '../golden/config.ts';
import type { Numerics, ScanShape } from '../golden/fixed/index.ts';
import { type ConvParameters, checkConv } from './conv/parameters.ts';
import { type CellFamily, type Engine, type MatmulParameters, matmulWidths } from './matmul/parameters.ts';
import type { MixerParameters } from './mixer/parameters.ts';
import { mixerParameters, scaleTile } from './mixer/sizing.ts';
import { type NormParameters, normWidths } from './norm/parameters.ts';
import type { ResidualParameters } from './norm/residual.ts';
import { type ScanParameters, scanWidths } from './scan/parameters.ts';

/** What the user may choose; the rest follows from the model. */
export interface Choices {
  /** R: rows at once. */
  readonly lanes: number;
  /** K: columns per cycle. */
  readonly columns: number;
  /** How its lanes multiply; default popcount. */
  readonly engine?: Engine;
  /** A': bit planes of activations at once; default all. */
  readonly activationPlanes?: number;
  /** What the matmul array's lanes are made of; default equations. */
  readonly cells?: CellFamily;
  /** Results are scaled by row, as weights of pattern "row" and dense ones ask for. */
  readonly rowScales?: boolean;
  /** Bits of a weight, default 1. */
  readonly planes?: number;
  /** L: state elements of a row per cycle, a power of two. */
  readonly scanLanes: number;
  /** Q: rows of state per cycle. */
  readonly scanRows: number;
  /** P: channels per cycle of what lies between the projections. */
  readonly mixerLanes: number;
}

export interface UnitParameters {
  readonly matmul: MatmulParameters;
  readonly scan: ScanParameters;
  readonly conv: ConvParameters;
  readonly norm: NormParameters;
  readonly residual: ResidualParameters;
  readonly mixer: MixerParameters;
  /** Sizes of a layer. */
  readonly bounds: ScanShape;
}

/** Small units that still have several tiles in every direction; speed is chosen by the user. */
export const defaultChoices = {
  ...{ lanes: 4, columns: 32, engine: 'popcount' },
  ...{ scanLanes: 8, scanRows: 2, mixerLanes: 4 },
} as const satisfies Choices;

/** Throws a `HardwareProblem` where a choice is out of range. */
export function unitParameters(config: ModelConfig, choices: Choices, numerics: Numerics): UnitParameters {
  const narrowest = Math.min(config.dModel, config.dInner / config.nGroups);
  const maxRows = Math.max(inProjRows(config), config.dModel);
  const table = choices.engine === 'table';
  const { activationBits } = numerics.matmul;
  const { activationPlanes = activationBits } = choices;
  const beats = Math.ceil(narrowest / choices.columns) * (activationBits / activationPlanes);
  const matmul: MatmulParameters = {
    engine: choices.engine ?? 'popcount',
    cells: choices.cells ?? 'portable',
    storedRows: table ? maxRows : 0,
    lanes: choices.lanes,
    columns: choices.columns,
    activationPlanes,
    segment: greatestDivisor(choices.columns, scaleTile(config, numerics)),
    tokens: 1,
    drain: table ? choices.lanes : drainFor(choices.lanes, beats),
    planes: choices.planes ?? 1,
    maxShift: numerics.norm.tileSpread,
    maxRows,
    maxColumns: Math.max(config.dModel, config.dInner),
    numerics: numerics.matmul,
    ...(choices.rowScales ? { rowScaleBits: numerics.norm.rowScaleBits } : {}),
  };
  const { segment } = matmul;
  const { load: columns, result: resultBits } = matmulWidths(matmul);
  const { mixerLanes: lanes, scanLanes, scanRows } = choices;
  const { dModel, nHeads: heads, headDim, dState, nGroups: groups } = config;
  const mixer = mixerParameters(config, { lanes, scanLanes, scanRows }, { columns, segment, resultBits }, numerics);
  const { conv, scan } = mixer;
  checkConv(conv);
  scanWidths(scan);
  const { maxColumns } = matmul;
  const norm: NormParameters = {
    ...mixer.norm,
    inputBits: Math.max(numerics.residualBits, numerics.mixer.gatedBits),
    maxTileWords: Math.max(Math.ceil(dModel / lanes), mixer.norm.maxTileWords),
    maxColumns,
  };
  normWidths(norm);
  const { residualBits } = numerics;
  const residual: ResidualParameters = { lanes, maxRows: dModel, maxGroups: groups, resultBits, residualBits };
  return { matmul, scan, conv, norm, residual, mixer, bounds: { heads, headDim, dState, groups } };
}

function greatestDivisor(a: number, b: number): number {
  let [large, small] = [a, b];
  while (small !== 0) [large, small] = [small, large % small];
  return large;
}

/** D: the fewest results per cycle that let those of a tile leave while the next is computed, in `beats` cycles. */
const drainFor = (lanes: number, beats: number): number => Math.max(1, Math.ceil(lanes / beats));
