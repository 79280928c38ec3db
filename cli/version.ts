/** popscan's version. */
import { readFileSync } from 'node:fs';
import { bundled } from './bundled.ts';

export const version = (JSON.parse(readFileSync(bundled('package.json'), 'utf8')) as { version: string }).version;
