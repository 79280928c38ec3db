/** Arrays drawn at random: those that the cost model is fitted on, and others that it is judged by. Yosys maps each in some ten seconds. */
import { defaultNumerics } from '../../golden/fixed/index.ts';
import {
  type CostTarget,
  type Engine,
  HardwareProblem,
  laneCells,
  type MatmulParameters,
  matmulWidths,
} from '../../hw/index.ts';
import { createRandom, type Random } from '../../sim/index.ts';

/** Arrays of one kind. */
export interface Kind {
  readonly target: CostTarget;
  readonly engine: Engine;
  /** How many are fitted, and how many judge. */
  readonly fitted: number;
  readonly judging: number;
}

export const kinds: readonly Kind[] = [
  { target: 'xcup', engine: 'popcount', fitted: 16, judging: 4 },
  { target: 'xcup', engine: 'table', fitted: 16, judging: 4 },
  { target: 'xc7', engine: 'popcount', fitted: 16, judging: 4 },
  { target: 'xc7', engine: 'table', fitted: 16, judging: 4 },
  { target: 'ecp5', engine: 'popcount', fitted: 24, judging: 4 },
];

/** Bit products per cycle of an array of popcounts, multiply-accumulates of one of tables, at most. */
export interface Most {
  readonly popcount: number;
  readonly table: number;
}

/** `count` arrays of a kind. Every parameter has several values, most of them the usual one in half of the arrays. */
export function drawn(kind: Kind, seed: number, count: number, most: Most): MatmulParameters[] {
  const random = createRandom(seed);
  const samples: MatmulParameters[] = [];
  while (samples.length < count) {
    const parameters = draw(kind, random, most[kind.engine]);
    if (isValid(parameters)) samples.push(parameters);
  }
  return samples;
}

function draw({ target, engine }: Kind, random: Random, products: number): MatmulParameters {
  const among = <T>(...values: readonly T[]): T => values[random.below(values.length)]!;
  const usually = <T>(value: T, ...others: readonly T[]): T => (random.chance(0.55) ? value : among(...others));
  const table = engine === 'table';
  const columns = among(16, 24, 32, 48, 64, 80, 96, 128, 192, 256);
  const tokens = table ? 1 : usually(1, 2, 3, 4);
  const activationBits = usually(8, 4, 6);
  const most = Math.max(1, Math.floor(products / (table ? 1 : activationBits) / columns / tokens));
  const lanes = 1 + random.below(Math.min(16, most));
  const maxShift = usually(0, 2, 4, 8, 16);
  const maxRows = among(256, 1024, 4096, 10576);
  return {
    ...{ lanes, columns, tokens, maxShift, maxRows, engine },
    segment: maxShift === 0 ? columns : among(columns, columns / 2, columns / 4),
    load: among(columns, columns / 2, columns / 4, 64),
    drain: table ? lanes : 1 + random.below(lanes),
    planes: usually(1, 2, 4, 8),
    maxColumns: among(512, 2048, 5120),
    storedRows: table ? maxRows : usually(0, maxRows),
    activationPlanes: table ? activationBits : usually(activationBits, 1, 2, activationBits / 2),
    numerics: { ...defaultNumerics.matmul, activationBits },
    cells: laneCells(target, engine),
    ...(random.chance(0.75) ? {} : { rowScaleBits: among(8, 12, 16) }),
    ...(random.chance(0.8) ? {} : { saturate: 20 }),
  };
}

function isValid(p: MatmulParameters): boolean {
  try {
    matmulWidths(p);
    return true;
  } catch (error) {
    if (error instanceof HardwareProblem) return false;
    throw error;
  }
}
