/** What is fixed when the mixer's middle is elaborated, and its descriptor. */
import { addressWidth, bit, bitsFor, uint } from '../../gen/index.ts';
import { DECAY_FRACTION, type Numerics } from '../../golden/fixed/index.ts';
import { type ConvParameters, scalingShape } from '../conv/parameters.ts';
import type { FeedParameters } from '../norm/feed.ts';
import { type NormParameters, normTokenShape, normWidths } from '../norm/parameters.ts';
import { type Bounds, checkBounds, HardwareProblem } from '../problem.ts';
import type { ScanParameters } from '../scan/parameters.ts';
import { placedShape } from '../scan/unit.ts';
import { type FrontParameters, frontTokenShape } from './front.ts';
import { decayExponentBits, stepTokenShape } from './step-size.ts';

export interface MixerParameters {
  /** P: channels per cycle, from in_proj's results to out_proj's input. */
  readonly lanes: number;
  readonly conv: ConvParameters;
  readonly scan: ScanParameters;
  /** Of out_proj's input: P values of y silu(z). */
  readonly norm: NormParameters;
  /** Bits of in_proj's results. */
  readonly resultBits: number;
  /** C: columns of out_proj that the array loads at once. */
  readonly columns: number;
  /** S: columns that share a shift; divides C, or is a multiple of it. */
  readonly segment: number;
  /** Heads are not a multiple of P rows. */
  readonly ragged: boolean;
  readonly numerics: Numerics;
}

const bounds: Bounds = { lanes: [1, 64], resultBits: [2, 44], columns: [1, 4096], segment: [1, 4096] };

const scanBounds: Bounds = { decayFraction: [DECAY_FRACTION, DECAY_FRACTION], dtBits: [1, 32], outputBits: [2, 40] };
/** Bits of a product and its sign that golden's numbers hold exactly, with the half that is added to round it. */
const exactBits = 53;

/** Formats of the step size and of the gate; those of convolution, scan and norm are theirs to check. */
function checkNumerics({ mixer, scan }: Numerics): void {
  checkBounds('mixer', scan, scanBounds, 'numerics.scan.');
  const { dtBits, outputBits } = scan;
  const rateBits = [Math.max(2, decayExponentBits + 1 - dtBits), Math.min(32, exactBits - dtBits)] as const;
  const gateBits = [2, Math.min(32, exactBits - outputBits)] as const;
  checkBounds('mixer', mixer, { rateBits, gateBits, gatedBits: [2, 24] }, 'numerics.mixer.');
}

/** Throws a `HardwareProblem` where a part differs from the mixer in what they have in common. */
function checkShared(part: string, of: object, common: object): void {
  for (const [name, wanted] of Object.entries(common)) {
    const value = (of as Readonly<Record<string, unknown>>)[name];
    if (wanted === value) continue;
    if (typeof value === 'object') checkShared(`${part}.${name}`, value as object, wanted);
    else throw new HardwareProblem('mixer', `${part}.${name}`, `the mixer's ${wanted}`, `${value}`, `${wanted}`);
  }
}

/** Parameters of the parts; throws a `HardwareProblem` where they are out of range or do not fit together. */
export function mixerParts(p: MixerParameters): { readonly front: FrontParameters; readonly feed: FeedParameters } {
  const { lanes, numerics } = p;
  checkBounds('mixer', p, bounds);
  const { columns, segment } = p;
  if (columns % segment !== 0 && segment % columns !== 0)
    throw new HardwareProblem('mixer', 'segment', `a divisor or multiple of the ${columns} columns`, `${segment}`);
  checkNumerics(numerics);
  const { mixer, scan, state, norm, matmul } = numerics;
  checkShared('conv', p.conv, { lanes, numerics: { mixer, scan } });
  checkShared('scan', p.scan, { numerics: scan, state });
  checkShared('norm', p.norm, { lanes, inputBits: mixer.gatedBits, numerics: { norm, matmul } });
  const { maxHeads, maxHeadDim, maxState, maxGroups } = p.scan;
  const w = normWidths(p.norm);
  return {
    front: { ...p, maxHeads, maxHeadDim, maxState, maxGroups },
    feed: {
      ...p,
      activationBits: p.numerics.matmul.activationBits,
      shiftBits: w.shift,
    },
  };
}

/** One token of one layer: what each part needs of it. */
export const mixerTokenShape = (p: MixerParameters) => {
  const { front } = mixerParts(p);
  return {
    front: frontTokenShape(front),
    conv: {
      ...scalingShape(),
      base: uint(addressWidth(p.conv.stateWords)),
      words: uint(bitsFor(BigInt(p.conv.maxWords))),
      clear: bit,
    },
    step: stepTokenShape,
    scan: placedShape(p.scan),
    gate: { shift: uint(6) },
    norm: normTokenShape(p.norm),
  };
};
