/** A problem with firtool: not found, not the program it should be, or not to be had. Fields as in every popscan problem. */
export class FirtoolProblem extends Error {
  readonly status: 2 | 3;
  readonly id: string;
  readonly what: string;
  readonly where: string;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;

  constructor(fields: Readonly<Omit<FirtoolProblem, keyof Error>>) {
    const { status, id, what, where, expected, found, remedy } = fields;
    super(
      [
        `${where}: ${what} [${id}]`,
        `  expected: ${expected}`,
        `  found:    ${found.replaceAll('\n', '\n            ')}`,
        `  remedy:   ${remedy}`,
      ].join('\n'),
    );
    this.name = 'FirtoolProblem';
    this.status = status;
    this.id = id;
    this.what = what;
    this.where = where;
    this.expected = expected;
    this.found = found;
    this.remedy = remedy;
  }
}

/** What to say when there is no firtool anywhere. */
export function firtoolMissing(): FirtoolProblem {
  return new FirtoolProblem({
    status: 3,
    id: 'firtool-missing',
    what: 'firtool, the FIRRTL compiler of CIRCT, was not found',
    where: 'firtool',
    expected: 'the program FIRTOOL_PATH names, a `firtool` on PATH, or one fetched earlier',
    found: 'none of them',
    remedy: 'fetch it with Maven (`npx firtool --popscan-fetch`), or set FIRTOOL_PATH to a firtool you have',
  });
}
