/** Decode against another implementation on the same processors: Hugging Face's Mamba-2 in PyTorch, float32, at 780M dimensions. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Progress } from '../../cli/command.ts';
import { releasedConfigs } from '../../golden/index.ts';
import { measured, type Row } from '../bench.ts';
import { measureDecode } from './decode.ts';

const FACTOR = 10;
const ROUNDS = 40;
const PYTORCH_ROUNDS = 12;

interface Pytorch {
  readonly milliseconds: number;
  readonly torch: string;
  readonly transformers: string;
}

export const pytorch: Row = async (progress, { threads }) => {
  const python = process.env['POPSCAN_PYTHON'] ?? 'python3';
  if ((await run(python, ['-c', 'import torch, transformers'], () => {})).status !== 0) return skipped(python);
  progress('making 780 million weights');
  const { dModel, nLayer } = releasedConfigs['780M'];
  const script = fileURLToPath(new URL('./mamba2.py', import.meta.url));
  const reference = await run(python, [script, ...[dModel, nLayer, threads, PYTORCH_ROUNDS].map(String)], progress);
  if (reference.status !== 0) throw new Error(`mamba2.py: ${reference.errors.trim().split('\n').at(-1)}`);
  const { milliseconds, torch, transformers } = JSON.parse(reference.output) as Pytorch;
  const { decode } = await measureDecode(releasedConfigs['780M'], threads, ROUNDS, progress);
  const factor = milliseconds / decode.clock;
  return {
    figures: [
      measured('pytorch.milliseconds', milliseconds, 'ms'),
      measured('pytorch.ours_milliseconds', decode.clock, 'ms'),
      measured('pytorch.factor', factor, 'times as fast'),
    ],
    checks: [
      {
        name: '780M: decode against PyTorch',
        ok: factor >= FACTOR,
        detail: `${factor.toFixed(1)} times as fast, at least ${FACTOR} (${threads} threads, the best of ${ROUNDS} and of ${PYTORCH_ROUNDS} tokens)`,
      },
    ],
    skipped: [],
    tools: { torch: { version: torch, how: 'python' }, transformers: { version: transformers, how: 'python' } },
  };
};

/** Runs a program; each line it writes to stderr goes to `progress`. */
function run(command: string, args: readonly string[], progress: Progress) {
  return new Promise<{ readonly status: number; readonly output: string; readonly errors: string }>((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [output, errors] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk;
      progress(String(chunk).trim().split('\n').at(-1)!);
    });
    child.on('error', () => resolve({ status: 1, output, errors }));
    child.on('close', (status) => resolve({ status: status ?? 1, output, errors }));
  });
}

const skipped = (python: string) => ({
  figures: [],
  checks: [],
  skipped: [
    {
      name: '780M: decode against PyTorch',
      why: `${python} cannot import torch and transformers`,
      get: 'pip install torch transformers==5.23.*, and POPSCAN_PYTHON=the python of that environment',
    },
  ],
  tools: {},
});
