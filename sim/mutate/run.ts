/** Mutation testing: single faults planted in a design, each run against the design's own tests. */
import { DesignError } from '../../gen/diagnostic.ts';
import { rewriteHierarchy } from '../../gen/index.ts';
import type { Module } from '../../gen/ir.ts';
import { hierarchy, isBlackBox } from '../../gen/passes/hierarchy.ts';
import { createRandom, type Random } from '../random.ts';
import { provedEquivalent } from './equivalence.ts';
import { type Mutation, type MutationKind, mutationKinds, mutationsOf } from './mutation.ts';

export interface MutationOptions {
  readonly top: Module;
  readonly count: number;
  readonly seed: number;
  /** Runs the tests on a faulty design; what they found, or undefined where they found nothing. */
  readonly test: (top: Module) => string | undefined;
  /** Told after every mutant, and of every proof. */
  readonly progress?: (done: Mutants, note: string) => void;
  /** True when the run is to end early. */
  readonly stopped?: () => boolean;
}

export interface Mutant extends Mutation {
  /** The module that the fault is in. */
  readonly module: string;
  readonly outcome: 'killed' | 'equivalent' | 'survived';
  /** What the tests found. */
  readonly finding: string | undefined;
}

export interface Mutants {
  readonly mutants: readonly Mutant[];
  readonly killed: number;
  readonly equivalent: number;
  /** killed / (mutants - equivalent); 1 where all are equivalent. */
  readonly killRate: number;
}

/** Proofs of one run of Yosys. */
const together = 10;

/** Draws `count` faults, as many of each kind as there are, plants one after another, and proves what survives. */
export async function mutate(options: MutationOptions): Promise<Mutants> {
  const { top, count, seed, test, progress, stopped } = options;
  const mutants: Mutant[] = [];
  const survivors: { readonly at: number; readonly faulty: Module }[] = [];
  for (const { module, mutation } of draw(top, createRandom(seed))) {
    if (mutants.length === count || stopped?.() === true) break;
    const finding = run(() => test(plant(top, module, mutation.apply())));
    if (finding === undefined) continue;
    const about = { ...mutation, module: module.name };
    if (finding === 'nothing') {
      survivors.push({ at: mutants.length, faulty: plant(top, module, mutation.apply()) });
      mutants.push({ ...about, outcome: 'survived', finding: undefined });
    } else {
      mutants.push({ ...about, outcome: 'killed', finding: finding.found });
    }
    progress?.(summary(mutants), describe(about));
  }
  for (let i = 0; i < survivors.length && stopped?.() !== true; i += together) {
    const some = survivors.slice(i, i + together);
    progress?.(summary(mutants), `proving survivors ${i + 1} to ${i + some.length} of ${survivors.length}`);
    const same = await provedEquivalent(
      top,
      some.map((s) => s.faulty),
    );
    for (const [j, { at }] of some.entries()) if (same[j]) mutants[at] = { ...mutants[at]!, outcome: 'equivalent' };
  }
  return summary(mutants);
}

export const describe = ({ module, at, what }: Pick<Mutant, 'module' | 'at' | 'what'>): string =>
  `${module}: ${at}, ${what}`;

/** What the tests find; undefined where the fault makes no design, such as a loop without a register. */
function run(test: () => string | undefined): { readonly found: string } | 'nothing' | undefined {
  try {
    const found = test();
    return found === undefined ? 'nothing' : { found };
  } catch (error) {
    if (error instanceof DesignError) return undefined;
    throw error;
  }
}

function summary(mutants: readonly Mutant[]): Mutants {
  const count = (outcome: Mutant['outcome']) => mutants.filter((m) => m.outcome === outcome).length;
  const [killed, equivalent] = [count('killed'), count('equivalent')];
  const different = mutants.length - equivalent;
  return { mutants: [...mutants], killed, equivalent, killRate: different === 0 ? 1 : killed / different };
}

interface Site {
  readonly module: Module;
  readonly mutation: Mutation;
}

/** Every fault of every module once, in random order, the kinds in turns. */
function* draw(top: Module, random: Random): Generator<Site> {
  const sites = new Map<MutationKind, Site[]>(mutationKinds.map((kind) => [kind, []]));
  for (const module of hierarchy(top, isBlackBox)) {
    if (isBlackBox(module)) continue;
    for (const [kind, mutations] of mutationsOf(module, random))
      sites.get(kind)!.push(...mutations.map((mutation) => ({ module, mutation })));
  }
  while (sites.size > 0) {
    for (const [kind, list] of sites) {
      if (list.length === 0) {
        sites.delete(kind);
        continue;
      }
      const at = random.below(list.length);
      const site = list[at]!;
      list[at] = list.at(-1)!;
      list.pop();
      yield site;
    }
  }
}

/** `top` with every instance of `target` replaced. */
export const plant = (top: Module, target: Module, faulty: Module): Module =>
  rewriteHierarchy(top, (module, original) => (original === target ? faulty : module));
