import { expect, test } from 'vitest';
import { nearest } from './nearest.ts';

test('the word meant is the one with the fewest typing errors, if any is near', () => {
  const words = ['demo', 'verify', 'gen', 'doctor'];
  expect(nearest('verfy', words)).toBe('verify');
  expect(nearest('Verify', words)).toBe('verify');
  expect(nearest('ver', words)).toBe('verify');
  expect(nearest('doktor', words)).toBe('doctor');
  expect(nearest('simulate', words)).toBeUndefined();
  expect(nearest('', words)).toBeUndefined();
  expect(nearest('x', [])).toBeUndefined();
});
