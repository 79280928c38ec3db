/** The smallest module found that still fails like a given one: edits are tried many to a bundle, the best is kept. */
import type { Module } from '../../gen/ir.ts';
import { type Failure, failuresOf, type Run } from './compare.ts';
import { edits } from './edits.ts';
import { otherUnknowns } from './unknown.ts';

/** Edits that are built at once. */
const editsAtOnce = 40;

/** What a module costs its reader. */
export function costOf(module: Module): number {
  const parts = new Set(module.instances.map((i) => i.module));
  const own = module.nodes.reduce((sum, n) => sum + 20 + n.width, 0);
  const state = 50 * (module.registers.length + 4 * module.memories.length + module.instances.length);
  return [...parts].reduce((sum, part) => sum + costOf(part), own + state + 20 * module.ports.length);
}

/** Shrinks in the engine that failed alone. Gives the failure of the smallest module, the first one where none is smaller. */
export async function shrink(
  failure: Failure,
  run: Run,
  progress: (nodes: number) => void = () => undefined,
): Promise<Failure> {
  const [leader, ...others] = run.engines;
  const engines = [leader!, others.find((e) => e.name === failure.engine)!];
  let best = failure;
  for (;;) {
    progress(best.case.module.nodes.length);
    const smaller = await smallest(best, { ...run, engines });
    if (smaller === undefined) return best;
    best = smaller;
  }
}

async function smallest(failure: Failure, run: Run): Promise<Failure | undefined> {
  const cost = costOf(failure.case.module);
  const modules = edits(failure.case.module)
    .filter((m) => costOf(m) < cost)
    .sort((a, b) => costOf(a) - costOf(b));
  for (let at = 0; at < modules.length; at += editsAtOnce) {
    const tried = modules.slice(at, at + editsAtOnce);
    const cases = tried.map((module, i) => ({ ...failure.case, id: `e${at + i}`, module }));
    const vague = await failuresOf(cases, { ...run, engines: [run.engines[0]!, otherUnknowns] });
    const sound = cases.filter((item) => vague.every((f) => f.case !== item));
    const failures = (await failuresOf(sound, run)).filter((f) => f.kind === failure.kind);
    const best = failures.sort((a, b) => costOf(a.case.module) - costOf(b.case.module))[0];
    if (best !== undefined) return { ...best, case: { ...best.case, id: failure.case.id } };
  }
  return undefined;
}
