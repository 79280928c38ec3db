import { Problem } from 'popscan-problem';

/** A problem with the Verilog, with the request, or with the tools this package drives. */
export class VerilatorProblem extends Problem {}
