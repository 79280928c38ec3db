import { Problem } from 'popscan-problem';

/** A parameter that a unit cannot be built with. */
export class HardwareProblem extends Problem {
  readonly nearest: string | undefined;

  /** `nearest`: the valid choice that is closest to what was found. */
  constructor(unit: string, parameter: string, expected: string, found: string, nearest?: string) {
    const remedy =
      nearest === undefined ? `choose ${parameter} within the bound` : `the nearest valid ${parameter} is ${nearest}`;
    const what = `${unit} cannot be built with this ${parameter}`;
    super(
      { id: 'hardware-parameter', what, where: `${unit}.${parameter}`, expected, found, remedy },
      { text: `${unit} cannot be built with ${parameter} = ${found}; expected ${expected}` },
    );
    this.nearest = nearest;
  }
}

/** The least and the largest value of parameters, by name. */
export type Bounds = Readonly<Record<string, readonly [low: number, high: number]>>;

/** Throws a `HardwareProblem` for the first of the bounded parameters of `p` that is no whole number within its bounds; `within`: p's name in the unit's parameters, with a dot. */
export function checkBounds(unit: string, p: object, bounds: Bounds, within = ''): void {
  for (const [name, [low, high]] of Object.entries(bounds)) {
    const value = (p as Readonly<Record<string, number>>)[name]!;
    if (Number.isInteger(value) && value >= low && value <= high) continue;
    const nearest = Math.min(high, Math.max(low, Math.round(value)));
    const expected = low === high ? `${low}` : `a whole number from ${low} to ${high}`;
    throw new HardwareProblem(unit, `${within}${name}`, expected, `${value}`, `${nearest}`);
  }
}

/** Throws a `HardwareProblem` where a parameter is none of its choices. */
export function checkChoice(unit: string, parameter: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw new HardwareProblem(unit, parameter, `one of ${choices.join(', ')}`, value, choices[0]);
}
