/** What runs of a design have seen. */
export { type CoverageCollector, collectCoverage } from './collect.ts';
export { type Coverage, mergeCoverage, type Share, totals } from './data.ts';
export { coverageHtml } from './html.ts';
export { storeCoverage } from './store.ts';
