/** The fixed-point model on several threads: the same bits whatever their number. */
import { Worker } from 'node:worker_threads';
import type { WasmMemory } from '../../float/heap.ts';
import type { FixedModel, Streamed } from '../model.ts';
import type { KernelMemory } from './memory.ts';
import { bind, createBarrier, MEETING_WORDS, type Program } from './program.ts';
import { type FastSession, openSession, placeModel } from './session.ts';

/** Threads that run programs together, the caller's among them. */
export interface Team {
  /** Every thread runs its program of this job; returns when all have. */
  run(job: number): void;
  /** Ends the other threads. */
  close(): Promise<void>;
}

/** What a worker is given. */
export interface TeamMember {
  readonly memory: WasmMemory;
  /** The thread's programs, by job. */
  readonly programs: readonly Program[];
  readonly threads: number;
  /** Address of MEETING_WORDS words, and of the number of the job. */
  readonly meeting: number;
}

/** The words of `meeting`: those of the barrier, then the job. */
export function openMeeting({ memory, meeting, threads }: Omit<TeamMember, 'programs'>) {
  const words = new Int32Array(memory.buffer, meeting, MEETING_WORDS + 1);
  return { words, barrier: createBarrier(words, threads), job: () => words[MEETING_WORDS]! };
}

/** `jobs[job][thread]` is a program; all its threads leave its barriers in step. */
export async function createTeam(
  { memory, kernels, ints }: KernelMemory,
  jobs: readonly (readonly Program[])[],
): Promise<Team> {
  const threads = jobs[0]!.length;
  const meeting = ints(MEETING_WORDS + 1).byteOffset;
  const { words, barrier } = openMeeting({ memory, meeting, threads });
  const programs = jobs.map((job) => bind(job[0]!, kernels, barrier));
  const workers: Worker[] = [];
  const start = (thread: number) =>
    new Promise<void>((resolve, reject) => {
      const member: TeamMember = { memory, programs: jobs.map((job) => job[thread]!), threads, meeting };
      const worker = new Worker(new URL('./team-worker.mjs', import.meta.url), { workerData: member });
      workers.push(worker);
      worker.once('message', () => {
        worker.unref();
        resolve();
      });
      worker.once('error', reject);
    });
  await Promise.all(Array.from({ length: threads - 1 }, (_, i) => start(i + 1)));
  return {
    run(job) {
      words[MEETING_WORDS] = job;
      barrier();
      programs[job]!();
      barrier();
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

export interface TeamSession extends FastSession {
  /** Ends the other threads; the session cannot be used after. */
  close(): Promise<void>;
}

/** A model on several threads. Errors: those of `createFastSession`. */
export async function createTeamSession(model: Streamed<FixedModel>, threads: number): Promise<TeamSession> {
  const placed = placeModel(model, threads);
  const team = await createTeam(placed.memory, [placed.programs]);
  return { ...openSession(placed, () => team.run(0)), close: team.close };
}
