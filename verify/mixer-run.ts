/** One token of a mixer of any size, for its cycles alone: its numbers are small and its weights constant. */
import type { Numerics, ScanShape } from '../golden/fixed/index.ts';
import { convWords, type MixerParameters, mixerUnit, rowOrder, storeSize, tileWords } from '../hw/index.ts';
import { createSimulator, driveStream, reset, runUntil } from '../sim/index.ts';
import { pacedSink, pacedSource } from './paced.ts';

export interface MixerSizes {
  readonly lanes: number;
  readonly scanLanes: number;
  readonly scanRows: number;
  /** C */
  readonly columns: number;
}

/** A mixer for layers of one shape, with the state of one of them. */
export function quietMixer(shape: ScanShape, sizes: MixerSizes, numerics: Numerics): MixerParameters {
  const { heads, headDim, dState, groups } = shape;
  const { lanes, columns } = sizes;
  const scan = { lanes: sizes.scanLanes, rows: sizes.scanRows };
  const state = storeSize(shape, scan);
  const words = convWords(shape, lanes);
  const segment = columns % headDim === 0 || headDim % columns === 0 ? Math.min(columns, headDim) : 1;
  return {
    ...{ lanes, columns, segment, numerics, resultBits: 29, ragged: headDim % lanes !== 0 },
    conv: { lanes, taps: 4, maxWords: words, stateWords: words, numerics },
    scan: {
      ...scan,
      ...{ maxHeads: heads, maxHeadDim: headDim, maxState: dState, maxGroups: groups },
      ...{ stateWords: state.words, rowWords: state.rows, numerics: numerics.scan, state: numerics.state },
    },
    norm: {
      ...{ lanes, inputBits: numerics.mixer.gatedBits, maxTileWords: tileWords(headDim, headDim, lanes) },
      ...{
        maxTiles: heads / groups,
        maxGroups: groups,
        maxColumns: heads * headDim,
        maxShift: numerics.norm.tileSpread,
      },
      numerics,
    },
  };
}

export interface MixerRun {
  /** The cycle in which each beat of out_proj's input was taken; the descriptor is taken in cycle 0. */
  readonly act: readonly number[];
}

/** Results of in_proj come from cycle `product(i)` on, out_proj takes its columns from `columns(i, taken)` on. */
export function runMixer(
  shape: ScanShape,
  p: MixerParameters,
  product: (beat: number) => number,
  columns: (beat: number, taken: readonly number[]) => number,
): MixerRun {
  const { heads, headDim: head_dim, dState: d_state, groups } = shape;
  const engine = createSimulator(mixerUnit(p).module, { properties: 'throw' });
  reset(engine);
  const size = storeSize(shape, p.scan);
  const tiles = Math.ceil(d_state / p.scan.lanes);
  const scan = { heads, heads_per_group: heads / groups, head_dim, d_state, tiles, layer: 0, token: 0 };
  const state = { state_base: 0, state_words: size.words, row_base: 0, row_words: size.rows };
  const words = convWords(shape, p.lanes);
  const shifts = { shift_z: 20, shift_xbc: 20, shift_dt: 20 };
  const fields = {
    front: { heads, head_dim, d_state, groups, ...shifts },
    conv: { shift: 16, argument_conv: 5, argument_z: 5, result_b: 3, result_c: 3, result_x: 3, result_z: 3 },
    conv_place: { base: 0, words, clear: 1 },
    step: { argument: 5, rate_shift: 18 },
    scan: { ...scan, ...state },
    gate: { shift: 8 },
    norm: {
      tile_words: p.norm.maxTileWords,
      tiles: p.norm.maxTiles,
      groups,
      floor: 0,
      epsilon: 1,
      bias_shift: 40,
      bias_bits: 20,
    },
  };
  const token = Object.fromEntries(
    Object.entries(fields).flatMap(([part, of]) =>
      Object.entries(of).map(([name, value]) => [`${part.replace('_place', '')}_${name}`, value]),
    ),
  );
  const beats = rowOrder(shape, p.lanes).length / p.lanes;
  const vector = heads * Math.ceil(head_dim / p.lanes);
  const repeat = <T>(value: T, count: number): T[] => new Array<T>(count).fill(value);
  const acts = groups * Math.ceil((heads * head_dim) / groups / p.columns);
  const act = pacedSink(engine, 'act', acts, columns);
  const agents = [
    driveStream(engine, 'token', [token]),
    pacedSource(engine, 'product', repeat(0x1234n, beats), product),
    driveStream(engine, 'scale', [{ mantissa: 1 << 16, shift: 0 }]),
    driveStream(engine, 'conv_weight', repeat({ taps: 1n, bias: 1n }, words)),
    driveStream(engine, 'constants', repeat({ bias: 0, rate: 1, direct: 1, step_shift: 40, output_shift: 20 }, heads)),
    driveStream(engine, 'norm_weight', repeat({ scale: 1n, bias: 1n }, vector)),
    pacedSink(engine, 'sums', groups, () => 0),
    pacedSink(engine, 'out_scale', groups, () => 0),
    act,
  ];
  try {
    runUntil(engine, agents, { limit: product(beats - 1) + 40 * size.words + 4000 });
  } finally {
    engine.close();
  }
  return { act: act.taken };
}
