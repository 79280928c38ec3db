/** golden's convolution and SiLU, token by token. */
import {
  convolveToken,
  type FixedConvolution,
  type Numerics,
  roundShift,
  type ScanShape,
  saturate,
  siluFixed,
} from '../golden/fixed/index.ts';
import type { ConvScaling } from '../hw/index.ts';

/** What a token brings to the convolution unit. Arrays in golden's order. */
export interface ConvInput {
  readonly convolution: FixedConvolution;
  readonly scaling: ConvScaling;
  /** z comes before B, C and x rather than behind them. */
  readonly zFirst?: boolean;
  readonly z: Int32Array;
  /** x, B, C side by side, [channels]. */
  readonly xbc: Int32Array;
}

/** One token of one layer through the unit. */
export interface ConvJob extends ConvInput {
  readonly group: string;
  readonly label: string;
  readonly shape: ScanShape;
  readonly slot: number;
  readonly token: number;
  /** SiLU of z and of what is convolved. */
  readonly gate: Int32Array;
  readonly activated: Int32Array;
  readonly clamped: Readonly<Record<keyof typeof noClamps, number>>;
}

const noClamps = { conv: 0, b: 0, c: 0, x: 0, gate: 0 };

/** One layer of one sequence, from a cleared state. */
export function goldenConv(
  shape: ScanShape,
  slot: number,
  taps: number,
  { mixer, scan }: Pick<Numerics, 'mixer' | 'scan'>,
) {
  const inner = shape.heads * shape.headDim;
  const history = new Int32Array((taps - 1) * (inner + 2 * shape.groups * shape.dState));
  const kindOf = (channel: number): 'x' | 'b' | 'c' =>
    channel < inner ? 'x' : channel < inner + shape.groups * shape.dState ? 'b' : 'c';
  let token = 0;
  return {
    next: (input: ConvInput, label: Pick<ConvJob, 'group' | 'label'>): ConvJob => {
      const { convolution, scaling, z, xbc } = input;
      const clamped = { ...noClamps };
      const limit = (kind: keyof typeof noClamps, wide: number, bits: number): number => {
        const kept = saturate(wide, bits);
        if (kept !== wide) clamped[kind]++;
        return kept;
      };
      const silu = (value: number, argument: number, result: number): number =>
        roundShift(siluFixed(value * 2 ** argument), result);
      const activated = Int32Array.from(convolveToken(convolution, xbc, history), (wide, i) => {
        const conv = limit('conv', wide, mixer.convBits);
        const kind = kindOf(i);
        return limit(kind, silu(conv, scaling.argument_conv, scaling[`result_${kind}`]), scan.inputBits);
      });
      const gate = Int32Array.from(z, (v) =>
        limit('gate', silu(v, scaling.argument_z, scaling.result_z), mixer.gateBits),
      );
      return { ...label, shape, slot, token: token++, ...input, gate, activated, clamped };
    },
  };
}
