import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program that reads from file descriptor 3 and answers on 4. Calls are synchronous. */
export interface Channel {
  send(bytes: Uint8Array): void;
  /** Fills `bytes`. */
  receive(bytes: Uint8Array): void;
  close(): void;
}

/** What to run, and what to throw when it ends by itself. What it prints goes to stderr. */
export interface ProgramRequest {
  readonly program: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly stopped: () => Error;
}

/**
 * Starts a program and speaks with it over two FIFOs.
 *
 * Each process holds one end of each FIFO only, and the FIFOs have no name any more once both are open. So a program that
 * dies is an end of file here, and if this process dies it is an end of file there: nobody waits for ever.
 */
export function openChannel({ program, args, directory, stopped }: ProgramRequest): Channel {
  const [toRead, toWrite] = makeFifo();
  const [fromRead, fromWrite] = makeFifo();
  const child = spawn(program, args, { cwd: directory, stdio: ['ignore', 2, 2, toRead, fromWrite], env: {} });
  child.on('error', () => undefined); // seen below as an end of file
  child.unref();
  closeSync(toRead);
  closeSync(fromWrite);

  let open = true;
  const close = () => {
    if (!open) return;
    open = false;
    closeSync(toWrite);
    closeSync(fromRead);
  };
  const end = () => {
    close();
    child.kill('SIGKILL');
    return stopped();
  };
  return {
    send: (bytes) => {
      for (let at = 0; at < bytes.length; ) {
        try {
          at += writeSync(toWrite, bytes, at);
        } catch {
          throw end();
        }
      }
    },
    receive: (bytes) => {
      for (let at = 0; at < bytes.length; ) {
        const count = readSync(fromRead, bytes, at, bytes.length - at, null);
        if (count === 0) throw end();
        at += count;
      }
    },
    close,
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
