/** What is fixed when a convolution unit is elaborated, its ports, and the widths that follow. */
import { addressWidth, bit, bitsFor, enumeration, output, sink, source, uint } from '../../gen/index.ts';
import type { Numerics } from '../../golden/fixed/index.ts';
import { type Bounds, checkBounds } from '../problem.ts';

export interface ConvParameters {
  /** P: channels per cycle. */
  readonly lanes: number;
  /** Taps of a channel, 2 to 8. */
  readonly taps: number;
  /** Most beats of a token whose channels are convolved. */
  readonly maxWords: number;
  /** Words of P channels in the state store: `convWords` of every layer and sequence. */
  readonly stateWords: number;
  readonly numerics: Pick<Numerics, 'mixer' | 'scan'>;
}

/** Largest left shift to the 16 fraction bits that SiLU takes: its arguments stay below 2^(bits - 1 + 15 - 16). */
export const mostArgumentShift = 15;
/** Bits of the biases, as golden holds them. */
export const biasBits = 32;

const bounds: Bounds = { lanes: [1, 64], taps: [2, 8], maxWords: [1, 2 ** 20], stateWords: [1, 2 ** 26] };
const mixerBounds: Bounds = { projectedBits: [2, 32], convWeightBits: [2, 32], convBits: [2, 32], gateBits: [2, 32] };

/** Throws a `HardwareProblem` for parameters outside their range. */
export function checkConv(p: ConvParameters): void {
  checkBounds('conv', p, bounds);
  checkBounds('conv', p.numerics.mixer, mixerBounds, 'numerics.mixer.');
  checkBounds('conv', p.numerics.scan, { inputBits: [2, 32] }, 'numerics.scan.');
}

/** What a channel becomes: B, C or x of the scan, which are convolved, or the gate of z, which is not. */
export const channelKind = enumeration('kind', ['b', 'c', 'x', 'z']);

/** P channels of one kind; `end`: of a group of B or C, or of a head of x or z; `last`: of the token. */
export const channelsShape = (bits: number, lanes: number) => ({
  values: uint(bits * lanes),
  kind: channelKind,
  count: uint(bitsFor(BigInt(lanes))),
  end: bit,
  last: bit,
});

/** Bits of a result: x, B, C and the gate side by side in one stream. */
export const resultBits = ({ numerics: { scan, mixer } }: ConvParameters): number =>
  Math.max(scan.inputBits, mixer.gateBits);

/** How the numbers of a layer are scaled: its units, as shifts. */
export const scalingShape = () => ({
  shift: uint(6),
  argument_conv: uint(4),
  argument_z: uint(4),
  result_b: uint(5),
  result_c: uint(5),
  result_x: uint(5),
  result_z: uint(5),
});

export const historyBits = ({ lanes, taps, numerics }: ConvParameters): number =>
  lanes * (taps - 1) * numerics.mixer.projectedBits;

/** The streams, wherever the state is. */
export const convPorts = (p: ConvParameters) => {
  const { mixer } = p.numerics;
  return {
    in: sink(
      channelsShape(mixer.projectedBits, p.lanes),
      `${p.lanes} channels of in_proj's results, ${mixer.projectedBits} bits each, the first in the low bits; kind z is not convolved; count: how many count`,
    ),
    weight: sink(
      { taps: uint(p.lanes * p.taps * mixer.convWeightBits), bias: uint(p.lanes * biasBits) },
      `of ${p.lanes} channels: ${p.taps} taps of ${mixer.convWeightBits} bits each, the oldest first, and biases of ${biasBits}; one beat for each that is convolved`,
    ),
    out: source(
      channelsShape(resultBits(p), p.lanes),
      'SiLU of the channels, in the order in which they came; channels beyond count are undefined',
    ),
    saturations: output(
      { conv: uint(32), b: uint(32), c: uint(32), x: uint(32), gate: uint(32) },
      'values clamped since reset, modulo 2^32, by format',
    ),
  };
};

export const convCoreInterface = (p: ConvParameters) => ({
  token: sink(
    scalingShape(),
    'one token of one layer: shift of the sums to the result (right); of the result and of z to 16 fraction bits (left); of SiLU to B, C, x and the gate (right)',
  ),
  ...convPorts(p),
  state: sink(
    uint(historyBits(p)),
    `the ${p.taps - 1} inputs before, the oldest in the low bits, of ${p.lanes} channels`,
  ),
  new_state: output(uint(historyBits(p)), 'the same after the token, in the cycle in which a word of state is taken'),
});
export type ConvCoreInterface = ReturnType<typeof convCoreInterface>;

export const convInterface = (p: ConvParameters) => ({
  token: sink(
    {
      ...scalingShape(),
      base: uint(addressWidth(p.stateWords)),
      words: uint(bitsFor(BigInt(p.maxWords))),
      clear: bit,
    },
    'one token of one layer: as the core takes it; first word of its state, and how many; clear: it starts from zeros',
  ),
  ...convPorts(p),
});
export type ConvInterface = ReturnType<typeof convInterface>;
