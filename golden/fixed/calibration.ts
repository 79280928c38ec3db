/** Static ranges from text: the largest magnitudes that the float model shows, from which every static unit follows. */
import { createHash } from 'node:crypto';
import type { Tap } from '../float/forward.ts';
import { prefill } from '../float/forward.ts';
import { silu } from '../float/plain.ts';
import { createSession, resetState } from '../float/session.ts';
import { createSimdKernels } from '../float/simd.ts';
import type { Model } from '../model.ts';
import { notFinite } from '../problem.ts';

/** Largest magnitudes seen in one layer. */
export interface LayerRanges {
  /** in_proj's outputs. */
  readonly z: number;
  readonly xbc: number;
  readonly dt: number;
  /** After the convolution, before SiLU. */
  readonly conv: number;
  readonly x: number;
  readonly b: number;
  readonly c: number;
  /** The scan's output. */
  readonly y: number;
  /** y silu(z). */
  readonly gated: number;
  /** S, per head. */
  readonly state: readonly number[];
}

export interface Calibration {
  readonly residual: number;
  readonly layers: readonly LayerRanges[];
}

/** Tokens between two looks at the state. */
const CHUNK = 8;

/** Runs windows of tokens through the float model, each from a cleared state. Errors: `result-not-finite`, those of `prefill`. */
export function calibrate(
  model: Model,
  windows: readonly ArrayLike<number>[],
  progress?: (done: number, total: number) => void,
): Calibration {
  const { nLayer, nHeads } = model.config;
  const layers = Array.from({ length: nLayer }, () => emptyRanges(nHeads));
  const session = createSession(model, { kernels: createSimdKernels(), chunk: CHUNK });
  let residual = 0;
  let z: Float32Array = new Float32Array();
  let stream: Float32Array = new Float32Array();
  const observe = (tap: Tap) => {
    const into = layers[tap.layer]!;
    const { nGroups, dState, dInner } = model.config;
    const bc = nGroups * dState;
    if (tap.name === 'in_proj_out') {
      into.z = Math.max(into.z, largestOf(tap, 0, dInner));
      into.xbc = Math.max(into.xbc, largestOf(tap, dInner, dInner + 2 * bc));
      into.dt = Math.max(into.dt, largestOf(tap, 2 * dInner + 2 * bc, nHeads));
      z = rowsOf(tap, dInner);
    } else if (tap.name === 'scan_out') {
      into.y = Math.max(into.y, largestOf(tap));
      rowsOf(tap, dInner).forEach((y, i) => {
        into.gated = Math.max(into.gated, Math.abs(y * silu(z[i]!)));
      });
    } else if (tap.name === 'final_state') {
      const rows = tap.width / nHeads;
      for (let h = 0; h < nHeads; h++) into.state[h] = Math.max(into.state[h]!, largestOf(tap, h * rows, rows));
    } else if (tap.name === 'residual_in') {
      stream = rowsOf(tap, tap.width);
      residual = Math.max(residual, largestOf(tap));
    } else if (tap.name === 'out_proj_out') {
      rowsOf(tap, tap.width).forEach((v, i) => {
        residual = Math.max(residual, Math.abs(stream[i]! + v));
      });
    } else if (tap.name === 'conv_out') into.conv = Math.max(into.conv, largestOf(tap));
    else if (tap.name === 'x') into.x = Math.max(into.x, largestOf(tap));
    else if (tap.name === 'B') into.b = Math.max(into.b, largestOf(tap));
    else if (tap.name === 'C') into.c = Math.max(into.c, largestOf(tap));
  };
  windows.forEach((window, index) => {
    resetState(session);
    prefill(session, [window], { observer: observe });
    progress?.(index + 1, windows.length);
  });
  for (const range of [residual, ...layers.flatMap((layer) => Object.values(layer).flat())])
    if (!Number.isFinite(range)) throw notFinite('an intermediate', range);
  return { residual, layers };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly number[] ? number[] : T[K] };

function emptyRanges(heads: number): Mutable<LayerRanges> {
  const state = new Array<number>(heads).fill(0);
  return { z: 0, xbc: 0, dt: 0, conv: 0, x: 0, b: 0, c: 0, y: 0, gated: 0, state };
}

/** Largest magnitude over elements from...from + width-1 of every row. */
function largestOf({ values, offset, stride, batch, steps, width }: Tap, from = 0, count = width): number {
  let most = 0;
  for (let row = 0; row < batch * steps; row++) {
    const start = offset + row * stride + from;
    for (let i = start; i < start + count; i++) most = Math.max(most, Math.abs(values[i]!));
  }
  return most;
}

/** A copy of the first `count` elements of every row. */
function rowsOf({ values, offset, stride, batch, steps }: Tap, count: number): Float32Array {
  const out = new Float32Array(batch * steps * count);
  for (let row = 0; row < batch * steps; row++) {
    const start = offset + row * stride;
    out.set(values.subarray(start, start + count), row * count);
  }
  return out;
}

/** Tells models apart in a calibration file: a digest of the dimensions and of the last norm and the first layer's vectors. */
export function fingerprint(model: Model): string {
  const hash = createHash('sha256').update(JSON.stringify(model.config));
  for (const array of [model.normF, model.layers[0]!.norm, model.layers[0]!.convWeight, model.layers[0]!.dtBias]) {
    hash.update(Buffer.from(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest('hex').slice(0, 16);
}
