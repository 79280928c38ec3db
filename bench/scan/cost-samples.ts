/** Scan units drawn at random: those that the cost model is fitted on, and others that it is judged by. Yosys maps each in half a minute to two. */
import { defaultNumerics } from '../../golden/fixed/index.ts';
import { type CostTarget, type ScanParameters, storeSize } from '../../hw/index.ts';
import { createRandom, type Random } from '../../sim/index.ts';

/** Units of one kind. */
export interface Kind {
  readonly target: CostTarget;
  readonly state: 'row' | 'head';
  readonly products: 'dsp' | 'logic';
  /** How many are fitted, and how many judge. */
  readonly fitted: number;
  readonly judging: number;
}

export const kinds: readonly Kind[] = [
  { target: 'xcup', state: 'row', products: 'dsp', fitted: 6, judging: 2 },
  { target: 'xcup', state: 'row', products: 'logic', fitted: 4, judging: 1 },
  { target: 'xcup', state: 'head', products: 'dsp', fitted: 4, judging: 1 },
  { target: 'xc7', state: 'row', products: 'dsp', fitted: 3, judging: 1 },
];

/** `count` units of a kind. */
export function drawn(kind: Kind, seed: number, count: number): ScanParameters[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => draw(kind, random));
}

function draw({ state, products }: Kind, random: Random): ScanParameters {
  const among = <T>(...values: readonly T[]): T => values[random.below(values.length)]!;
  const lanes = among(1, 2, 4, 8, 16);
  const rows = 1 + random.below(Math.min(6, 16 / lanes));
  const [maxHeads, maxHeadDim, maxState] = [among(8, 24, 48, 80), among(8, 32, 64, 96), among(16, 32, 64, 128)];
  const size = storeSize({ heads: maxHeads, headDim: maxHeadDim, dState: maxState }, { lanes, rows });
  const layers = among(1, 2, 4);
  return {
    ...{ lanes, rows, maxHeads, maxHeadDim, maxState, maxGroups: among(1, 1, 2, 8) },
    ...{ stateWords: layers * size.words, rowWords: layers * size.rows },
    numerics: { ...defaultNumerics.scan, stateBits: among(12, 16) },
    state: state === 'row' ? defaultNumerics.state : { kind: 'head' },
    products,
  };
}
