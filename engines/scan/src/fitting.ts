// Which templates are worth running on what answers: those of the web on sites, those of other protocols on services that speak them. A question that a service
// cannot understand costs a wait, and its answer misleads. Defended by fitting.test.ts.
import { usualService } from '@haechi/probes'
import type { Block, Library, Template } from '@haechi/templates'

/** What answers: a web site, or a service by its name ('redis'); 'unknown' where nothing was recognised. */
export type Answering = { readonly service: string; readonly port: number; readonly tls: boolean }

const web: ReadonlySet<Block['protocol']> = new Set(['http', 'websocket', 'dns', 'ssl'])
/** What services are called by templates where that is not IANA's name. */
const others: Readonly<Record<string, readonly string[]>> = {
  'ms-wbt-server': ['rdp'], 'microsoft-ds': ['smb', 'samba'], 'netbios-ssn': ['smb', 'netbios'], 'domain': ['dns', 'bind'], 'postgresql': ['postgres', 'pgsql'], 'mysql': ['mysql', 'mariadb'], 'ms-sql-s': ['mssql', 'sqlserver'], 'rfb': ['vnc'], 'vnc': ['vnc', 'rfb'],
  'memcache': ['memcached'], 'submission': ['smtp'], 'submissions': ['smtp'], 'imaps': ['imap'], 'pop3s': ['pop3'], 'ldaps': ['ldap'], 'mongodb': ['mongo'], 'mongod': ['mongodb', 'mongo'], 'amqp': ['rabbitmq'], 'mqtt': ['mosquitto'], 'jdwp': ['java'], 'rmi': ['rmi', 'java'], 'java-rmi': ['rmi', 'java'], 'ajp13': ['ajp', 'tomcat'],
}

const blockPorts = (template: Template): readonly number[] => template.blocks.flatMap((block) => (block.protocol === 'tcp' ? block.port.split(',').map(Number) : []))

function speaks(template: Template, { service, port, tls }: Answering): boolean {
  const protocols = template.blocks.map(({ protocol }) => protocol)
  if (protocols.length === 0) return false
  if (protocols.every((protocol) => protocol === 'ssl')) return tls
  if (!protocols.every((protocol) => protocol === 'tcp' || protocol === 'ssl')) return false
  if (service === 'unknown') return blockPorts(template).includes(port)
  const names = new Set([service, ...others[service] ?? []])
  const words = [...template.info.tags, ...template.file.toLowerCase().split(/[^a-z0-9]+/)]
  return words.some((word) => names.has(word)) || blockPorts(template).some((each) => names.has(usualService(each) ?? ''))
}

/** Of a library, those that fit; what others name stays known by its path. `web`: of a site. */
export function fitting(library: Library, answering: Answering | 'site'): Library {
  return { ...library, templates: library.templates.filter((template) => (answering === 'site' ? template.workflow.length > 0 || template.blocks.some(({ protocol }) => web.has(protocol)) : speaks(template, answering))) }
}
