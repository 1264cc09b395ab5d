import { dnsChecks } from './dns/checks.ts'
import type { Check } from './model.ts'
import { serviceChecks } from './services/checks.ts'
import { tlsChecks } from './tls/checks.ts'
import { webChecks } from './web/checks.ts'

/** All that probes look for, by id. */
export const checks: Readonly<Record<string, Check>> = { ...dnsChecks, ...serviceChecks, ...tlsChecks, ...webChecks }
