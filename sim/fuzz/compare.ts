/** Cases in engines: which of them differ, where, and in what. */
import type { Module } from '../../gen/ir.ts';
import { enginePorts, type Follower, type RowLayout, readField, rowLayout } from '../engine.ts';
import { bundleOf, caseOf, type Stimulus, stimulusOf } from './bundle.ts';
import type { FuzzEngine } from './engines.ts';
import type { Case } from './generate.ts';

export interface Run {
  readonly seed: number;
  readonly cycles: number;
  /** All are compared with the first. */
  readonly engines: readonly FuzzEngine[];
}

/** The first difference of a case between the first engine and another. */
export type Failure = { readonly case: Case; readonly engine: string } & (
  | {
      readonly kind: 'mismatch';
      readonly cycle: number;
      readonly port: string;
      readonly values: readonly [bigint, bigint];
    }
  /** Bits without a value in a cycle in which all must have one. */
  | { readonly kind: 'unknown'; readonly cycle: number; readonly port: string }
  /** An engine refuses the module; `crashed`: its tool says itself that the fault is its own. */
  | { readonly kind: 'refused' | 'crashed'; readonly message: string }
);

/** Runs the cases, and gives the first failure of each that fails. A bundle that an engine refuses is halved. */
export async function failuresOf(cases: readonly Case[], run: Run): Promise<Failure[]> {
  const [leader, ...others] = run.engines;
  const bundles = new Bundles(leader!, run);
  const failures = new Map<Case, Failure>();
  for (const engine of others) {
    const taken = cases.filter((item) => engine.takes(item.module) && !failures.has(item));
    for (const failure of await failuresIn(engine, taken, bundles)) failures.set(failure.case, failure);
  }
  return [...failures.values()];
}

interface Bundle {
  readonly top: Module;
  readonly stimulus: Stimulus;
  readonly expected: Outputs;
}

interface Outputs {
  readonly rows: Uint32Array;
  readonly unknown: Uint32Array | undefined;
}

/** Bundles that several engines run, with what the first engine gave. */
class Bundles {
  readonly #leader: FuzzEngine;
  readonly run: Run;
  readonly #made = new Map<string, Promise<Bundle>>();

  constructor(leader: FuzzEngine, run: Run) {
    this.#leader = leader;
    this.run = run;
  }

  of(cases: readonly Case[]): Promise<Bundle> {
    const key = cases.map((item) => item.id).join();
    const known = this.#made.get(key) ?? this.#make(cases);
    this.#made.set(key, known);
    return known;
  }

  async #make(cases: readonly Case[]): Promise<Bundle> {
    const top = bundleOf(cases);
    const stimulus = stimulusOf(this.run.seed, cases, top, this.run.cycles);
    return { top, stimulus, expected: await outputsOf(this.#leader, top, stimulus) };
  }
}

async function outputsOf(engine: FuzzEngine, top: Module, stimulus: Stimulus): Promise<Outputs> {
  const follower: Follower = await engine.create(top);
  try {
    const rows = follower.replay(stimulus.rows, stimulus.cycles, stimulus.clocks);
    return { rows, unknown: follower.unknown?.() };
  } finally {
    follower.close();
  }
}

async function failuresIn(engine: FuzzEngine, cases: readonly Case[], bundles: Bundles): Promise<Failure[]> {
  if (cases.length === 0) return [];
  let found: Outputs;
  const bundle = await bundles.of(cases);
  try {
    found = await outputsOf(engine, bundle.top, bundle.stimulus);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const kind = message.includes('Internal Error') ? 'crashed' : 'refused';
    if (cases.length === 1) return [{ case: cases[0]!, engine: engine.name, kind, message }];
    const middle = cases.length >> 1;
    const first = await failuresIn(engine, cases.slice(0, middle), bundles);
    return [...first, ...(await failuresIn(engine, cases.slice(middle), bundles))];
  }
  return differences(engine.name, cases, bundle, found);
}

function differences(engine: string, cases: readonly Case[], { top, expected }: Bundle, found: Outputs): Failure[] {
  const layout = rowLayout(enginePorts(top), 'output');
  const failures = new Map<Case, Failure>();
  for (const place of differentWords(expected, found, layout)) {
    const { cycle, field } = place;
    const item = caseOf(cases, field.port.name);
    if (cycle < item.from || failures.has(item)) continue;
    const at = cycle * layout.words;
    const port = field.port.name.slice(item.id.length + 1);
    const values = [readField(expected.rows, at, field), readField(found.rows, at, field)] as const;
    const unknown = [expected, found].some((o) => o.unknown !== undefined && readField(o.unknown, at, field) !== 0n);
    const place_ = { case: item, engine, cycle, port };
    failures.set(item, unknown ? { ...place_, kind: 'unknown' } : { ...place_, kind: 'mismatch', values });
  }
  return [...failures.values()];
}

/** Every output word that differs or is unknown, in the order of cycles. */
function* differentWords(a: Outputs, b: Outputs, { fields, words }: RowLayout) {
  for (let i = 0; i < a.rows.length; i++) {
    if (a.rows[i] === b.rows[i] && (a.unknown?.[i] ?? 0) === 0 && (b.unknown?.[i] ?? 0) === 0) continue;
    const cycle = Math.floor(i / words);
    yield { cycle, field: fields.findLast((f) => f.at <= i - cycle * words)! };
  }
}
