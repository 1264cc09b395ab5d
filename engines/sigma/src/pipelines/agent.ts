// Haechi's agent sends what its host writes, unchanged: Windows events as their channels have them, and on Linux the audit trail. On Windows those are the names that rules have already.
// On Linux there is no log source `process_creation`: it is auditd's EXECVE, whose names are those of the Linux audit documentation (github.com/linux-audit/audit-documentation).
import type { Pipeline } from '../pipeline.ts'
import { moveTo, on, rename, require } from './processing.ts'

const STARTED = on({ product: 'linux', category: 'process_creation' })

/** An audit event knows no parent but its process id, so rules about the parent's image or command line do not match. */
export const agent: Pipeline = {
  name: 'agent', priority: 10, vars: {},
  items: [
    ...rename(STARTED, { Image: 'exe', CommandLine: 'proctitle', CurrentDirectory: 'cwd', ProcessId: 'pid', ParentProcessId: 'ppid', User: ['AUID', 'UID', 'auid', 'uid'], LogonId: 'ses' }),
    require(STARTED, { type: 'EXECVE' }),
    moveTo(STARTED, { product: 'linux', service: 'auditd' }),
  ],
}
