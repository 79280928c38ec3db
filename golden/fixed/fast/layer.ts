/** A fixed-point layer in the layout of kernels/fixed.c, and the kernel calls that run it for one token. */
import { convDim, inProjRows, type ModelConfig } from '../../config.ts';
import type { FixedLayer } from '../model.ts';
import type { Numerics } from '../numerics.ts';
import { exp2Table, FUNCTION_FRACTION, SOFTPLUS_FRACTION, siluTail, softplusTail } from '../tables.ts';
import type { KernelMemory } from './memory.ts';
import { type Call, type Program, type Range, share, type Thread, within } from './program.ts';
import { type PlacedProjection, type ProjectionSpace, placeProjection } from './projection.ts';

/** What a session is made of, apart from weights. */
export interface Frame {
  readonly config: ModelConfig;
  readonly numerics: Numerics;
  readonly residualUnit: number;
  /** Address of the residual stream. */
  readonly residual: number;
  readonly space: LayerSpace;
}

/** Addresses of what layers work in, one after the other; and of the tables. */
export interface LayerSpace {
  readonly projections: ProjectionSpace;
  readonly tables: { readonly silu: number; readonly softplus: number; readonly exp2: number };
  readonly z: number;
  readonly xbc: number;
  readonly dtRaw: number;
  readonly conv: number;
  readonly x: number;
  /** [groups, padded] */
  readonly b: number;
  readonly c: number;
  readonly b16: number;
  readonly c16: number;
  readonly dt: number;
  readonly decay: number;
  readonly y: number;
  readonly gates: number;
  readonly gated: number;
  /** [3, padded], per thread. */
  readonly next: readonly number[];
}

/** State elements of a row, filled up to 32. */
const paddedState = ({ dState }: ModelConfig) => Math.ceil(dState / 32) * 32;

export function layerSpace(
  config: ModelConfig,
  projections: ProjectionSpace,
  threads: number,
  { ints, bytes, place }: KernelMemory,
): LayerSpace {
  const { dInner, nHeads, nGroups } = config;
  const channels = convDim(config);
  const padded = paddedState(config);
  const words = (count: number) => ints(count).byteOffset;
  return {
    projections,
    tables: {
      silu: place(siluTail.values),
      softplus: place(softplusTail.values),
      exp2: place(exp2Table.values),
    },
    z: words(dInner),
    xbc: words(channels),
    dtRaw: words(nHeads),
    conv: words(channels),
    x: words(dInner),
    b: words(nGroups * padded),
    c: words(nGroups * padded),
    b16: bytes(2 * nGroups * padded).byteOffset,
    c16: bytes(2 * nGroups * padded).byteOffset,
    dt: words(nHeads),
    decay: words(nHeads),
    y: words(dInner),
    gates: words(dInner),
    gated: words(dInner),
    next: Array.from({ length: threads }, () => words(3 * padded)),
  };
}

export interface PlacedLayer {
  /** Calls of one thread; `key` is the address of the token's key. Every thread must have finished what came before. */
  program(thread: Thread, key: number): Program;
  /** Forgets everything seen. */
  reset(): void;
}

export function placeLayer(layer: FixedLayer, frame: Frame, memory: KernelMemory): PlacedLayer {
  const { config, numerics, residual, residualUnit, space } = frame;
  const { dInner, nHeads, nGroups, dState, dConv } = config;
  const { mixer, scan } = numerics;
  const { ints, bytes, place, counter } = memory;
  const { convolution, scanUnits, heads } = layer;
  const channels = convDim(config);
  const padded = paddedState(config);
  const rowState = numerics.state.kind === 'row';
  const history = ints((dConv - 1) * channels);
  const states = bytes(dInner * padded * (rowState ? 1 : 2));
  const exponents = bytes(dInner);
  const [dtBias, rate] = [place(layer.dtBias), place(layer.rate.values)];
  const perHead = (of: (head: (typeof heads)[number]) => number) => place(heads.map(of));
  const [direct, stepShift, outputShift] = [
    perHead((h) => h.direct),
    perHead((h) => h.stepShift),
    perHead((h) => h.outputShift),
  ];
  const convolving = describeConvolution();
  const inProj = placeProjection(layer.inProj, space.projections, memory, dInner);
  const outProj = placeProjection(layer.outProj, space.projections, memory);

  return {
    program(thread, key) {
      const rows = share(dInner, 1, thread);
      const scanning = describeScan(thread);
      const scanned: Call = rowState
        ? ['scan_rows', scanning, states.byteOffset, exponents.byteOffset, key, rows.from, rows.count]
        : ['scan_heads', scanning, states.byteOffset, rows.from, rows.count];
      return [
        ...project(inProj, thread),
        ...inProj.rows(thread).flatMap((range) => [...convolve(range, thread), ...discretize(range, thread)]),
        ['barrier'],
        scanned,
        ...gate(rows, thread),
        ['barrier'],
        ...outProj.multiply(thread, space.gated),
        ...outProj.addTo(thread, residual, residualUnit, numerics.residualBits),
        ['barrier'],
      ];
    },
    reset() {
      history.fill(0);
      states.fill(0);
      exponents.fill(0);
    },
  };

  function project(p: PlacedProjection, thread: Thread): Call[] {
    const bits = mixer.projectedBits;
    const [z, xbc] = [
      { from: 0, count: dInner },
      { from: dInner, count: channels },
    ];
    return [
      ...p.multiply(thread, residual),
      ...p.outputs(thread, z, layer.zUnit, bits, space.z, 'z'),
      ...p.outputs(thread, xbc, layer.xbcUnit, bits, space.xbc, 'xbc'),
      ...p.outputs(thread, dtRange(), layer.dtUnit, bits, space.dtRaw, 'dt_in'),
    ];
  }

  function dtRange(): Range {
    return { from: inProjRows(config) - nHeads, count: nHeads };
  }

  /** Channels whose inputs are among these rows of in_proj: the convolution, then SiLU into x, B and C. */
  function convolve(rows: Range, thread: Thread): Call[] {
    const mine = within(rows, { from: dInner, count: channels });
    if (mine.count === 0) return [];
    const counted = counter('conv', thread.index);
    const calls: Call[] = [['convolve', convolving, mine.from, mine.count, 2 ** -convolution.shift, counted]];
    const activate = (start: number, count: number, unit: number, out: number, name: string): Range => {
      const part = within(mine, { from: start, count });
      if (part.count === 0) return part;
      const [source, target] = [space.conv + 4 * (start + part.from), out + 4 * part.from];
      calls.push(silu(source, part.count, layer.convUnit, unit, scan.inputBits, target, name, thread));
      return part;
    };
    activate(0, dInner, scanUnits.x, space.x, 'x');
    for (let g = 0; g < nGroups; g++) {
      const at = g * padded;
      const b = activate(dInner + g * dState, dState, scanUnits.b, space.b + 4 * at, 'B');
      const c = activate(dInner + (nGroups + g) * dState, dState, scanUnits.c, space.c + 4 * at, 'C');
      const narrow = (wide: number, part: Range, to: number) =>
        part.count > 0 && calls.push(['to_16', wide + 4 * (at + part.from), part.count, to + 2 * (at + part.from)]);
      narrow(space.b, b, space.b16);
      narrow(space.c, c, space.c16);
    }
    return calls;
  }

  function silu(
    from: number,
    count: number,
    unit: number,
    toUnit: number,
    bits: number,
    out: number,
    name: string,
    { index }: Thread,
  ): Call {
    const { silu: table } = space.tables;
    const [up, down] = [unit + FUNCTION_FRACTION, toUnit + FUNCTION_FRACTION];
    return ['activate', from, count, table, up, down, bits, out, counter(name, index)];
  }

  function discretize(rows: Range, { index }: Thread): Call[] {
    const mine = within(rows, dtRange());
    if (mine.count === 0) return [];
    const at = (address: number) => address + 4 * mine.from;
    const { softplus, exp2 } = space.tables;
    return [
      [
        'discretize',
        at(space.dtRaw),
        at(dtBias),
        at(rate),
        mine.count,
        softplus,
        exp2,
        layer.dtUnit + FUNCTION_FRACTION,
        SOFTPLUS_FRACTION - scan.dtFraction,
        scan.dtBits,
        scan.dtFraction - FUNCTION_FRACTION - layer.rate.unit,
        at(space.dt),
        at(space.decay),
        counter('dt', index),
      ],
    ];
  }

  /** y silu(z) of these rows. */
  function gate({ from, count }: Range, thread: Thread): Call[] {
    const at = (address: number) => address + 4 * from;
    const shift = layer.gatedUnit - scanUnits.y - layer.gateUnit;
    const end = [shift, mixer.gatedBits, at(space.gated), counter('gated', thread.index)] as const;
    return [
      silu(at(space.z), count, layer.zUnit, layer.gateUnit, mixer.gateBits, at(space.gates), 'gate', thread),
      ['gate', at(space.y), at(space.gates), count, ...end],
    ];
  }

  /** struct Convolution of kernels/fixed.c. */
  function describeConvolution(): number {
    const { weight, bias, shift } = convolution;
    const byTap = Int32Array.from(weight, (_, i) => weight[(i % channels) * dConv + Math.floor(i / channels)]!);
    const addresses = [space.xbc, place(byTap), place(bias), history.byteOffset, space.conv];
    return place([...addresses, channels, dConv, shift, mixer.convBits]);
  }

  /** struct Scan of kernels/fixed.c. */
  function describeScan({ index }: Thread): number {
    const format = numerics.state;
    const row =
      format.kind === 'row'
        ? format
        : { bits: scan.stateBits, workBits: 24, stepBits: scan.stepBits, rounding: 'nearest' };
    const { decay, dt, x, b, c, b16, c16, y, next } = space;
    return place([
      nHeads,
      config.headDim,
      dState,
      padded,
      nGroups,
      scan.decayFraction,
      scan.directFraction,
      scan.outputBits,
      row.bits,
      row.workBits,
      row.stepBits,
      row.rounding === 'nearest' ? 1 : 0,
      ...[decay, dt, direct, stepShift, outputShift, x, b, c, b16, c16, y, next[index]!],
      counter('step', index),
      counter('state', index),
      counter('output', index),
    ]);
  }
}
