/** What an element refuses to be built with. */
import { DesignError } from '../diagnostic.ts';
import { Location } from '../location.ts';
import { isLeaf, isVector, type Shape } from '../shape.ts';

export interface Parameter {
  /** Of the element, e.g. `depth`. */
  readonly name: string;
  readonly expected: string;
  readonly found: string;
  readonly holds: boolean;
}

/** Throws a `DesignError` that lists the parameters that do not hold, at the place where `element` was called. */
export function checkParameters(
  element: string,
  below: (...args: never[]) => unknown,
  parameters: readonly Parameter[],
): void {
  const wrong = parameters.filter((p) => !p.holds);
  if (wrong.length === 0) return;
  const location = Location.capture(below);
  throw new DesignError(
    element,
    wrong.map(({ name, expected, found }) => ({
      id: 'stream-parameter',
      what: `${element} cannot be built with this ${name}`,
      location,
      expected,
      found,
      remedy: `correct the ${name}`,
    })),
  );
}

/** A whole number of `low` or more. */
export const atLeast = (name: string, low: number, found: number): Parameter => ({
  name,
  expected: `a whole number of ${low} or more`,
  found: `${found}`,
  holds: Number.isInteger(found) && found >= low,
});

/** Names of streams: `low` or more, each once, none of those that the element itself uses. */
export const streamNames = (
  name: string,
  low: number,
  taken: readonly string[],
  found: readonly string[],
): Parameter => ({
  name,
  expected: `${low} or more different names, other than ${taken.join(', ')}`,
  found: found.join(', ') || 'none',
  holds: found.length >= low && new Set([...taken, ...found]).size === taken.length + found.length,
});

/** Absent, or a one-bit unsigned field of the payload. */
export const flagField = (name: string, payload: Shape, found: string | undefined): Parameter => {
  const type = found === undefined || isLeaf(payload) || isVector(payload) ? undefined : payload[found];
  const holds = found === undefined || (type?.kind === 'bits' && type.width === 1 && !type.signed);
  return { name, expected: 'a one-bit unsigned field of the payload', found: `${found}`, holds };
};
