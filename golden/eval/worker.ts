import { parentPort, workerData } from 'node:worker_threads';
import { GoldenProblem } from '../problem.ts';
import { createRunner, type WorkerAnswer, type WorkerModel, type WorkerRequest } from './bits-per-byte.ts';
import { windowNats } from './windows.ts';

/** One thread of an evaluation: a runner of its own, and one answer per window asked for. */
const runner = createRunner(workerData as WorkerModel);

parentPort?.on('message', (request: WorkerRequest) => {
  parentPort?.postMessage(answer(request));
});

function answer(request: WorkerRequest): WorkerAnswer {
  if (request === 'finish') return { clamped: runner.clamped() };
  try {
    return { index: request.index, nats: windowNats(runner, request.window) };
  } catch (error) {
    if (!(error instanceof GoldenProblem)) return { failure: String((error as Error).stack) };
    const { id, what, where, expected, found, remedy } = error;
    return { problem: { id, what, where, expected, found, remedy } };
  }
}
