/** What every popscan problem says, whichever layer found it. */
export interface ProblemFields {
  /** 2: the input or the usage is wrong; 3: a tool that was asked for is missing or broken. */
  readonly status: 2 | 3;
  /** Stable name of this kind of problem, for scripts and for the error index. */
  readonly id: string;
  readonly what: string;
  readonly where: string;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;
}

/** A problem with the Verilog, with the request, or with the tools this package drives. */
export class VerilatorProblem extends Error implements ProblemFields {
  readonly status: 2 | 3;
  readonly id: string;
  readonly what: string;
  readonly where: string;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;

  constructor(fields: ProblemFields) {
    super(describe(fields));
    this.name = 'VerilatorProblem';
    this.status = fields.status;
    this.id = fields.id;
    this.what = fields.what;
    this.where = fields.where;
    this.expected = fields.expected;
    this.found = fields.found;
    this.remedy = fields.remedy;
  }
}

/** The problem as people read it: one line for each field that says something. */
export function describe(fields: ProblemFields): string {
  const lines = [
    `${fields.where === '' ? '' : `${fields.where}: `}${fields.what} [${fields.id}]`,
    `  expected: ${fields.expected}`,
    `  found:    ${fields.found.replaceAll('\n', '\n            ')}`,
    `  remedy:   ${fields.remedy}`,
  ];
  return lines.join('\n');
}
