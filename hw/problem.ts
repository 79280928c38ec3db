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
