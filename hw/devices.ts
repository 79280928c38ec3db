/**
 * What FPGAs hold. AMD: data sheets DS890 (UltraScale+), DS963 (Alveo U280), DS180 (7 series); Lattice: FPGA-DS-02012 (ECP5). Block RAM in
 * units of 36 Kbit; ECP5's blocks have 18 Kbit and count half.
 */
export interface Device {
  /** UltraScale+, 7-series, ECP5. */
  readonly family: 'xcup' | 'xc7' | 'ecp5';
  readonly lut: number;
  readonly ff: number;
  readonly bram: number;
  readonly dsp: number;
}

export const devices = {
  xcu280: { family: 'xcup', lut: 1_303_680, ff: 2_607_360, bram: 2016, dsp: 9024 },
  xcvu9p: { family: 'xcup', lut: 1_182_240, ff: 2_364_480, bram: 2160, dsp: 6840 },
  xczu9eg: { family: 'xcup', lut: 274_080, ff: 548_160, bram: 912, dsp: 2520 },
  xczu3eg: { family: 'xcup', lut: 70_560, ff: 141_120, bram: 216, dsp: 360 },
  xc7k325t: { family: 'xc7', lut: 203_800, ff: 407_600, bram: 445, dsp: 840 },
  xc7a100t: { family: 'xc7', lut: 63_400, ff: 126_800, bram: 135, dsp: 240 },
  'ecp5-85': { family: 'ecp5', lut: 83_640, ff: 83_640, bram: 104, dsp: 156 },
} as const satisfies Record<string, Device>;

export type DeviceName = keyof typeof devices;
