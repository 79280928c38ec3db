/** Runs the examples of docs/diagnostics/: the wrong one says what the page shows, the right one elaborates and prints. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { diagnosticIds } from './diagnostic-ids.ts';
import { type Design, printVerilog } from './index.ts';

const pages = fileURLToPath(new URL('../docs/diagnostics/', import.meta.url));
const folder = fileURLToPath(new URL('./.diagnostic-pages/', import.meta.url));
const found = (await readdir(pages)).filter((f) => f !== 'README.md').map((f) => f.replace(/\.md$/, ''));

afterAll(() => rm(folder, { recursive: true, force: true }));

/** The blocks of a page: alternately a wrong design and what it says, then a right one. */
async function blocksOf(id: string): Promise<{ readonly kind: string; readonly text: string }[]> {
  const page = await readFile(`${pages}${id}.md`, 'utf8');
  expect(page).toMatch(new RegExp(`^# ${id}: `));
  return [...page.matchAll(/```(ts|text)\n([\s\S]*?)```/g)].map(([, kind, text]) => ({ kind: kind!, text: text! }));
}

/** Runs a design; gives its design, or what it says, with the places as the page has them. */
async function run(id: string, name: string, code: string): Promise<{ design?: Design; message?: string }> {
  const at = `${folder}${id}/${name}/`;
  await mkdir(at, { recursive: true });
  await writeFile(`${at}example.ts`, code);
  try {
    return (await import(/* @vite-ignore */ `${at}example.ts`)) as { design: Design };
  } catch (error) {
    return { message: `${(error as Error).message.replaceAll(at, '')}\n` };
  }
}

it('every identifier has a page, every page an identifier', () => {
  expect(found.sort()).toEqual(Object.keys(diagnosticIds).sort());
});

it('the list of pages has every identifier with its line', async () => {
  const list = await readFile(`${pages}README.md`, 'utf8');
  const lines = Object.entries(diagnosticIds).map(([id, line]) => `- [\`${id}\`](${id}.md): ${line}\n`);
  expect(list.endsWith(`\n\n${lines.join('')}`)).toBe(true);
});

describe.each(found)('%s', (id) => {
  it('wrong: says what the page shows; right: prints', async () => {
    const blocks = await blocksOf(id);
    const messages = blocks.filter((b) => b.kind === 'text').length;
    expect(blocks.map((b) => b.kind)).toEqual([...Array(messages).fill(['ts', 'text']).flat(), 'ts']);
    expect(messages).toBeGreaterThan(0);
    for (let i = 0; i < messages; i++) {
      const { message } = await run(id, `wrong${i}`, blocks[2 * i]!.text);
      expect(message).toBe(blocks[2 * i + 1]!.text);
      expect(message).toContain(`error[${id}]`);
    }
    const { design, message } = await run(id, 'right', blocks.at(-1)!.text);
    expect(message).toBe(undefined);
    expect(printVerilog(design!).files.length).toBeGreaterThan(0);
  });
});
