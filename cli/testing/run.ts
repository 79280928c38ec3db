/** Runs the command line for tests: in this process with its words captured, or as the program that users start. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { bundled } from '../bundled.ts';
import type { Figure, Report } from '../command.ts';
import { neverInterrupted, noScratch, plainWidth } from '../io.ts';
import { main } from '../main.ts';
import type { Failure } from '../problem.ts';

export interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Calls `main`. */
export const popscan = (...argv: readonly string[]): Promise<Outcome> => popscanUntil(() => false, ...argv);

/** The same, interrupted once `interrupted` says so. */
export async function popscanUntil(interrupted: () => boolean, ...argv: readonly string[]): Promise<Outcome> {
  let out = '';
  let err = '';
  const status = await main(argv, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    width: plainWidth,
    statusWidth: undefined,
    scratch: noScratch,
    ...neverInterrupted,
    interrupted,
  });
  return { status, out, err };
}

/** Starts the program. */
export function start(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
  return spawn(process.execPath, [bundled('cli/popscan.mjs'), ...argv], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** What a started program says until it ends. */
export function outcomeOf(child: ChildProcess): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let out = '';
    let err = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ status: code ?? -1, out, err }));
  });
}

/** Checks that a command failed as it should: one message, nothing on stdout, no stack; gives the same failure as JSON. */
export async function refused(status: 2 | 3, ...argv: readonly string[]): Promise<Failure> {
  const plain = await popscan(...argv);
  expect(plain, plain.err).toMatchObject({ status, out: '' });
  expect(plain.err.match(/^popscan: /gm)).toHaveLength(1);
  for (const fact of ['where', 'expected', 'found', 'remedy'])
    expect(plain.err).toMatch(new RegExp(`^ {2}${fact}: +\\S`, 'm'));
  expect(plain.err).not.toMatch(/^ +at .*\.ts/m);
  const json = await popscan(...argv, '--json');
  expect(json.status).toBe(status);
  const { ok, error } = objectOf(json) as { ok: boolean; error: Failure };
  expect(ok).toBe(false);
  expect(Object.keys(error)).toEqual(['id', 'what', 'where', 'expected', 'found', 'remedy']);
  for (const fact of Object.values(error)) expect(fact).toMatch(/\S/);
  expect(plain.err).toContain(error.what);
  return error;
}

/** The one JSON object on stdout. */
export function objectOf({ out }: Outcome): Record<string, unknown> {
  expect(out.endsWith('\n')).toBe(true);
  expect(out.trimEnd()).not.toContain('\n');
  return JSON.parse(out) as Record<string, unknown>;
}

/** Checks a successful or failed-check report against the contract; gives it. */
export function reportOf(outcome: Outcome, command: string): Report & { ok: boolean } {
  const object = objectOf(outcome);
  expect(Object.keys(object).slice(0, 6)).toEqual(['command', 'ok', 'figures', 'checks', 'skipped', 'tools']);
  expect(object['command']).toBe(command);
  const report = object as unknown as Report & { ok: boolean };
  expect(report.ok).toBe(report.checks.every((c) => c.ok));
  expect(outcome.status).toBe(report.ok ? 0 : 1);
  for (const f of report.figures) checkFigure(f);
  for (const c of report.checks)
    expect(c).toMatchObject({ name: expect.stringMatching(/\S/), ok: expect.any(Boolean) });
  unique(report.figures.map((f) => f.name));
  unique(report.checks.map((c) => c.name));
  for (const s of report.skipped) expect(Object.keys(s)).toEqual(['name', 'why', 'get']);
  for (const t of Object.values(report.tools)) expect(Object.keys(t)).toEqual(['version', 'how']);
  return report;
}

function checkFigure({ name, value, unit, kind }: Figure): void {
  expect(name).toMatch(/^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/);
  expect(Number.isFinite(value), name).toBe(true);
  expect(unit).toMatch(/\S/);
  expect(['measured', 'simulated', 'projected']).toContain(kind);
}

const unique = (names: readonly string[]): void => expect(names).toEqual([...new Set(names)]);

/** A directory that is removed when the test is over. */
export function scratchDir(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'popscan-cli-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
