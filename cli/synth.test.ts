import { expect, it } from 'vitest';
import { popscan, refused } from './testing/run.ts';

it('lanes are not made of the cells of another family', async () => {
  const options = ['--unit', 'matmul', '--target', 'xcup', '--param', 'cells=ecp5'];
  expect(await refused(2, 'synth', ...options)).toMatchObject({
    ...{ id: 'hardware-parameter', where: 'matmul.cells' },
    ...{ expected: 'one of portable, xilinx', found: 'ecp5' },
  });
});

it.each([
  [['--model', 'models/nano', '--model-size', '2.7B'], 'usage-conflict', '--model and --model-size'],
  [['--scan-lanes', '3'], 'option-range', '3'],
  [['--param', 'state.workBits=12'], 'hardware-parameter', '12'],
  [['--param', 'numerics.directBits=2', '--param', 'numerics.inputBits=2'], 'hardware-parameter', '8'],
  [['--param', 'lanes=1.5'], 'unit-parameter', '1.5'],
  [['--param', 'products=slow'], 'hardware-parameter', 'slow'],
])('a scan with %j is refused: %s', async (options, id, found) => {
  const { status, out } = await popscan('synth', '--unit', 'scan', '--target', 'xcup', ...options, '--json');
  expect([status, JSON.parse(out).error]).toEqual([2, expect.objectContaining({ id, found })]);
});
