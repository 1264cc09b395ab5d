// A scan of an attack surface in one call: what is there, what is wrong with it, and what comes first. Pure but for the network that it is handed.
export type * from './model.ts'
export { readTarget } from './target.ts'
export { scanTargets } from './scan.ts'
export { toSarif } from './sarif.ts'
export { toPage } from './page.ts'
export type { PageContent } from './page.ts'
