/** Tokens through the middle of a mixer, by golden's contracts of its parts. */
import {
  gateOutput,
  groupResults,
  type Numerics,
  quantizeInput,
  RSQRT_FRACTION,
  resultUnit,
  type ScanShape,
  saturate,
  stepSize,
  sumGroups,
} from '../golden/fixed/index.ts';
import type { FixedLayer } from '../golden/fixed/model.ts';
import type { FixedModel } from '../golden/index.ts';
import { convScaling } from '../hw/index.ts';
import { checkShown, type FixedRun } from './fixed-run.ts';
import { goldenConv } from './golden-conv.ts';
import { type NormJob, normJob } from './golden-norm.ts';
import { type GoldenState, goldenScan, type SequencePlace } from './golden-scan.ts';

/** What a token brings to the mixer of a layer. */
export interface MixerInput {
  /** Weights and units; those of a token may be others than those of the token before. */
  readonly fixed: FixedLayer;
  /** in_proj's results in the array's unit, golden's order. */
  readonly product: ArrayLike<number>;
  /** 1/rms = mantissa 2^(-16 - shift) in the array's unit. */
  readonly scale: { readonly mantissa: number; readonly shift: number };
}

export interface MixerJob extends MixerInput {
  readonly group: string;
  readonly label: string;
  readonly shape: ScanShape;
  readonly slot: number;
  readonly layer: number;
  readonly token: number;
  /** What out_proj must be given. */
  readonly expected: NormJob;
  /** Values that were clamped, by format as the unit calls it. */
  readonly clamped: Readonly<Record<ClampedFormat, number>>;
}

export const clampedFormats = [
  'z',
  'xbc',
  'dt_in',
  'conv',
  'b',
  'c',
  'x',
  'gate',
  'dt',
  'step',
  'state',
  'output',
  'gated',
  'bias',
] as const;
export type ClampedFormat = (typeof clampedFormats)[number];

export interface GoldenMixer {
  /** Of the scan. */
  readonly state: GoldenState;
  /** The job of the next token of this layer. */
  next(input: MixerInput, label: Pick<MixerJob, 'group' | 'label'>): MixerJob;
}

/** One layer of one sequence, from a cleared state. */
export function goldenMixer(shape: ScanShape, place: SequencePlace, taps: number, numerics: Numerics): GoldenMixer {
  const { mixer, scan: formats } = numerics;
  const conv = goldenConv(shape, place.slot, taps, numerics);
  const scan = goldenScan(shape, place, { numerics: formats, state: numerics.state });
  const inner = shape.heads * shape.headDim;
  const channels = inner + 2 * shape.groups * shape.dState;
  return {
    state: scan.state,
    next: (input, label) => {
      const { fixed, product, scale } = input;
      const own = { z: 0, xbc: 0, dt_in: 0, dt: 0, gated: 0 };
      const count = (name: keyof typeof own, wide: number, kept: number): number => {
        if (kept !== wide) own[name]++;
        return kept;
      };
      const shiftToUnit = RSQRT_FRACTION + scale.shift - resultUnit(fixed.inProj);
      const group = { y: product, mantissa: scale.mantissa, shift: shiftToUnit };
      const projected = (name: 'z' | 'xbc' | 'dt_in', from: number, length: number, unit: number): Int32Array =>
        Int32Array.from({ length }, (_, i) => {
          const wide = sumGroups([group], from + i, unit);
          return count(name, wide, saturate(wide, mixer.projectedBits));
        });
      const z = projected('z', 0, inner, fixed.zUnit);
      const xbc = projected('xbc', inner, channels, fixed.xbcUnit);
      const raw = projected('dt_in', inner + channels, shape.heads, fixed.dtUnit);
      const convolved = conv.next({ convolution: fixed.convolution, scaling: convScaling(fixed), z, xbc }, label);

      const heads = fixed.heads.map((head, h) => {
        const of = {
          unit: fixed.dtUnit,
          bias: fixed.dtBias[h]!,
          rate: fixed.rate.values[h]!,
          rateUnit: fixed.rate.unit,
        };
        const { dt, wide, decay } = stepSize(raw[h]!, {
          ...of,
          dtFraction: formats.dtFraction,
          dtBits: formats.dtBits,
        });
        return { ...head, dt: count('dt', wide, dt), decay };
      });
      const { activated, gate } = convolved;
      const bc = shape.groups * shape.dState;
      const [x, b, c] = [
        activated.subarray(0, inner),
        activated.subarray(inner, inner + bc),
        activated.subarray(inner + bc),
      ];
      const scanned = scan.next({ heads, x, b, c }, label);

      const shift = fixed.gatedUnit - fixed.scanUnits.y - fixed.gateUnit;
      const gated = Int32Array.from(scanned.expected, (y, i) => {
        const { wide, kept } = gateOutput(y, gate[i]!, shift, mixer.gatedBits);
        return count('gated', wide, kept);
      });
      const expected = normJob(fixed.outProj, shape.headDim, gated, label);
      const clamped = { ...own, ...convolved.clamped, ...scanned.saturations, bias: expected.clamped };
      return { ...label, shape, ...place, token: scanned.token, ...input, expected, clamped };
    },
  };
}

/** Every layer of every token, as the fixed-point model runs it. `group`: what the jobs of a layer are called together. */
export function modelMixerJobs(
  fixed: FixedModel,
  shown: FixedRun,
  group = (layer: number): string => `layer ${layer} mixer`,
): MixerJob[] {
  const mixers = fixed.layers.map((layer, index) =>
    goldenMixer(fixed.shape, { slot: index, layer: index }, layer.convolution.taps, fixed.numerics),
  );
  return Array.from({ length: shown.tokens }, (_, token) =>
    fixed.layers.map((layer, index): MixerJob => {
      const tap = shown.tapsOf(index, token);
      const { inProj } = layer;
      const input = quantizeInput(inProj, tap('residual_in'), {});
      const product = groupResults(inProj, input, 0);
      const { mantissa, exponent } = input.rms[0]!;
      const scale = { mantissa, shift: exponent - input.top[0]! };
      const label = { group: group(index), label: `${group(index)}, token ${token}` };
      const job = mixers[index]!.next({ fixed: layer, product, scale }, label);
      checkShown(job.label, job.expected.x, tap('gated'));
      return job;
    }),
  ).flat();
}
