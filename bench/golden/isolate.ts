/** Rows in a process of their own, so that memory and threads are the row's alone. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Report } from '../../cli/command.ts';
import { type Row, reportOf } from '../bench.ts';

/** What the other process is told to do, and what it says. */
export interface RowRequest {
  readonly row: string;
  readonly threads: number;
}
export type RowMessage = { readonly progress: string } | { readonly report: Report } | { readonly failure: string };

/** A row that says nothing for so long hangs. */
const SILENCE = 300_000;

/** The row `name` of row.ts in its own process. One that ends without a report, or hangs, is a failed check. */
export const isolated =
  (name: string): Row =>
  (progress, { threads }) =>
    new Promise((resolve) => {
      const child = fork(fileURLToPath(new URL('./row.mjs', import.meta.url)), {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      const end = (report: Report) => {
        clearTimeout(watch);
        child.kill('SIGKILL');
        resolve(report);
      };
      const failed = (detail: string) => end(reportOf([], [{ name: `${name} runs to its end`, ok: false, detail }]));
      const watch = setTimeout(() => failed(`silent for ${SILENCE / 1000} s`), SILENCE);
      child.on('message', (message: RowMessage) => {
        watch.refresh();
        if ('report' in message) end(message.report);
        else if ('failure' in message) failed(message.failure);
        else progress(message.progress);
      });
      child.on('error', (error) => failed(error.message));
      child.on('exit', (code, signal) => failed(`ended with ${signal ?? `status ${code}`}`));
      child.send({ row: name, threads } satisfies RowRequest);
    });
