/** The fixed-point model in WebAssembly SIMD (kernels/fixed.c): the same integers as forward.ts, bit for bit, on any number of threads. */
import { GoldenProblem } from '../../problem.ts';
import { embed } from '../forward.ts';
import type { FixedLayer, FixedModel, Streamed } from '../model.ts';
import { tokenKey } from '../noise.ts';
import type { Clamped } from '../projection.ts';
import { rsqrtTable } from '../tables.ts';
import { type Frame, layerSpace, type PlacedLayer, placeLayer } from './layer.ts';
import { createKernelMemory, type KernelMemory } from './memory.ts';
import { bind, type Program, type Thread } from './program.ts';
import { placeProjection, projectionSpace, UNCOUNTED } from './projection.ts';

/** A running model: what `createFixedSession` and `stepFixed` do. */
export interface FastSession {
  /** Runs one token. Logits as `stepFixed` gives them, valid until the next token. Errors: `token-out-of-range`. */
  step(token: number): Int32Array;
  /** Forgets everything seen. */
  reset(): void;
  /** Clamped results since the session was made, by format. */
  clamped(): Clamped;
}

/** Whether the kernels can run these formats; others take the plain specification. */
export function fastFormats({ numerics: n }: Pick<FixedModel, 'numerics'>): boolean {
  const { state } = n;
  const narrow =
    state.kind === 'head'
      ? n.scan.stateBits <= 16
      : state.bits <= 8 && state.workBits <= 24 && state.workBits - state.bits <= 16 && state.stepBits <= 16;
  const widths =
    n.matmul.activationBits <= 12 && n.head.activationBits <= 12 && n.denseBits <= 8 && n.head.weightBits <= 8;
  return narrow && widths && n.scan.inputBits <= 16 && n.scan.decayFraction === 16;
}

/** A model on the calling thread. Errors: `model-too-large`, `usage` (formats that `fastFormats` refuses). */
export function createFastSession(model: Streamed<FixedModel>): FastSession {
  const placed = placeModel(model, 1);
  return openSession(
    placed,
    bind(placed.programs[0]!, placed.memory.kernels, () => {}),
  );
}

/** A model in the kernels' memory, and each thread's part of a token's work. */
export interface PlacedModel {
  readonly memory: KernelMemory;
  readonly programs: readonly Program[];
  readonly model: Omit<FixedModel, 'layers' | 'head'>;
  readonly residual: Int32Array;
  readonly logits: Int32Array;
  /** [layers] */
  readonly keys: Int32Array;
  readonly layers: readonly PlacedLayer[];
}

/** Keeps of the model what embedding needs. Errors: those of `createFastSession`. */
export function placeModel(model: Streamed<FixedModel>, threads: number): PlacedModel {
  if (!fastFormats(model)) throw unsupportedFormats();
  const { config, numerics, residualUnit, shape, embedding } = model;
  const memory = createKernelMemory();
  const residual = memory.ints(config.dModel);
  const keys = memory.ints(config.nLayer);
  const layers: PlacedLayer[] = [];
  let frame: Frame | undefined;
  for (const layer of model.layers) {
    frame ??= createFrame(layer);
    layers.push(placeLayer(layer, frame, memory));
  }
  const head = placeProjection(model.head, frame!.space.projections, memory);
  const logits = memory.ints(model.head.matrix.rows);
  const { logitBits, logitFraction } = numerics.head;
  const all = { from: 0, count: logits.length };
  const program = (thread: Thread): Program => [
    ...layers.flatMap((layer, i) => layer.program(thread, keys.byteOffset + 4 * i)),
    ...head.multiply(thread, residual.byteOffset),
    ...head.outputs(thread, all, -logitFraction, logitBits, logits.byteOffset, 'logits'),
  ];
  const programs = Array.from({ length: threads }, (_, index) => program({ index, of: threads }));
  const kept = { config, numerics, residualUnit, shape, embedding };
  return { memory, programs, model: kept, residual, logits, keys, layers };

  function createFrame(first: FixedLayer): Frame {
    const rsqrt = memory.place(rsqrtTable.values);
    const projections = projectionSpace([first.inProj, first.outProj, model.head], threads, rsqrt, memory);
    const space = layerSpace(config, projections, threads, memory);
    return { config, numerics, residualUnit, residual: residual.byteOffset, space };
  }
}

/** Embedded tokens that a session keeps. */
const KEPT_ROWS = 1024;

/** `run` has all threads run their programs once. */
export function openSession(placed: PlacedModel, run: () => void): FastSession {
  const { model, residual, logits, keys, layers, memory } = placed;
  const { state } = model.numerics;
  const embedded: Clamped = {};
  const rows = new Map<number, Int32Array>();
  let tokens = 0;
  return {
    step(token) {
      residual.set(embeddedRow(token));
      for (let i = 0; i < keys.length; i++) keys[i] = state.kind === 'row' ? tokenKey(state.seed, i, tokens) : 0;
      run();
      tokens++;
      return logits;
    },
    reset() {
      tokens = 0;
      for (const layer of layers) layer.reset();
    },
    clamped() {
      const { [UNCOUNTED]: _, ...counted } = memory.clamped();
      for (const [name, n] of Object.entries(embedded)) counted[name] = (counted[name] ?? 0) + n;
      return counted;
    },
  };

  /** `embed` of a token, kept (a text uses few of them) unless it clamps: that is counted every time. */
  function embeddedRow(token: number): Int32Array {
    const kept = rows.get(token);
    if (kept !== undefined) return kept;
    const before = embedded['residual'];
    const row = embed(model, token, embedded);
    if (embedded['residual'] === before && rows.size < KEPT_ROWS) rows.set(token, row);
    return row;
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
    remedy: 'choose narrower formats, or the plain specification',
  });
}
