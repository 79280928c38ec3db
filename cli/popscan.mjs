#!/usr/bin/env node
/*
 * Commands run in a thread of their own, so that this one always hears: an interrupt ends a simulation at once, leaves no
 * half-written file and says so; a crash becomes a message; a reader of our output may stop reading.
 */
import { mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

const argv = process.argv.slice(2);
const scratch = new Map();
let ended = false;

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE') process.exitCode = 1;
  });
}

// Everything temporary that a command or its tools make is in here, and goes with it.
try {
  process.env.TMPDIR = mkdtempSync(join(tmpdir(), 'popscan-'));
  scratch.set(process.env.TMPDIR, []);
} catch {
  // Commands that need temporary files will say that there is no place for them.
}

function attempt(action) {
  try {
    action();
  } catch {
    // Nothing there, or not empty: as it should be.
  }
}

function clean() {
  for (const [path, parents] of scratch) {
    attempt(() => rmSync(path, { recursive: true, force: true }));
    for (const parent of parents) attempt(() => rmdirSync(parent));
  }
  scratch.clear();
}

function fail(status, error) {
  process.exitCode = status;
  if (argv.includes('--json')) {
    const command = argv.find((a) => !a.startsWith('-')) ?? '';
    process.stdout.write(`${JSON.stringify({ command, ok: false, error })}\n`);
    return;
  }
  const { what, where, expected, found, remedy } = error;
  const facts = Object.entries({ where, expected, found, remedy }).map(
    ([name, text]) => `  ${`${name}:`.padEnd(9)} ${text.replaceAll('\n', `\n${' '.repeat(12)}`)}\n`,
  );
  process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[2K' : ''}popscan: ${what}\n${facts.join('')}`);
}

const width = (stream) => (stream.isTTY ? stream.columns : undefined);
/** 1: the command shall end soon, with what it has. */
const flag = new Int32Array(new SharedArrayBuffer(4));
let interruptible = false;
const worker = new Worker(new URL('./thread.mjs', import.meta.url), {
  workerData: { argv, width: width(process.stdout), statusWidth: width(process.stderr), flag },
});

worker.on('message', ({ out, err, begin, end, status, interruptible: allowed }) => {
  if (begin !== undefined) scratch.set(begin.path, begin.parents);
  if (ended) return;
  if (out !== undefined) process.stdout.write(out);
  if (err !== undefined) process.stderr.write(err);
  if (end !== undefined) scratch.delete(end);
  if (allowed) interruptible = true;
  if (status === undefined) return;
  ended = true;
  process.exitCode = status;
});

worker.on('error', (error) => {
  if (ended) return;
  ended = true;
  fail(1, {
    id: 'internal',
    what: error?.message ?? String(error),
    where: error?.stack ?? '',
    expected: 'no such failure',
    found: 'a defect of popscan',
    remedy: 'report it with the command and this text',
  });
});

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.on(signal, async () => {
    if (ended) return;
    if (interruptible && Atomics.exchange(flag, 0, 1) === 0) {
      process.stderr.write('interrupted: a summary follows; interrupt again to end at once\n');
      return;
    }
    ended = true;
    fail(status, {
      id: 'interrupted',
      what: 'interrupted',
      where: `popscan ${argv.join(' ')}`,
      expected: 'time to finish',
      found: signal,
      remedy: 'run it again; nothing half-written was left',
    });
    // A thread that waits for the operating system cannot be ended; then the process is.
    setTimeout(() => {
      clean();
      process.kill(process.pid, 'SIGKILL');
    }, 2000).unref();
    await worker.terminate();
    process.exit();
  });
}

process.on('exit', clean);
