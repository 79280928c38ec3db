import { parentPort, workerData } from 'node:worker_threads';
import { instantiateKernels } from '../../float/heap.ts';
import type { Kernels } from './memory.ts';
import { abandon, bind } from './program.ts';
import { openMeeting, type TeamMember } from './team.ts';

/** One thread of a team: it does its part of every job until it is ended. */
const member = workerData as TeamMember;
const { words, barrier, job } = openMeeting(member);
const kernels = instantiateKernels('fixed.wasm', member.memory) as Kernels;
const programs = member.programs.map((program) => bind(program, kernels, barrier));
parentPort?.postMessage('ready');
try {
  for (;;) {
    barrier();
    programs[job()]!();
    barrier();
  }
} catch (error) {
  abandon(words);
  throw error;
}
