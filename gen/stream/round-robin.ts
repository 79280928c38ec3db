/** Turns: who is served next, in cyclic order. */
import type { UInt } from '../signal.ts';

export const anyOf = (flags: readonly UInt[]): UInt => flags.reduce((some, f) => some.or(f));

/** Flag `i` is set and none before it. */
const firstOf = (flags: readonly UInt[], i: number): UInt =>
  i === 0 ? flags[0]! : flags[i]!.and(anyOf(flags.slice(0, i)).not());

/**
 * One-hot choice: the first request after the one served last, else the first of all; none when there is none.
 * `served` is one-hot too; `names` name the signals in the output.
 */
export function roundRobin(names: readonly string[], requests: readonly UInt[], served: readonly UInt[]): UInt[] {
  const later = requests
    .slice(1)
    .map((request, i) => request.and(anyOf(served.slice(0, i + 1))).named(`${names[i + 1]}_later`));
  const someLater = anyOf(later).named('some_later');
  return requests.map((_, i) => {
    const fromStart = firstOf(requests, i);
    return i === 0 ? someLater.not().and(fromStart) : someLater.mux(firstOf(later, i - 1), fromStart);
  });
}
