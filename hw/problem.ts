/** A parameter that a unit cannot be built with. */
export class HardwareProblem extends Error {
  readonly status = 2;
  readonly id = 'hardware-parameter';
  readonly what: string;
  readonly where: string;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;

  constructor(unit: string, parameter: string, expected: string, found: string) {
    super(`${unit} cannot be built with ${parameter} = ${found}; expected ${expected}`);
    this.name = 'HardwareProblem';
    this.what = `${unit} cannot be built with this ${parameter}`;
    this.where = `${unit}.${parameter}`;
    this.expected = expected;
    this.found = found;
    this.remedy = `choose ${parameter} within the bound`;
  }
}
