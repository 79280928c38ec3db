/** The fixed-point model in WebAssembly SIMD (kernels/fixed.c): the same integers as forward.ts, bit for bit. */

import { convDim } from '../config.ts';
import { createHeap, type Heap } from '../float/heap.ts';
import { GoldenProblem } from '../problem.ts';
import { placeProjection } from './fast-projection.ts';
import { embed } from './forward.ts';
import type { FixedLayer, FixedModel } from './model.ts';
import { tokenKey } from './noise.ts';
import type { Clamped } from './projection.ts';
import { exp2Table, FUNCTION_FRACTION, rsqrtTable, SOFTPLUS_FRACTION, siluTail, softplusTail } from './tables.ts';

/** A running model: what `createFixedSession` and `stepFixed` do. */
export interface FastSession {
  readonly model: FixedModel;
  /** Runs one token. Logits as `stepFixed` gives them, valid until the next token. */
  step(token: number): Int32Array;
  /** Forgets everything seen. */
  reset(): void;
  /** Clamped results since the session was made, by format. */
  clamped(): Clamped;
}

/** Functions of kernels/fixed.c. */
export type FixedExports = Record<string, (...args: number[]) => void>;

/** Memory, kernels and the counters of clamped results. */
export interface Workshop {
  readonly heap: Heap;
  readonly run: FixedExports;
  place(values: ArrayLike<number>): number;
  ints(count: number): Int32Array;
  bytes(count: number): Int8Array;
  /** The address of a counter. */
  counter(name: string): number;
  counted(): Clamped;
}

export function createWorkshop(): Workshop {
  const heap = createHeap();
  const counters = new Map<string, Int32Array>();
  const ints = (count: number) => {
    const words = heap.words(Math.max(count, 4));
    return new Int32Array(words.buffer, words.byteOffset, count);
  };
  return {
    heap,
    run: heap.instantiate('fixed.wasm') as FixedExports,
    ints,
    bytes(count) {
      const words = heap.words(Math.ceil(count / 4) + 4);
      return new Int8Array(words.buffer, words.byteOffset, count);
    },
    place(values) {
      const array = ints(values.length);
      array.set(values);
      return array.byteOffset;
    },
    counter(name) {
      const found = counters.get(name) ?? ints(1);
      counters.set(name, found);
      return found.byteOffset;
    },
    counted: () => Object.fromEntries([...counters].flatMap(([name, [n]]) => (n === 0 ? [] : [[name, n!]]))),
  };
}

/** Embedded tokens that a session keeps. */
const KEPT_ROWS = 1024;

/** Whether the kernels can run these formats; others take the plain specification. */
export function fastFormats({ numerics: n }: FixedModel): boolean {
  const { state } = n;
  const narrow =
    state.kind === 'head'
      ? n.scan.stateBits <= 16
      : state.bits <= 8 && state.workBits <= 24 && state.workBits - state.bits <= 16 && state.stepBits <= 16;
  const widths =
    n.matmul.activationBits <= 12 && n.head.activationBits <= 12 && n.denseBits <= 8 && n.head.weightBits <= 8;
  return narrow && widths && n.scan.inputBits <= 16 && n.scan.decayFraction === 16;
}

/** Errors: `model-too-large`, `usage` (formats that `fastFormats` refuses). */
export function createFastSession(model: FixedModel): FastSession {
  if (!fastFormats(model)) throw unsupportedFormats();
  const shop = createWorkshop();
  const { config, residualUnit, numerics } = model;
  const residual = shop.ints(config.dModel);
  const tables = {
    silu: shop.place(siluTail.values),
    softplus: shop.place(softplusTail.values),
    exp2: shop.place(exp2Table.values),
    rsqrt: shop.place(rsqrtTable.values),
  };
  const layers = model.layers.map((layer) => placeLayer(layer, residual, shop, tables));
  const head = placeProjection(model.head, shop, tables.rsqrt);
  const logits = shop.ints(model.head.matrix.rows);
  const state = numerics.state;
  const embedded: Clamped = {};
  const rows = new Map<number, Int32Array>();
  /** `embed` of a token, kept (a text uses few of them) unless it clamps: that is counted every time. */
  const embeddedRow = (token: number) => {
    const kept = rows.get(token);
    if (kept !== undefined) return kept;
    const before = embedded['residual'];
    const row = embed(model, token, embedded);
    if (embedded['residual'] === before && rows.size < KEPT_ROWS) rows.set(token, row);
    return row;
  };
  let tokens = 0;
  return {
    model,
    step(token) {
      residual.set(embeddedRow(token));
      layers.forEach((layer, i) => {
        layer.run(state.kind === 'row' ? tokenKey(state.seed, i, tokens) : 0);
      });
      tokens++;
      head.multiply(residual.byteOffset);
      head.outputs(
        -numerics.head.logitFraction,
        0,
        logits.length,
        numerics.head.logitBits,
        logits.byteOffset,
        'logits',
      );
      return logits;
    },
    reset() {
      tokens = 0;
      for (const layer of layers) layer.reset();
    },
    clamped() {
      const counted = { ...shop.counted() };
      for (const [name, n] of Object.entries(embedded)) counted[name] = (counted[name] ?? 0) + n;
      return counted;
    },
  };

  function placeLayer(layer: FixedLayer, stream: Int32Array, workshop: Workshop, table: typeof tables) {
    const { run, ints, bytes, place, counter } = workshop;
    const { dInner, nHeads, nGroups, dState, dConv } = config;
    const { mixer, scan } = numerics;
    const channels = convDim(config);
    const padded = Math.ceil(dState / 16) * 16;
    const [z, xbc, raw, conv, x] = [dInner, channels, nHeads, channels, dInner].map((n) => ints(n).byteOffset) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const [b, c] = [ints(nGroups * padded), ints(nGroups * padded)];
    const [dt, decay, y, gates, gated] = [nHeads, nHeads, dInner, dInner, dInner].map((n) => ints(n).byteOffset) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const history = ints((dConv - 1) * channels);
    const rows = numerics.state.kind === 'row';
    const states = bytes(dInner * padded * (rows ? 1 : 2)).fill(0);
    const exponents = bytes(dInner);
    const { convolution, scanUnits, heads } = layer;
    const [taps, biases] = [place(convolution.weight), place(convolution.bias)];
    const [dtBias, rate] = [place(layer.dtBias), place(layer.rate.values)];
    const inProj = placeProjection(layer.inProj, workshop, table.rsqrt);
    const outProj = placeProjection(layer.outProj, workshop, table.rsqrt);
    const scanning = describeScan();
    const up = layer.convUnit + FUNCTION_FRACTION;
    const activate = (from: number, count: number, unit: number, out: number, name: string) =>
      run['activate']!(
        conv + 4 * from,
        count,
        table.silu,
        up,
        unit + FUNCTION_FRACTION,
        scan.inputBits,
        out,
        counter(name),
      );

    function describeScan(): number {
      const format = numerics.state;
      const row =
        format.kind === 'row'
          ? format
          : { bits: scan.stateBits, workBits: 24, stepBits: scan.stepBits, rounding: 'nearest' };
      const perHead = (of: (head: (typeof heads)[number]) => number) => place(heads.map(of));
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
        decay,
        dt,
        perHead((h) => h.direct),
        perHead((h) => h.stepShift),
        perHead((h) => h.outputShift),
        x,
        b.byteOffset,
        c.byteOffset,
        y,
        ints(padded).byteOffset,
        counter('step'),
        counter('state'),
        counter('output'),
      ]);
    }

    return {
      reset() {
        history.fill(0);
        states.fill(0);
        exponents.fill(0);
      },
      run(key: number) {
        inProj.multiply(stream.byteOffset);
        inProj.outputs(layer.zUnit, 0, dInner, mixer.projectedBits, z, 'z');
        inProj.outputs(layer.xbcUnit, dInner, channels, mixer.projectedBits, xbc, 'xbc');
        inProj.outputs(layer.dtUnit, dInner + channels, nHeads, mixer.projectedBits, raw, 'dt_in');
        run['convolve']!(
          xbc,
          taps,
          biases,
          history.byteOffset,
          channels,
          dConv,
          convolution.shift,
          mixer.convBits,
          conv,
          counter('conv'),
        );
        activate(0, dInner, scanUnits.x, x, 'x');
        for (let g = 0; g < nGroups; g++) {
          activate(dInner + g * dState, dState, scanUnits.b, b.byteOffset + 4 * g * padded, 'B');
          activate(dInner + (nGroups + g) * dState, dState, scanUnits.c, c.byteOffset + 4 * g * padded, 'C');
        }
        run['discretize']!(
          raw,
          dtBias,
          rate,
          nHeads,
          table.softplus,
          table.exp2,
          layer.dtUnit + FUNCTION_FRACTION,
          SOFTPLUS_FRACTION - scan.dtFraction,
          scan.dtBits,
          scan.dtFraction - FUNCTION_FRACTION - layer.rate.unit,
          dt,
          decay,
          counter('dt'),
        );
        if (rows) run['scan_rows']!(scanning, states.byteOffset, exponents.byteOffset, key);
        else run['scan_heads']!(scanning, states.byteOffset);
        run['activate']!(
          z,
          dInner,
          table.silu,
          layer.zUnit + FUNCTION_FRACTION,
          layer.gateUnit + FUNCTION_FRACTION,
          mixer.gateBits,
          gates,
          counter('gate'),
        );
        run['gate']!(
          y,
          gates,
          dInner,
          layer.gatedUnit - scanUnits.y - layer.gateUnit,
          mixer.gatedBits,
          gated,
          counter('gated'),
        );
        outProj.multiply(gated);
        outProj.addTo(stream.byteOffset, residualUnit, numerics.residualBits);
      },
    };
  }
}

function unsupportedFormats(): GoldenProblem {
  return new GoldenProblem({
    id: 'usage',
    what: 'the fast kernels cannot run these number formats',
    where: 'fixed-point model',
    expected:
      'state of at most 8 bits with row exponents or 16 with one unit per head, activations of at most 12 bits, weights of at most 8',
    found: 'wider formats',
    remedy: 'Choose narrower formats, or the plain specification.',
  });
}
