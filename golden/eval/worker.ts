import { parentPort, workerData } from 'node:worker_threads';
import { createSession } from '../float/session.ts';
import { createSimdKernels } from '../float/simd.ts';
import type { Model } from '../model.ts';
import { GoldenProblem } from '../problem.ts';
import type { WorkerAnswer, WorkerRequest } from './bits-per-byte.ts';
import { windowNats } from './windows.ts';

/** One thread of an evaluation: a session of its own, and one answer per window asked for. */
const session = createSession(workerData as Model, { kernels: createSimdKernels() });

parentPort?.on('message', (request: WorkerRequest) => {
  parentPort?.postMessage(answer(request));
});

function answer({ index, window }: WorkerRequest): WorkerAnswer {
  try {
    return { index, nats: windowNats(session, window) };
  } catch (error) {
    if (!(error instanceof GoldenProblem)) return { failure: String((error as Error).stack) };
    const { id, what, where, expected, found, remedy } = error;
    return { problem: { id, what, where, expected, found, remedy } };
  }
}
