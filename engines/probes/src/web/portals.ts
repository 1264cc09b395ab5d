// Ways in from far: VPN appliances, remote desktops, panels of administration. Known by their technologies at the place where each keeps its login, and not where nobody
// keeps anything. Defended by portals.test.ts.
import type { Technology } from '@haechi/fingerprints'
import type { HttpResponse } from '../network.ts'
import type { Finding } from '../model.ts'
import { found } from './checks.ts'
import { placeOf } from './visitor.ts'
import type { Visitor } from './visitor.ts'

/** Ids of content/fingerprints by which somebody administers a machine or a network, or gets inside of one. */
const portals: ReadonlySet<string> = new Set([
  'adminer', 'cisco-asa-webvpn', 'citrix-gateway', 'cockpit', 'cpanel', 'dell-idrac', 'directadmin', 'fortinet-fortigate', 'guacamole', 'hp-ilo', 'iptime', 'ivanti-connect-secure', 'kubernetes-dashboard', 'mikrotik-routeros',
  'openwrt-luci', 'opnsense', 'palo-alto-globalprotect', 'pfsense', 'phpmyadmin', 'plesk', 'portainer', 'proxmox-ve', 'rancher', 'sonicwall-sma', 'ubiquiti-unifi', 'vmware-esxi', 'vmware-vcenter', 'webmin', 'rd-web',
])
const places = ['/guacamole/', '/remote/login', '/dana-na/auth/url_default/welcome.cgi', '/global-protect/login.esp', '/+CSCOE+/logon.html', '/vpn/index.html', '/RDWeb/Pages/en-US/login.aspx', '/phpmyadmin/', '/adminer.php']
/** Remote Desktop Web Access has no rule of its own. */
const isRemoteDesktop = ({ status, body }: HttpResponse): boolean => status === 200 && /<title>\s*(?:RD Web Access|Remote Desktop Web)/i.test(body)
const sureFrom = 0.75
/** One site has one, or two; who has more says whatever is looked for. */
const mostPortals = 3

export async function findPortals(origin: URL, asset: string, first: { readonly url: URL; readonly technologies: readonly Technology[] }, control: readonly Technology[], visitor: Visitor, word: (length: number, key: string) => string, identify: (url: URL, response: HttpResponse) => readonly Technology[]): Promise<{ readonly portals: readonly string[]; readonly technologies: readonly Technology[]; readonly findings: readonly Finding[] }> {
  const everywhere = new Set(control.map(({ id }) => id))
  const seen = await Promise.all(places.map(async (path) => {
    const url = new URL(path, origin)
    const response = await visitor.ask(url, { maxBytes: 262_144 })
    if (response?.status !== 200 && response?.status !== 401) return []
    const shown = [...identify(url, response).filter(({ id }) => portals.has(id) && !everywhere.has(id)), ...(isRemoteDesktop(response) ? [remoteDesktop] : [])]
    if (shown.length === 0) return []
    // A page that repeats what was asked for shows what the path does.
    const elsewhere = new URL(`/${word(8, path)}${path}`, origin)
    const repeated = await visitor.ask(elsewhere, { maxBytes: 262_144 })
    const there = new Set(repeated === null ? shown.map(({ id }) => id) : [...identify(elsewhere, repeated).map(({ id }) => id), ...(isRemoteDesktop(repeated) ? [remoteDesktop.id] : [])])
    return [{ url, technologies: shown.filter(({ id }) => !there.has(id)) }]
  }))
  const all = [first, ...seen.flat()].flatMap(({ url, technologies }) => technologies.filter(({ id, confidence }) => portals.has(id) && confidence.value >= sureFrom).map((technology) => ({ url, technology })))
  const once = [...new Map(all.toReversed().map((each) => [each.technology.id, each])).values()]
  if (once.length > mostPortals) return { portals: [], technologies: [], findings: [] }
  return {
    portals: once.map(({ technology }) => technology.id), technologies: once.map(({ technology }) => technology),
    findings: once.map(({ url, technology }) => found(asset, 'web.portal_exposed', placeOf(url), `${technology.name}${technology.version === null ? '' : ` ${technology.version}`}`, { confidence: technology.confidence.value })),
  }
}

const remoteDesktop: Technology = {
  id: 'rd-web', name: 'Remote Desktop Web Access', nameKo: null, category: 'panel', vendor: 'Microsoft', version: null, cpe: null, confidence: { value: 0.9, grade: 'high', reasons: ['title (0.9)'] }, evidence: [{ source: 'title', found: 'RD Web Access' }], impliedBy: [], build: null,
}
