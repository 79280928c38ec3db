/** The rows that run in a process of their own. */
import type { Report } from '../../cli/command.ts';
import type { Row } from '../bench.ts';
import type { RowMessage, RowRequest } from './isolate.ts';

const LOADERS: Readonly<Record<string, () => Promise<Row>>> = {
  decode: async () => (await import('./decode.ts')).decode,
  pytorch: async () => (await import('./pytorch.ts')).pytorch,
  mutants: async () => (await import('./mutants.ts')).mutants,
};

const say = (message: RowMessage) => process.send!(message);

process.once('message', ({ row, threads }: RowRequest) => {
  run(row, threads).then(
    (report) => say({ report }),
    (error: unknown) => say({ failure: String((error as Error).stack) }),
  );
});

async function run(name: string, threads: number): Promise<Report> {
  const row = await LOADERS[name]!();
  return row((progress) => say({ progress }), { threads });
}
