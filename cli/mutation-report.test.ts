import { expect, it } from 'vitest';
import { defineModule, input, output, uint } from '../gen/index.ts';
import { createRandom } from '../sim/index.ts';
import { mutationsOf } from '../sim/mutate/mutation.ts';
import { mutationReport } from './mutation-report.ts';

const design = defineModule(
  { name: 'sum', doc: '', ports: { a: input(uint(8), ''), b: input(uint(8), ''), y: output(uint(9), '') } },
  (_, io) => io.y.drive(io.a.add(io.b)),
);

it('names every survivor with its line, for people and for programs, and is short of what was asked for where it was interrupted', () => {
  const [fault] = mutationsOf(design.module, createRandom(1)).get('operator')!;
  const mutant = { ...fault!, module: 'sum' };
  const killed = { ...mutant, outcome: 'killed', finding: 'y is wrong' } as const;
  const survived = { ...mutant, outcome: 'survived', finding: undefined } as const;
  const mutants = { mutants: [killed, survived], killed: 1, equivalent: 0, killRate: 0.5 };
  const { checks, survivors, text } = mutationReport(mutants, 3, true);
  expect(checks.map((c) => [c.ok, c.detail])).toEqual([
    [false, '1 of 2, 0 proved harmless'],
    [false, 'interrupted after 2 of 3'],
  ]);
  const where = 'cli/mutation-report.test.ts:9:30';
  expect(survivors).toEqual([{ kind: 'operator', what: expect.stringMatching(/^sum: .*add becomes/), where }]);
  expect(text).toContain(`survivors:\n  ${where}  ${survivors![0]!.what}`);
});
