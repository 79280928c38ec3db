import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stoppedProblem } from './drive.ts';
import type { Interface } from './harness.ts';
import type { Engine } from './model.ts';

const HELLO = 0x706f7073;
const EVAL = 0;
const TICK = 1;
const REPLAY = 2;

/**
 * Starts the compiled program and speaks with it over two FIFOs, synchronously. `directory`: what $readmemh may read.
 *
 * Each process holds one end of each FIFO only, and the FIFOs have no name any more once both are open. So a program that
 * dies is an end of file here, and if this process dies it is an end of file there: nobody waits for ever.
 */
export function startNative(program: string, directory: string, request: Interface): Engine {
  const [toRead, toWrite] = makeFifo();
  const [fromRead, fromWrite] = makeFifo();
  const child = spawn(program, [], { cwd: directory, stdio: ['ignore', 2, 2, toRead, fromWrite], env: {} });
  child.on('error', () => undefined); // seen below as an end of file
  child.unref();
  closeSync(toRead);
  closeSync(fromWrite);

  let open = true;
  const end = () => {
    if (!open) return;
    open = false;
    closeSync(toWrite);
    closeSync(fromRead);
  };
  const stopped = () => {
    end();
    child.kill('SIGKILL');
    return stoppedProblem(request, 'the program ended');
  };
  const send = (data: Uint32Array) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at < bytes.length; ) {
      try {
        at += writeSync(toWrite, bytes, at);
      } catch {
        throw stopped();
      }
    }
  };
  const receive = (data: Uint32Array) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at < bytes.length; ) {
      const count = readSync(fromRead, bytes, at, bytes.length - at, null);
      if (count === 0) throw stopped();
      at += count;
    }
  };

  const hello = new Uint32Array(1);
  receive(hello);
  if (hello[0] !== HELLO) throw stopped();
  const call = (operation: number, argument: number, inputs: Uint32Array, outputs: Uint32Array) => {
    const message = new Uint32Array(2 + inputs.length);
    message.set([operation, argument]);
    message.set(inputs, 2);
    send(message);
    receive(outputs);
  };
  return {
    eval: (inputs, outputs) => call(EVAL, 0, inputs, outputs),
    tick: (inputs, clocks, outputs) => call(TICK, clocks, inputs, outputs),
    replay: (inputs, cycles, outputs) => call(REPLAY, cycles, inputs, outputs),
    close: end,
  };
}

/** A FIFO without a name: its reading and its writing end. Opening both ways at first keeps either open from waiting. */
function makeFifo(): [read: number, write: number] {
  const directory = mkdtempSync(join(tmpdir(), 'popscan-fifo-'));
  try {
    const path = join(directory, 'fifo');
    execFileSync('mkfifo', ['-m', '600', path]);
    const both = openSync(path, constants.O_RDWR);
    const read = openSync(path, constants.O_RDONLY);
    const write = openSync(path, constants.O_WRONLY);
    closeSync(both);
    return [read, write];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
