/** Comma-separated choices. */
import { nearest } from './nearest.ts';
import { CommandProblem } from './problem.ts';

export function listOf<T extends string>(option: string, value: string, known: readonly T[]): T[] {
  const names = [...new Set(value.split(',').map((n) => n.trim()))];
  const wrong = names.find((n) => !(known as readonly string[]).includes(n));
  if (wrong === undefined) return known.filter((k) => names.includes(k));
  const meant = nearest(wrong, known);
  throw new CommandProblem({
    id: 'unknown-choice',
    what: `${option} does not know '${wrong}'`,
    where: `${option} ${value}`,
    expected: `one or more of ${known.join(', ')}, separated by commas`,
    found: wrong,
    remedy: meant === undefined ? 'correct the name' : `did you mean ${meant}?`,
  });
}

/** Patterns of signals, which an option has several of, or one with commas; undefined: it was not given. */
export const patternsOf = (given: readonly string[] | undefined): string[] | undefined =>
  given?.flatMap((one) => one.split(',')).filter((one) => one !== '');
