/** What is fixed when the mixer's middle is elaborated, and its descriptor. */
import { addressWidth, bit, bitsFor, uint } from '../../gen/index.ts';
import type { Numerics } from '../../golden/fixed/index.ts';
import { type ConvParameters, scalingShape } from '../conv/parameters.ts';
import type { FeedParameters } from '../norm/feed.ts';
import { type NormParameters, normTokenShape, normWidths } from '../norm/parameters.ts';
import { HardwareProblem } from '../problem.ts';
import type { ScanParameters } from '../scan/parameters.ts';
import { placedShape } from '../scan/unit.ts';
import { type FrontParameters, frontTokenShape } from './front.ts';
import { stepTokenShape } from './step-size.ts';

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

/** Parameters of the parts; throws a `HardwareProblem` where they do not fit together. */
export function mixerParts(p: MixerParameters): { readonly front: FrontParameters; readonly feed: FeedParameters } {
  for (const [name, lanes] of Object.entries({ conv: p.conv.lanes, norm: p.norm.lanes })) {
    if (lanes !== p.lanes) throw new HardwareProblem('mixer', `${name}.lanes`, `the mixer's ${p.lanes}`, `${lanes}`);
  }
  if (p.norm.inputBits !== p.numerics.mixer.gatedBits)
    throw new HardwareProblem(
      'mixer',
      'norm.inputBits',
      `the gate's ${p.numerics.mixer.gatedBits}`,
      `${p.norm.inputBits}`,
    );
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
