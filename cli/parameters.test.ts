import { expect, it } from 'vitest';
import { overridden } from './parameters.ts';
import { CommandProblem } from './problem.ts';

const parameters = {
  lanes: 4,
  load: undefined as number | undefined,
  engine: 'popcount',
  inner: { bits: 8, exact: true },
};

it('parameters are set by name, those within after a dot', () => {
  expect(
    overridden('u', parameters, ['lanes=16', 'load=8', 'engine=table', 'inner.bits=6', 'inner.exact=false']),
  ).toEqual({
    ...{ lanes: 16, load: 8, engine: 'table' },
    inner: { bits: 6, exact: false },
  });
});

it.each([
  ['lanes', 'NAME=VALUE'],
  ['lane=3', 'lanes, load, engine, inner.bits, inner.exact'],
  ['lanes=many', 'a whole number'],
  ['lanes=', 'a whole number'],
  ['lanes=0.5', 'a whole number'],
  ['inner.exact=maybe', 'true or false'],
  ['inner=3', 'lanes, load, engine, inner.bits, inner.exact'],
])('%s is refused, with what is expected: %s', (given, expected) => {
  try {
    overridden('u', parameters, [given]);
    expect.fail('nothing was refused');
  } catch (error) {
    expect(error).toBeInstanceOf(CommandProblem);
    expect(error).toMatchObject({ status: 2, expected, where: `--param ${given}` });
  }
});

it('what is no assignment is answered with one', () => {
  expect(() => overridden('u', parameters, ['lanes'])).toThrow(
    expect.objectContaining({ remedy: 'for example lanes=4' }),
  );
});

it('a name that is almost right is recognised', () => {
  expect(() => overridden('u', parameters, ['lans=3'])).toThrow(
    expect.objectContaining({ remedy: 'did you mean lanes?' }),
  );
});
