/** A parameter that a unit cannot be built with. */
export class HardwareProblem extends Error {
  readonly status = 2;
  readonly id = 'hardware-parameter';
  readonly what: string;
  readonly where: string;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;
  readonly nearest: string | undefined;

  /** `nearest`: the valid choice that is closest to what was found. */
  constructor(unit: string, parameter: string, expected: string, found: string, nearest?: string) {
    super(`${unit} cannot be built with ${parameter} = ${found}; expected ${expected}`);
    this.name = 'HardwareProblem';
    this.what = `${unit} cannot be built with this ${parameter}`;
    this.where = `${unit}.${parameter}`;
    this.expected = expected;
    this.found = found;
    this.nearest = nearest;
    this.remedy =
      nearest === undefined ? `choose ${parameter} within the bound` : `the nearest valid ${parameter} is ${nearest}`;
  }
}
