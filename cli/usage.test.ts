import { expect, test } from 'vitest';
import { nano } from './testing/checkpoint.ts';
import { objectOf, popscan, refused, scratchDir } from './testing/run.ts';

/** Command line, id of the problem, what it says, what it advises. */
const cases: readonly (readonly [string, string, string, string])[] = [
  ['', 'usage-command', 'no command given', 'popscan --help'],
  ['verfy', 'usage-command', "unknown command 'verfy'", 'did you mean verify?'],
  ['simulate', 'usage-command', "unknown command 'simulate'", 'popscan --help'],
  ['verify', 'usage-required', '--model is missing', 'add --model'],
  ['gen --model M', 'usage-required', '--out is missing', 'add --out'],
  ['gen --out O', 'usage-required', 'gen needs a model or a configuration', 'give one of the two'],
  ['gen --out O --model M --config C', 'usage-required', 'either a model or a configuration', 'give one of the two'],
  ['model', 'usage-argument', '<action> is missing: inspect', 'popscan model --help'],
  ['model inspect', 'usage-argument', '<dir> is missing', 'popscan model --help'],
  ['model inspekt M', 'usage-value', "<action> does not know 'inspekt'", 'did you mean inspect?'],
  ['model inspect M N', 'usage-argument', "unexpected argument 'N'", "remove 'N'"],
  ['demo now', 'usage-argument', "unexpected argument 'now'", "remove 'now'"],
  ['demo --fast', 'usage-option', 'unknown option --fast', 'popscan demo --help'],
  ['demo -j', 'usage-option', 'unknown option -j', 'popscan demo --help'],
  ['demo --json=false', 'usage-value', '--json takes no value', 'write --json alone'],
  ['verify --model M --token 3', 'usage-option', 'unknown option --token', 'did you mean --tokens?'],
  ['verify --model M --no-tokens', 'usage-option', 'unknown option --no-tokens', 'did you mean --tokens?'],
  ['verify --model M --scanLanes 8', 'usage-option', 'unknown option --scanLanes', 'did you mean --scan-lanes?'],
  ['verify --model M --tokens', 'usage-value', '--tokens needs a value', 'give --tokens a value'],
  ['verify --model M --tokens=', 'usage-value', '--tokens needs a value', 'give --tokens a value'],
  ['verify --model --tokens 3', 'usage-value', '--model needs a value', '--model=VALUE'],
  ['verify --model M --tokens abc', 'usage-value', '--tokens is not a number', 'give --tokens a number'],
  ['verify --model M --tokens 1 --tokens 2', 'usage-repeated', '--tokens is given twice', 'keep one --tokens'],
  ['verify --model M --tokens 0', 'option-range', '--tokens is out of range', 'give --tokens such a number'],
  ['verify --model M --tokens -1', 'option-range', '--tokens is out of range', 'give --tokens such a number'],
  ['verify --model M --tokens 1.5', 'option-range', '--tokens is out of range', 'give --tokens such a number'],
  ['verify --model M --tokens 1e9', 'option-range', '--tokens is out of range', 'give --tokens such a number'],
  ['verify --model M --offset -1', 'option-range', '--offset is out of range', 'give --offset such a number'],
  ['verify --model M --random -1', 'option-range', '--random is out of range', 'give --random such a number'],
  ['verify --model M --seed 0.5', 'option-range', '--seed is out of range', 'give --seed such a number'],
  ['verify --model M --lanes 0', 'option-range', '--lanes is out of range', 'give --lanes 1, or'],
  ['gen --model M --out O --lanes 3.5', 'option-range', '--lanes is out of range', 'give --lanes 4, or'],
  ['gen --model M --out O --lanes 99999', 'option-range', '--lanes is out of range', 'give --lanes 1024, or'],
  ['gen --model M --out O --columns -3', 'option-range', '--columns is out of range', 'give --columns 1, or'],
  [
    'gen --model M --out O --activation-planes 3',
    'option-range',
    '--activation-planes is',
    'give --activation-planes 2',
  ],
  ['gen --model M --out O --scan-rows 0', 'option-range', '--scan-rows is out of range', 'give --scan-rows 1, or'],
  [
    'gen --model M --out O --mixer-lanes 65',
    'option-range',
    '--mixer-lanes is out of range',
    'give --mixer-lanes 64, or',
  ],
  ['gen --model M --out O --scan-lanes 3', 'option-range', '--scan-lanes is out of range', 'leave it out'],
  ['verify --model M --unit matmull', 'unknown-choice', "--unit does not know 'matmull'", 'did you mean matmul?'],
  ['verify --model M --engines sim,xcelium', 'unknown-choice', "--engines does not know 'xcelium'", 'correct the name'],
  ['verify --model M --verilator nativ', 'usage-value', "--verilator does not know 'nativ'", 'did you mean native?'],
  ['verify --model M --zeros keep', 'usage-value', "--zeros does not know 'keep'", 'choose one of them'],
  [
    'verify --model M --plant netlist-table',
    'fault-not-planted',
    'the fault could not be planted',
    'add --post-synthesis',
  ],
  ['verify --model M --plant bug', 'usage-value', "--plant does not know 'bug'", 'choose one of them'],
];

test.each(cases)('popscan %s', async (line, id, what, remedy) => {
  using dir = scratchDir();
  const argv = line.split(' ').filter((word) => word !== '');
  const error = await refused(2, ...argv.map((w) => w.replace(/^M$/, nano).replace(/^O$/, `${dir.path}/out`)));
  expect(error).toMatchObject({ id, what: expect.stringContaining(what) });
  expect(error.remedy).toContain(remedy);
});

test('a fault in a unit that is not verified', async () => {
  const error = await refused(2, 'verify', '--model', nano, '--unit', 'scan', '--plant', 'weight-bit');
  expect(error).toMatchObject({ id: 'fault-unit', remedy: 'add --unit matmul' });
});

test('--json holds anywhere on the command line, and the command is named', async () => {
  for (const argv of [
    ['--json', 'verify'],
    ['verify', '--json'],
    ['verify', '--model', '--json'],
    ['verify', '--json', '--nonsense'],
  ]) {
    expect(objectOf(await popscan(...argv))).toMatchObject({ command: 'verify', ok: false });
  }
  expect(objectOf(await popscan('model', 'inspect', '/nowhere', '--json'))).toMatchObject({ command: 'model inspect' });
  expect(objectOf(await popscan('--json'))).toMatchObject({ command: '', ok: false });
});

test('help and version', async () => {
  const help = await popscan('--help');
  expect(help).toMatchObject({ status: 0, err: '' });
  for (const command of ['demo', 'model', 'eval', 'gen', 'verify', 'doctor'])
    expect(help.out).toContain(`popscan ${command}`);
  expect(await popscan('-h')).toEqual(help);
  const verify = await popscan('verify', '--help');
  expect(verify.out).toContain('Faults to plant:');
  expect(await popscan('verify', '-h')).toEqual(verify);
  for (const { out } of [help, verify, await popscan('gen', '--help')])
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  expect((await popscan('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(objectOf(await popscan('--version', '--json'))).toMatchObject({
    ok: true,
    text: expect.stringMatching(/^\d/),
  });
  expect((await popscan('verfy', '--help')).status).toBe(2);
});
