/** The message about a combinational loop. */
import { nameOf, type Place } from './scopes.ts';

const expected = 'a register on every cycle of signals';
const remedy = 'put a register into the path, or compute one of these signals without the others';

/** A combinational loop: always the design's fault, hence exit status 2. */
export class CombinationalLoop extends Error {
  readonly status = 2 as const;
  readonly id = 'combinational-loop' as const;
  readonly what: string;
  readonly where: string;
  readonly expected = expected;
  readonly found: string;
  readonly remedy = remedy;

  constructor(signals: readonly string[]) {
    const where = signals[0]!;
    const what = `combinational loop through ${signals.length} signals`;
    const found = [...signals, where].join('\n              <- ');
    super(`${what}\n  where:    ${where}\n  expected: ${expected}\n  found:    ${found}\n  remedy:   ${remedy}`);
    this.name = 'CombinationalLoop';
    this.what = what;
    this.where = where;
    this.found = found;
  }
}

/**
 * The frames from the first visit of `again` to the top of the stack are the loop: each computes from the next. Nets
 * without a name, which only connect, are left out.
 */
export function loopError(stack: readonly Place[], again: Place): CombinationalLoop {
  const first = stack.findIndex((f) => f.node === again.node && f.scope === again.scope);
  const loop = stack.slice(first);
  const signals = loop.filter((f) => f.node.tag !== 'wire' || f.scope.module.names.has(f.node));
  return new CombinationalLoop((signals.length > 0 ? signals : loop).map((p) => `${nameOf(p)} (${p.node.location})`));
}
