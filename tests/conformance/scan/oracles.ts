// What other scanners say of the lab, from their XML.
import { XMLParser } from 'fast-xml-parser'
import type { Lab } from '../../lab/lab.ts'

const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', isArray: (name) => ['host', 'address', 'port'].includes(name) })

export type NmapPort = { readonly address: string; readonly port: number; readonly name: string; readonly tls: boolean; readonly product: string | null; readonly version: string | null; /** By what it said, not by its number. */ readonly probed: boolean }
type NmapXml = { nmaprun: { host?: { address: { addr: string; addrtype: string }[]; ports: { port?: { portid: string; state: { state: string }; service?: { name: string; tunnel?: string; product?: string; version?: string; method: string } }[] } }[] } }

/** Open ports alone. */
export async function nmap(lab: Lab, words: readonly string[]): Promise<{ readonly ports: readonly NmapPort[]; readonly ms: number }> {
  const { code, stdout, stderr, ms } = await lab.exec(['nmap', '-n', '-Pn', '--open', '-oX', '-', ...words])
  if (code !== 0) throw new Error(`nmap: ${stderr}`)
  const { nmaprun } = parser.parse(stdout) as NmapXml
  const ports = (nmaprun.host ?? []).flatMap(({ address, ports }) => (ports.port ?? []).filter(({ state }) => state.state === 'open').map(({ portid, service }) => ({
    address: address.find(({ addrtype }) => addrtype !== 'mac')?.addr ?? '', port: Number(portid), name: service?.name ?? 'unknown', tls: service?.tunnel === 'ssl', product: service?.product ?? null, version: service?.version ?? null, probed: service?.method === 'probed',
  })))
  return { ports, ms }
}
