// The lab: hosts that are brought up together.
import { hostNames, labHosts, nameServerAddress } from './hosts.ts'
import type { HostName } from './hosts.ts'
import { connectHosts } from './network.ts'
import type { Host, HostNetwork } from './network.ts'

export type Lab = HostNetwork & { readonly hosts: readonly Host[] }

/** `wanted`: all of them, where it is left out. The scanner's names come from the host `names`. Errors: as connectHosts. */
export async function up(wanted: readonly HostName[] = hostNames): Promise<Lab> {
  const hosts = labHosts(wanted)
  return Object.assign(await connectHosts(hosts, nameServerAddress), { hosts })
}
