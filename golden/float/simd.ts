import type { Layer, Model } from '../model.ts';
import type { BinaryProjection, DenseProjection, Projection } from '../projection.ts';
import { createHeap, type Heap } from './heap.ts';
import type { Kernels } from './kernels.ts';

/** Functions of kernels/float.c: addresses, counts and factors in, nothing out. */
type Exports = Record<
  'silu' | 'rms_norm' | 'gated_norm' | 'convolve' | 'scan' | 'project_dense' | 'project_binary',
  (...args: number[]) => void
>;

const PATTERN = { column: 0, row: 1, single: 2 } as const;
/** Tokens that a projection takes at once, and entries of its four tables and one of sums (kernels/float.c). */
const LANES = 8;
const TABLE_ENTRIES = 4 * 256 + 1;

/**
 * Kernels in WebAssembly SIMD with a memory of their own (at most 4 GiB), which `place` and `floats` fill and which is released with them.
 * They compute in float32 what `plainKernels` compute with float64 sums: equal to about 1e-6 of the largest term.
 * Errors: `model-too-large`.
 */
export function createSimdKernels(): Kernels {
  const heap = createHeap();
  const run = heap.instantiate('float.wasm') as Exports;
  const at = (array: Float32Array | Uint32Array) => array.byteOffset;
  let scratch = heap.floats(0);
  const scratchOf = (count: number) => {
    if (scratch.length < count) scratch = heap.floats(count);
    return at(scratch);
  };

  return {
    place: (model) => placeModel(model, heap),
    floats: heap.floats,
    rmsNorm: (x, weight, out, rows, eps) => run.rms_norm(at(x), at(weight), at(out), rows, weight.length, eps),
    project(projection, x, out, rows) {
      const { rows: outputs, cols } = projection;
      if (projection.kind === 'dense') {
        const { weights } = projection;
        run.project_dense(at(x), rows, cols, at(weights), outputs, at(out), scratchOf((cols + outputs) * LANES));
        return;
      }
      const { signs, rowWords, wscale, wbias, pattern } = projection;
      const room = scratchOf((32 * rowWords + outputs + TABLE_ENTRIES) * LANES);
      const scales = [at(wscale), at(wbias), PATTERN[pattern]] as const;
      run.project_binary(at(x), rows, cols, at(signs), rowWords, ...scales, outputs, at(out), room);
    },
    convolve({ input, offset, stride, weight, bias, history, out, channels, taps, batch, steps }) {
      const from = at(input) + 4 * offset;
      const room = scratchOf(channels * taps);
      run.convolve(from, stride, at(weight), at(bias), at(history), at(out), room, channels, taps, batch, steps);
    },
    silu: (x, out, count) => run.silu(at(x), at(out), count),
    scan({ xbc, dt, da, d, state, y, heads, headDim, dState, groups, batch, steps }) {
      const arrays = [xbc, dt, da, d, state, y].map(at);
      run.scan(...arrays, heads, headDim, dState, groups, batch, steps);
    },
    gatedNorm: ({ y, zRows, stride, weight, out, rows, groups, eps }) =>
      run.gated_norm(at(y), at(zRows), stride, at(weight), at(out), rows, weight.length, groups, eps),
  };
}

function placeModel(model: Model, heap: Heap): Model {
  const floats = (array: Float32Array) => copyInto(heap.floats(array.length), array);
  const project = (projection: Projection) => placeProjection(projection, heap);
  const layer = (from: Layer): Layer => ({
    norm: floats(from.norm),
    inProj: project(from.inProj),
    convWeight: floats(from.convWeight),
    convBias: floats(from.convBias),
    dtBias: floats(from.dtBias),
    a: floats(from.a),
    d: floats(from.d),
    gatedNorm: floats(from.gatedNorm),
    outProj: project(from.outProj),
  });
  const embedding = floats(model.embedding);
  return {
    config: model.config,
    embedding,
    layers: model.layers.map(layer),
    normF: floats(model.normF),
    head: model.head === model.embedding ? embedding : floats(model.head),
  };
}

function placeProjection(projection: Projection, heap: Heap): Projection {
  const floats = (array: Float32Array) => copyInto(heap.floats(array.length), array);
  if (projection.kind === 'dense') {
    return { ...projection, weights: floats(projection.weights) } satisfies DenseProjection;
  }
  const signs = copyInto(heap.words(projection.signs.length), projection.signs);
  const { wscale, wbias } = projection;
  return { ...projection, signs, wscale: floats(wscale), wbias: floats(wbias) } satisfies BinaryProjection;
}

function copyInto<T extends Float32Array | Uint32Array>(target: T, from: T): T {
  target.set(from);
  return target;
}
