/** What is wrong with what a user gave, in the words that every part of popscan uses. */

/** Every field but `id` is one readable phrase. */
export interface ProblemFacts {
  /** Stable name of this kind of problem, for scripts and for the error index. */
  readonly id: string;
  /** What went wrong, as a sentence without its full stop. */
  readonly what: string;
  /** The file, tensor, option or line that it concerns, and the position in it. */
  readonly where: string;
  readonly expected: string;
  readonly found: string;
  /** What the user can do about it. */
  readonly remedy: string;
}

/** Exit status of a problem. 2: the input or the usage is wrong; 3: a tool that was asked for is missing or broken. */
export type ProblemStatus = 2 | 3;

/** Thrown for what is the user's to mend. Each layer has a class of its own below this one; the command line prints all alike. */
export abstract class Problem extends Error implements ProblemFacts {
  readonly status: ProblemStatus;
  readonly id: string;
  readonly what: string;
  readonly where: string;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;

  /** `text`: the message, where it is not the facts one below the other. */
  constructor(
    facts: ProblemFacts & { readonly status?: ProblemStatus },
    options: ErrorOptions & { text?: string } = {},
  ) {
    const { status = 2, id, what, where, expected, found, remedy } = facts;
    super(options.text ?? describe(facts), options);
    this.name = new.target.name;
    this.status = status;
    this.id = id;
    this.what = what;
    this.where = where;
    this.expected = expected;
    this.found = found;
    this.remedy = remedy;
  }
}

const describe = (facts: ProblemFacts): string => `${facts.what} [${facts.id}]\n${factLines(facts)}`;

/** Where, expected, found and remedy as people read them: a line each, without those that say nothing. */
export function factLines({ where, expected, found, remedy }: ProblemFacts): string {
  return Object.entries({ where, expected, found, remedy })
    .filter(([, fact]) => fact !== '')
    .map(([name, fact]) => `  ${`${name}:`.padEnd(9)} ${fact.replaceAll('\n', `\n${' '.repeat(12)}`)}`)
    .join('\n');
}
