/** Comma-separated choices. */
import { CommandProblem } from './problem.ts';

export function listOf<T extends string>(option: string, value: string, known: readonly T[]): T[] {
  const names = [...new Set(value.split(',').map((n) => n.trim()))];
  const wrong = names.find((n) => !(known as readonly string[]).includes(n));
  if (wrong === undefined) return known.filter((k) => names.includes(k));
  throw new CommandProblem({
    id: 'unknown-choice',
    what: `${option} does not know '${wrong}'`,
    where: `${option} ${value}`,
    expected: `one or more of ${known.join(', ')}, separated by commas`,
    found: wrong,
    remedy: 'correct the name',
  });
}
