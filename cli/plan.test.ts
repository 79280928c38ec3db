import { describe, expect, it } from 'vitest';
import { bundled } from './bundled.ts';
import { popscan } from './testing/run.ts';

describe('popscan plan', () => {
  it.each(['780M', '1.3B', '2.7B'])('uses what a memory of 460 GB/s at 300 MHz delivers: %s', async (size) => {
    const { status, out } = await popscan('plan', '--model-size', size, '--json');
    const figures = new Map(JSON.parse(out).figures.map((f: { name: string; value: number }) => [f.name, f.value]));
    expect(status).toBe(0);
    for (const part of ['in_proj', 'out_proj', 'layer'])
      expect(figures.get(`${part}.utilisation`)).toBeGreaterThan(0.95);
    expect(figures.get('layer.cycles')).toBeLessThan(1.02 * (figures.get('layer.memory_cycles') as number));
    expect(figures.get('scan.cycles')).toBeLessThanOrEqual(figures.get('model.cycles') as number);
    expect(figures.get('scan.lut')).toBeGreaterThan(0);
  });

  it('plans any configuration, and the engine that is asked for', async () => {
    const config = bundled('models/nano/config.json');
    const { status, out } = await popscan(
      'plan',
      '--config',
      config,
      '--matmul-engine',
      'popcount',
      '--bandwidth',
      '2',
    );
    expect(status).toBe(0);
    expect(out).toContain('popcount engine');
  });

  it('takes no more than its share of a small device', async () => {
    const args = ['--device', 'ecp5-85', '--bandwidth', '1e9', '--vectors', '1'];
    const { status, out } = await popscan('plan', '--model-size', '2.7B', ...args, '--json');
    expect(status).toBe(0);
    const { figures, skipped } = JSON.parse(out);
    expect(figures.find((f: { name: string }) => f.name === 'lut').value).toBeLessThan(0.7 * 83_640);
    expect(skipped).toMatchObject([{ name: 'scan', why: expect.stringContaining('at most 1024 lanes') }]);
  });

  it("has the scan's cells of the device's family, where they are known", async () => {
    const on = async (device: string) => {
      const { out } = await popscan('plan', '--model-size', '2.7B', '--device', device, '--bandwidth', '20', '--json');
      const { figures, skipped } = JSON.parse(out);
      return [figures.find((f: { name: string }) => f.name === 'scan.lut')?.unit, skipped.length];
    };
    expect(await on('xc7k325t')).toEqual(['lut, xc7', 0]);
    expect(await on('ecp5-85')).toEqual([undefined, 1]);
  });

  it('refuses tables where LUTs have no memory for them', async () => {
    const args = ['--model-size', '2.7B', '--device', 'ecp5-85', '--matmul-engine', 'table'];
    const { status, err } = await popscan('plan', ...args);
    expect(status).toBe(2);
    expect(err).toContain('expected: popcount on ecp5');
  });

  it.each([
    [[], 'plan needs a released size or a configuration'],
    [['--model-size', '2.7B', '--clock', '0'], '--clock is out of range'],
    [['--model-size', '2.7B', '--vectors', '0'], '--vectors is out of range'],
  ])('refuses %j', async (args, what) => {
    const { status, err } = await popscan('plan', ...args);
    expect(status).toBe(2);
    expect(err).toContain(what);
  });
});
