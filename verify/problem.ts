import { Problem } from 'popscan-problem';

/** Something that verification cannot be asked to do. */
export class VerifyProblem extends Problem {
  constructor(id: string, what: string, where: string, expected: string, found: string, remedy: string) {
    super({ id, what, where, expected, found, remedy });
  }
}

/** A fault that could not be planted must not look like one that was not caught, nor like a check that passed. */
export const notPlanted = (why: string, remedy = 'choose another fault, model or size'): VerifyProblem =>
  new VerifyProblem(
    'fault-not-planted',
    'the fault could not be planted',
    '--plant',
    'work that the fault would spoil',
    why,
    remedy,
  );
