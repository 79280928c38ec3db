/** The specification of the hardware's results: formats, and one plain integer function per unit. */
export * from './matmul.ts';
export * from './numerics.ts';
export * from './scan.ts';
export * from './scan-formats.ts';
