import { writeSync } from 'node:fs';
import type { Files } from './verilate.ts';
import type { WasmImports, WasmMemory } from './webassembly.ts';

const SUCCESS = 0;
const BADF = 8;
const NOENT = 44;
const NOSYS = 52;
const ROOT_FD = 3;

interface OpenFile {
  readonly bytes: Uint8Array;
  at: number;
}

/**
 * The few WASI calls a Verilated model makes: memory images are read from `files`, what the design prints goes to stderr
 * (stdout belongs to the program that runs the model), clock and random numbers are constant so that runs repeat.
 * (`node:wasi` would do, but warns on every use that it is experimental, and needs the files on disk.)
 */
export function wasiImports(files: Files, memory: () => WasmMemory): WasmImports[string] {
  const open = new Map<number, OpenFile>();
  const view = () => new DataView(memory().buffer);
  const bytes = (at: number, length: number) => new Uint8Array(memory().buffer, at, length);
  const vectors = (at: number, count: number) =>
    Array.from({ length: count }, (_, k) =>
      bytes(view().getUint32(at + 8 * k, true), view().getUint32(at + 8 * k + 4, true)),
    );

  const calls: Record<string, (...args: number[]) => number> = {
    fd_write(fd = 0, at = 0, count = 0, written = 0) {
      if (fd !== 1 && fd !== 2) return BADF;
      const text = Buffer.concat(vectors(at, count));
      writeSync(2, text);
      view().setUint32(written, text.length, true);
      return SUCCESS;
    },
    fd_read(fd = 0, at = 0, count = 0, read = 0) {
      const file = open.get(fd);
      if (file === undefined) return BADF;
      const start = file.at;
      for (const target of vectors(at, count)) {
        const part = file.bytes.subarray(file.at, file.at + target.length);
        target.set(part);
        file.at += part.length;
      }
      view().setUint32(read, file.at - start, true);
      return SUCCESS;
    },
    fd_close(fd = 0) {
      return open.delete(fd) ? SUCCESS : BADF;
    },
    fd_fdstat_get(fd = 0, at = 0) {
      const kind = fd === ROOT_FD ? 3 : open.has(fd) ? 4 : fd < 3 ? 2 : 0;
      if (kind === 0) return BADF;
      bytes(at, 24).fill(0);
      view().setUint8(at, kind);
      view().setBigUint64(at + 8, 0xffff_ffff_ffff_ffffn, true);
      view().setBigUint64(at + 16, 0xffff_ffff_ffff_ffffn, true);
      return SUCCESS;
    },
    fd_prestat_get(fd = 0, at = 0) {
      if (fd !== ROOT_FD) return BADF;
      view().setUint32(at, 0, true);
      view().setUint32(at + 4, 1, true);
      return SUCCESS;
    },
    fd_prestat_dir_name(fd = 0, at = 0) {
      if (fd !== ROOT_FD) return BADF;
      view().setUint8(at, '.'.charCodeAt(0));
      return SUCCESS;
    },
    clock_time_get(_clock = 0, _precision = 0, at = 0) {
      view().setBigUint64(at, 0n, true);
      return SUCCESS;
    },
    random_get(at = 0, length = 0) {
      bytes(at, length).fill(0);
      return SUCCESS;
    },
    environ_sizes_get(count = 0, size = 0) {
      view().setUint32(count, 0, true);
      view().setUint32(size, 0, true);
      return SUCCESS;
    },
    environ_get: () => SUCCESS,
    sched_yield: () => SUCCESS,
    path_open(
      _fd = 0,
      _dirflags = 0,
      path = 0,
      length = 0,
      _oflags = 0,
      _rights = 0,
      _inherit = 0,
      _flags = 0,
      out = 0,
    ) {
      const name = Buffer.from(bytes(path, length)).toString().replace(/^\.\//, '');
      const text = Object.hasOwn(files, name) ? files[name] : undefined;
      if (text === undefined) return NOENT;
      let fd = ROOT_FD + 1;
      while (open.has(fd)) fd++;
      open.set(fd, { bytes: Buffer.from(text), at: 0 });
      view().setUint32(out, fd, true);
      return SUCCESS;
    },
    proc_exit(status = 0) {
      throw new Error(`the design ended the program with status ${status}`);
    },
  };
  return new Proxy(calls, { get: (known, name) => known[String(name)] ?? (() => NOSYS) });
}
