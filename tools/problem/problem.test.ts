import { expect, it } from 'vitest';
import { Problem } from './index.ts';

class ShopProblem extends Problem {}
const facts = {
  id: 'no-bread',
  what: 'there is no bread',
  where: '',
  expected: 'a loaf',
  found: 'crumbs\nand a knife',
  remedy: 'bake',
};

it('says its facts line by line, without those that say nothing', () => {
  const problem = new ShopProblem(facts, { cause: 'hunger' });
  expect(String(problem)).toBe(
    [
      'ShopProblem: there is no bread [no-bread]',
      '  expected: a loaf',
      '  found:    crumbs',
      '            and a knife',
      '  remedy:   bake',
    ].join('\n'),
  );
  expect(problem).toMatchObject({ ...facts, status: 2, cause: 'hunger' });
});

it('takes a status and a text of its own', () => {
  expect(new ShopProblem({ ...facts, status: 3 }, { text: 'closed' })).toMatchObject({ status: 3, message: 'closed' });
});
