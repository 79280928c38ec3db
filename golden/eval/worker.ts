import { parentPort, workerData } from 'node:worker_threads';
import { GoldenProblem } from '../problem.ts';
import { createWindowWorker, type WindowJob, type WorkerAnswer, type WorkerRequest } from './threads.ts';

/** One thread of an evaluation: runners of its own, and one answer per window asked for. */
const worker = createWindowWorker(workerData as WindowJob);

parentPort?.on('message', (request: WorkerRequest) => {
  parentPort?.postMessage(answer(request));
});

function answer(request: WorkerRequest): WorkerAnswer {
  if (request === 'finish') return { clamped: worker.clamped() };
  try {
    return { index: request.index, result: worker.run(request.window) };
  } catch (error) {
    if (!(error instanceof GoldenProblem)) return { failure: String((error as Error).stack) };
    const { id, what, where, expected, found, remedy } = error;
    return { problem: { id, what, where, expected, found, remedy } };
  }
}
