import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../model.ts';
import {
  AWKWARD,
  type SyntheticSpec,
  scratchDir,
  syntheticCheckpoint,
  writeCheckpoint,
} from '../../testing/synthetic.ts';
import { type Fault, faultsOf, plant, trapAt } from '../../testing/wasm-faults.ts';
import { type Calibration, calibrate } from '../calibration.ts';
import { stepFixed } from '../forward.ts';
import { fixModel } from '../model.ts';
import { defaultNumerics, type Numerics } from '../numerics.ts';
import { createFixedSession } from '../session.ts';
import { variant } from '../variants.ts';
import type { Kernels } from './memory.ts';
import { bind } from './program.ts';
import { openSession, placeModel } from './session.ts';

const TOKENS = [1, 5, 9, 20, 0, 3, 3, 17];
const file = readFileSync(new URL('../../kernels/fixed.wasm', import.meta.url));

/** A model, and whether the kernels of this file compute what the specification says. */
type Experiment = (file: Uint8Array) => boolean;

async function experiment(
  spec: SyntheticSpec,
  numerics: Numerics = defaultNumerics,
  change: (usual: Calibration) => Calibration = (usual) => usual,
): Promise<Experiment> {
  using dir = scratchDir();
  const model = await loadModel(writeCheckpoint(dir.path, syntheticCheckpoint(spec, 8)));
  const fixed = fixModel(model, change(calibrate(model, [TOKENS])), numerics);
  const plain = createFixedSession(fixed);
  const expected = TOKENS.map((token) => stepFixed(plain, token).slice());
  const placed = placeModel(fixed, 1);
  const memory = new Uint8Array(placed.memory.memory.buffer);
  const fresh = memory.slice();
  return (kernels) => {
    memory.set(fresh);
    const run = bind(placed.programs[0]!, instantiate(kernels, placed.memory.memory), () => {});
    const session = openSession(placed, run);
    const equal = TOKENS.every((token, i) => {
      const logits = session.step(token);
      return expected[i]!.every((value, at) => value === logits[at]);
    });
    return equal && JSON.stringify(sorted(session.clamped())) === JSON.stringify(sorted(plain.clamped));
  };
}

const sorted = (counts: Readonly<Record<string, number>>) => Object.entries(counts).sort();

function instantiate(bytes: Uint8Array, memory: object): Kernels {
  const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: WasmApi }).WebAssembly;
  return new Instance(new Module(bytes), { env: { memory } }).exports;
}
interface WasmApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Kernels };
}

/** Ranges too small for what is computed. */
const overflow = (usual: Calibration): Calibration => ({
  residual: usual.residual / 8,
  layers: usual.layers.map((l) => ({
    ...l,
    z: l.z / 8,
    xbc: l.xbc / 8,
    dt: l.dt / 8,
    conv: l.conv / 8,
    y: l.y / 8,
    gated: l.gated / 8,
    state: l.state.map((s) => s / 256),
  })),
});
/** A state in finer units, B and C in coarser ones: rows that need more than 16 bits. */
const fine = (usual: Calibration): Calibration => ({
  ...usual,
  layers: usual.layers.map((l) => ({ ...l, b: l.b * 16, c: l.c * 16, state: l.state.map((s) => s * 16) })),
});
const LARGE: SyntheticSpec = { ...AWKWARD, nLayer: 1, dModel: 160, headDim: 64, dState: 40, nGroups: 1 };
const [A12, A6] = [12, 6].map((bits) => variant(defaultNumerics, 'activation_bits', `${bits}`));
/** Small tiles of large spread, their sums rounded. */
const tiles = (scaleTile: number, { matmul, ...rest }: Numerics = defaultNumerics): Numerics => ({
  ...rest,
  matmul: { ...matmul, resultFraction: 0 },
  norm: { ...rest.norm, scaleTile },
});

const EXPERIMENTS: readonly (() => Promise<Experiment>)[] = [
  () => experiment(AWKWARD),
  () => experiment(LARGE, defaultNumerics, fine),
  () => experiment({ ...LARGE, dModel: 320 }),
  () => experiment({ ...AWKWARD, pattern: 'dense' }, A12),
  () => experiment({ ...LARGE, pattern: 'dense' }, tiles(4)),
  () => experiment(AWKWARD, variant(defaultNumerics, 'state_format', 'head16'), overflow),
  () => experiment({ ...LARGE, pattern: 'row' }, variant(tiles(5), 'state_format', 'head12')),
  () => experiment(AWKWARD, defaultNumerics, overflow),
  () => experiment(AWKWARD, defaultNumerics, fine),
  () => experiment({ ...LARGE, pattern: 'row' }, variant(tiles(20), 'state_format', 'row8-nearest')),
  () => experiment(LARGE, A12),
  () => experiment({ ...LARGE, dModel: 64, headDim: 16 }, tiles(16, A12)),
  () => experiment(LARGE, A6, fine),
];

/** So many faults at most are planted in a kernel, spread over it. */
const FAULTS = 16;
/**
 * The share of them that must be caught, of those in instructions that run: the others are left shifts and saturation of widths that no
 * format has. What remains changes nothing (a sign that is masked away), or only which of two exact ways a row takes.
 */
const CAUGHT = 0.8;

describe('a kernel with one wrong instruction does not equal the specification', () => {
  const experiments: Experiment[] = [];
  beforeAll(async () => {
    for (const make of EXPERIMENTS) experiments.push(await make());
  });

  it('the kernels as they are do', () => {
    expect(experiments.map((run) => run(file))).toEqual(experiments.map(() => true));
  });

  const faults = faultsOf(file);
  const kernels = [...new Set(faults.map(({ kernel }) => kernel))].filter((kernel) => kernel !== 'stream');
  it.each(kernels)('%s', (kernel) => {
    const all = faults.filter((fault) => fault.kernel === kernel);
    const some = all.filter((_, i) => i % Math.ceil(all.length / FAULTS) === 0);
    const survivors = some.filter((fault) => experiments.every((run) => survives(run, fault)));
    const missed = survivors.filter((fault) => !experiments.every((run) => survives(run, trapAt(fault))));
    const reached = some.length - survivors.length + missed.length;
    const list = missed.map(({ name, at }) => `${name} at ${at}`).join(', ');
    expect(reached).toBeGreaterThan(1);
    expect(1 - missed.length / reached, `not caught: ${list}`).toBeGreaterThanOrEqual(CAUGHT);
  });

  function survives(run: Experiment, fault: Fault): boolean {
    try {
      return run(plant(file, fault));
    } catch {
      return false;
    }
  }
});
