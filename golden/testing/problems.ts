import { expect } from 'vitest';
import { GoldenProblem, type ProblemId } from '../problem.ts';

/** Runs `action`, which must fail with a GoldenProblem; returns it. */
export async function problemOf(action: () => unknown): Promise<GoldenProblem> {
  try {
    await action();
  } catch (error) {
    expect(error).toBeInstanceOf(GoldenProblem);
    return error as GoldenProblem;
  }
  throw new Error('nothing was refused');
}

/** Runs `action`, which must fail with this problem and mention `text`. */
export async function expectProblem(id: ProblemId, text: string, action: () => unknown): Promise<void> {
  const problem = await problemOf(action);
  expect(problem.message).toContain(text);
  expect(problem.id).toBe(id);
}
