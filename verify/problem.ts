/** Something that verification cannot be asked to do. */
export class VerifyProblem extends Error {
  readonly status = 2;
  readonly id: string;
  readonly what: string;
  readonly where: string;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;

  constructor(id: string, what: string, where: string, expected: string, found: string, remedy: string) {
    super(`${what} (${where}): expected ${expected}, found ${found}`);
    this.name = 'VerifyProblem';
    this.id = id;
    this.what = what;
    this.where = where;
    this.expected = expected;
    this.found = found;
    this.remedy = remedy;
  }
}

/** A fault that could not be planted must not look like one that was not caught, nor like a check that passed. */
export const notPlanted = (why: string): VerifyProblem =>
  new VerifyProblem(
    'fault-not-planted',
    'the fault could not be planted',
    '--plant',
    'work that the fault would spoil',
    why,
    'choose another fault, model or size',
  );
