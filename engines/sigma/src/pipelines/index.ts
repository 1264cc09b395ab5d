import type { Pipeline } from '../pipeline.ts'
import { agent } from './agent.ts'
import { ecs } from './ecs.ts'
import { ocsf } from './ocsf.ts'
import { sysmon, windowsAudit, windowsChannelsPipeline } from './windows.ts'

/** The pipelines that come with the engine, by name. */
export const builtInPipelines: Readonly<Record<'sysmon' | 'windows-channels' | 'windows-audit' | 'ecs' | 'ocsf' | 'agent', Pipeline>> = {
  sysmon, 'windows-channels': windowsChannelsPipeline, 'windows-audit': windowsAudit, ecs, ocsf, agent,
}
