import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { primitivesPage } from '../docs/primitives.ts';

it('docs/primitives.md is what the printers print (npm run docs)', () => {
  expect(readFileSync(new URL('../docs/primitives.md', import.meta.url), 'utf8')).toBe(primitivesPage());
});
