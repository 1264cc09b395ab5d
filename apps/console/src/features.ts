// The rooms that exist, in the order of the rail. A room's routes are typed in router.tsx.
import { alerts } from './alerts/feature.tsx'
import { approvals } from './approvals/feature.tsx'
import { audit } from './audit/feature.tsx'
import type { Feature } from './feature.ts'
import { hosts } from './hosts/feature.tsx'
import { hunt } from './hunt/feature.tsx'
import { incidents } from './incidents/feature.tsx'
import { intel } from './intel/feature.tsx'
import { overview } from './overview/feature.tsx'
import { policy } from './policy/feature.tsx'
import { reports } from './reports/feature.tsx'
import { settings } from './settings/feature.tsx'
import { rules } from './rules/feature.tsx'

export const features: readonly Feature[] = [overview, approvals, incidents, alerts, hunt, hosts, rules, intel, policy, reports, audit, settings]
