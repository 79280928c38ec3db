/** Fixed-point decode of the released 2.7B dimensions, against a plain read of as many bytes by the same threads. */
import type { Check, Figure, Report } from '../cli/command.ts';
import { createTeam, defaultNumerics, openSession, type Program, placeModel, streamModel } from '../golden/index.ts';
import type { Bench, BenchOptions } from './bench.ts';
import { RELEASED_2700M, syntheticCalibration, syntheticModel } from './synthetic-model.ts';

/** Bytes of a token at 2.7B: signs, 8-bit head, 8-bit state read and written, the rest. The figure of comparison whatever the formats. */
const TOKEN_BYTES = 491e6;
/** Decode must reach this part of the plain read's speed, in at most this much memory. */
const SHARE = 0.4;
const MEMORY = 1.2e9;
const ROUNDS = 40;

export const goldenDecode: Bench = {
  describe: 'fixed-point decode of a 2.7B Bi-Mamba with random signs, against a plain read of as many bytes',
  async run({ threads }: BenchOptions, progress): Promise<Report> {
    progress('making 2.7 billion random signs');
    const config = RELEASED_2700M;
    const placed = placeModel(
      streamModel(syntheticModel(config), syntheticCalibration(config), defaultNumerics),
      threads,
    );
    const team = await createTeam(placed.memory, [placed.programs, readPrograms(placed.memory, threads)]);
    try {
      const session = openSession(placed, () => team.run(0));
      const decode: number[] = [];
      const read: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        progress(`token ${round + 1} of ${ROUNDS}`);
        read.push(milliseconds(() => team.run(1)));
        decode.push(milliseconds(() => session.step((997 * round) % config.vocabSize)));
      }
      return report(threads, Math.min(...decode), Math.min(...read), session.clamped());
    } finally {
      await team.close();
    }
  },
};

/** Each thread adds up its part of the first TOKEN_BYTES bytes of the model's memory. */
function readPrograms({ memory, ints }: ReturnType<typeof placeModel>['memory'], threads: number): Program[] {
  const bytes = Math.floor(Math.min(TOKEN_BYTES, memory.buffer.byteLength) / threads / 64) * 64;
  const passes = TOKEN_BYTES / threads / bytes;
  return Array.from({ length: threads }, (_, i) => {
    const sum = ints(2).byteOffset;
    const pass = (part: number): Program[number] => ['stream', i * bytes, Math.floor((part * bytes) / 64) * 64, sum];
    return passes > 1 ? [pass(1), pass(passes - 1)] : [pass(1)];
  });
}

function milliseconds(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

function report(threads: number, decode: number, read: number, clamped: Record<string, number>): Report {
  const memory = process.resourceUsage().maxRSS * 1024;
  const share = read / decode;
  const lost = Object.entries(clamped).map(([name, n]) => `${name}: ${n}`);
  const figure = (name: string, value: number, unit: string): Figure => ({ name, value, unit, kind: 'measured' });
  const checks: Check[] = [
    {
      name: 'decode at 40 % of a plain read',
      ok: share >= SHARE,
      detail: `${(100 * share).toFixed(1)} %, best of ${ROUNDS} each, in turns`,
    },
    { name: 'at most 1.2 GB resident', ok: memory <= MEMORY, detail: `${(memory / 1e9).toFixed(2)} GB at most` },
    {
      name: 'every result fits its format',
      ok: lost.length === 0,
      detail: lost.length === 0 ? 'nothing clamped' : lost.join(', '),
    },
  ];
  return {
    figures: [
      figure('threads', threads, 'threads'),
      figure('decode.milliseconds', decode, 'ms'),
      figure('decode.tokens_per_second', 1000 / decode, 'tokens/s'),
      figure('decode.bytes_per_second', TOKEN_BYTES / decode / 1e6, 'GB/s'),
      figure('read.bytes_per_second', TOKEN_BYTES / read / 1e6, 'GB/s'),
      figure('share_of_read', share, 'of a plain read'),
      figure('resident_bytes', memory, 'bytes'),
    ],
    checks,
    skipped: [],
    tools: {},
    text: `2.7B: ${TOKEN_BYTES / 1e6} MB per token counted, default number formats, random signs`,
  };
}
