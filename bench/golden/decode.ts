/** Fixed-point decode of the released 2.7B dimensions, against a plain read of as many bytes by the same threads. */
import type { Check } from '../../cli/command.ts';
import {
  createTeam,
  defaultNumerics,
  type ModelConfig,
  openSession,
  type Program,
  placeModel,
  releasedConfigs,
  streamModel,
} from '../../golden/index.ts';
import { measured, type Row, reportOf } from '../bench.ts';
import { syntheticCalibration, syntheticModel } from '../synthetic-model.ts';

/** Bytes of a token at 2.7B: signs, 8-bit head, 8-bit state read and written, the rest. The figure of comparison whatever the formats. */
const TOKEN_BYTES = 491e6;
/** Decode must reach this part of the plain read's speed, in at most this much memory. */
const SHARE = 0.4;
const MEMORY = 1.2e9;
const ROUNDS = 60;

export const decode: Row = async (progress, { threads }) => {
  progress('making 2.7 billion random signs');
  const times = await measureDecode(releasedConfigs['2.7B'], threads, ROUNDS, progress);
  const memory = process.resourceUsage().maxRSS * 1024;
  const share = times.read.clock / times.decode.clock;
  const cores = times.read.cores / times.decode.cores;
  const lost = Object.entries(times.clamped).map(([name, n]) => `${name}: ${n}`);
  const checks: Check[] = [
    {
      name: '2.7B: decode against a plain read',
      ok: share >= SHARE,
      detail: `${(100 * share).toFixed(1)} % of its speed on the clock, ${(100 * cores).toFixed(1)} % by the time of ${threads} cores, at least ${100 * SHARE} % (the best of ${ROUNDS} each, in turns)`,
    },
    {
      name: '2.7B: resident memory',
      ok: memory <= MEMORY,
      detail: `${(memory / 1e9).toFixed(2)} GB, at most ${MEMORY / 1e9} GB`,
    },
    { name: '2.7B: every result fits its format', ok: lost.length === 0, detail: lost.join(', ') || 'nothing clamped' },
  ];
  const figures = [
    measured('decode.threads', threads, 'threads'),
    measured('decode.milliseconds', times.decode.clock, 'ms'),
    measured('decode.core_milliseconds', times.decode.cores, 'ms'),
    measured('decode.tokens_per_second', 1000 / times.decode.clock, 'tokens/s'),
    measured('decode.bytes_per_second', TOKEN_BYTES / times.decode.clock / 1e6, 'GB/s'),
    measured('decode.read_bytes_per_second', TOKEN_BYTES / times.read.clock / 1e6, 'GB/s'),
    measured('decode.read_core_milliseconds', times.read.cores, 'ms'),
    measured('decode.share_of_read', share, 'of a plain read'),
    measured('decode.resident_bytes', memory, 'bytes'),
  ];
  const text = `2.7B with random signs: ${TOKEN_BYTES / 1e6} MB per token counted, default number formats`;
  return reportOf(figures, checks, text);
};

/** Milliseconds. */
interface Times {
  /** On the clock. */
  readonly clock: number;
  /** Of the threads' processors, shared among them: on the clock of a machine that does nothing else. */
  readonly cores: number;
}

export interface DecodeTimes {
  /** Of the fastest token, and of the fastest read of TOKEN_BYTES bytes. */
  readonly decode: Times;
  readonly read: Times;
  readonly clamped: Readonly<Record<string, number>>;
}

/** Tokens and reads in turns. */
export async function measureDecode(
  config: ModelConfig,
  threads: number,
  rounds: number,
  progress: (line: string) => void,
): Promise<DecodeTimes> {
  const placed = placeModel(
    streamModel(syntheticModel(config), syntheticCalibration(config), defaultNumerics),
    threads,
  );
  const team = await createTeam(placed.memory, [placed.programs, readPrograms(placed.memory, threads)]);
  try {
    const session = openSession(placed, () => team.run(0));
    const decode: Times[] = [];
    const read: Times[] = [];
    for (let round = 0; round < rounds; round++) {
      progress(`token ${round + 1} of ${rounds}`);
      read.push(timed(threads, () => team.run(1)));
      decode.push(timed(threads, () => session.step((997 * round) % config.vocabSize)));
    }
    return { decode: fastest(decode), read: fastest(read), clamped: session.clamped() };
  } finally {
    await team.close();
  }
}

/** Each thread adds up its part of TOKEN_BYTES bytes of the model's memory, again and again where that is smaller. */
function readPrograms({ memory, ints }: ReturnType<typeof placeModel>['memory'], threads: number): Program[] {
  const bytes = Math.floor(Math.min(TOKEN_BYTES, memory.buffer.byteLength) / threads / 64) * 64;
  const parts: number[] = [];
  for (let left = Math.floor(TOKEN_BYTES / threads / 64) * 64; left > 0; left -= bytes)
    parts.push(Math.min(bytes, left));
  return Array.from({ length: threads }, (_, i) => {
    const sum = ints(2).byteOffset;
    return parts.map((part) => ['stream', i * bytes, part, sum] as const);
  });
}

function timed(threads: number, work: () => void): Times {
  const before = process.cpuUsage();
  const started = performance.now();
  work();
  const clock = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  return { clock, cores: (user + system) / 1000 / threads };
}

const fastest = (times: readonly Times[]): Times => ({
  clock: Math.min(...times.map(({ clock }) => clock)),
  cores: Math.min(...times.map(({ cores }) => cores)),
});
