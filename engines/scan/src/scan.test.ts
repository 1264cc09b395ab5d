import { randomBytes } from 'node:crypto'
import { createTechnologyIdentifier } from '@haechi/fingerprints'
import { NetworkError } from '@haechi/probes'
import type { Connection, HttpResponse, ProbeNetwork } from '@haechi/probes'
import { createKnowledge } from '@haechi/risk'
import { createDetector, genericRules } from '@haechi/secrets'
import { everything, readLibrary } from '@haechi/templates'
import { describe, expect, it } from 'vitest'
import type { ScanEvent, ScanOptions, ScanTotals } from './model.ts'
import { scanTargets } from './scan.ts'
import { readTarget } from './target.ts'

type Site = (target: string) => { readonly status: number; readonly body?: string; readonly headers?: readonly (readonly [string, string])[] } | NetworkError

const banner = (text: string): Connection => {
  let left = text
  return {
    address: '192.0.2.7', tls: null, write: async () => undefined, close: () => undefined,
    read: async (most) => {
      const part = left.slice(0, most)
      left = left.slice(most)
      return part
    },
  }
}

/** Hosts by address: a port that is a text says it and ends, one that is a function is a web site, the others are closed. */
function networkOf(hosts: Readonly<Record<string, Readonly<Record<number, string | Site>>>>, names: Readonly<Record<string, readonly string[]>> = {}): ProbeNetwork {
  const at = (host: string, port: number): string | Site | undefined => hosts[names[host]?.[0] ?? host]?.[port]
  const refused = (host: string, port: number): NetworkError => new NetworkError('refused', `${host}:${port}`, 'refused')
  return {
    addresses: async (host) => {
      const found = names[host] ?? (Object.hasOwn(hosts, host) ? [host] : undefined)
      if (found === undefined) throw new NetworkError(/^[\d.]+$/.test(host) ? 'out_of_scope' : 'not_resolved', host, `${host} is nowhere`)
      return found
    },
    connects: async (address, ports) => ({ states: ports.map((port) => (at(address, port) === undefined ? 'closed' : 'open')), durationMs: 1, slowestAnswerMs: 1, notBegun: 0 }),
    datagram: async (address, port) => { throw new NetworkError('timeout', `${address}:${port}`, 'nothing came') },
    dns: async () => { throw new NetworkError('timeout', 'resolver', 'the resolver did not answer') },
    dial: async (host, port, { tls }) => {
      const found = at(host, port)
      if (found === undefined) throw refused(host, port)
      if (tls !== null) throw new NetworkError('tls_failed', `${host}:${port}`, 'no TLS')
      return banner(typeof found === 'string' ? found : 'HTTP/1.1 400 Bad Request\r\nServer: stand-in/1.0\r\nContent-Length: 0\r\n\r\n')
    },
    http: async ({ host, port, scheme, target }): Promise<HttpResponse> => {
      const site = at(host, port)
      if (site === undefined) throw refused(host, port)
      if (typeof site === 'string' || scheme === 'https') throw new NetworkError('protocol_error', `${host}:${port}`, 'no HTTP')
      const answer = site(target)
      if (answer instanceof NetworkError) throw answer
      return { status: answer.status, reason: '', headers: [['Content-Type', 'text/html'], ...answer.headers ?? []], body: answer.body ?? '', truncated: false, durationMs: 1, address: '192.0.2.7' }
    },
  }
}

async function run(network: ProbeNetwork, targets: readonly string[], more: Partial<ScanOptions> = {}): Promise<{ readonly events: readonly ScanEvent[]; readonly totals: ScanTotals }> {
  const events: ScanEvent[] = []
  for await (const event of scanTargets({
    targets: targets.map((target) => readTarget(target)!), network, ports: { tcp: [22, 80, 8080], udp: [] }, rate: 0, timeoutMs: 200, resolvers: ['192.0.2.53'], identifier: null, technologies: createTechnologyIdentifier([]), roots: new Map(),
    secrets: { detector: createDetector([]), rules: genericRules }, templates: null, knowledge: null, vantage: null, screenshot: null, seed: 1, now: () => 1_800_000_000_000, signal: new AbortController().signal, ...more,
  })) events.push(event)
  const last = events.at(-1)
  if (last?.kind !== 'done') throw new Error('the scan did not end')
  return { events, totals: last.totals }
}

const missing = { status: 404, body: 'not here' }
const exposed: Site = (target) => {
  if (target === '/') return { status: 200, body: '<title>Shop</title>' }
  if (target === '/.git/HEAD') return { status: 200, body: 'ref: refs/heads/main\n' }
  return target === '/.git/config' ? { status: 200, body: '[core]\n\trepositoryformatversion = 0\n\tbare = false\n' } : missing
}
const weaknesses = (events: readonly ScanEvent[]): string[] => events.flatMap((event) => (event.kind === 'weakness' ? [event.weakness.id] : []))

/** Every version of these two has a hole. */
function holes(): ReturnType<typeof createKnowledge> {
  const knowledge = createKnowledge()
  const feed = knowledge.open('nvd', 'lines')
  for (const [cve, product] of [['CVE-2099-0001', 'openbsd:openssh'], ['CVE-2099-0002', 'proftpd:proftpd'], ['CVE-2099-0003', 'f5:nginx']] as const) feed.write(`${JSON.stringify({ id: cve, configurations: [{ nodes: [{ operator: 'OR', negate: false, cpeMatch: [{ vulnerable: true, criteria: `cpe:2.3:a:${product}:*:*:*:*:*:*:*:*`, versionEndExcluding: '99' }] }] }] })}\n`)
  feed.end({ truncated: false })
  return knowledge
}
const heldOf = (events: readonly ScanEvent[]): string[] => events.flatMap((event) => (event.kind === 'held' ? [`${event.place} ${event.id}`] : []))

describe('a scan', () => {
  it('finds services, sites and what is wrong with them', async () => {
    const { events, totals } = await run(networkOf({ '192.0.2.7': { 22: 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n', 80: exposed } }), ['192.0.2.7'])
    expect(events.flatMap((event) => (event.kind === 'asset' ? [`${event.asset.kind} ${event.asset.id}`] : []))).toEqual(expect.arrayContaining(['host 192.0.2.7', 'service 192.0.2.7:22/tcp', 'service 192.0.2.7:80/tcp', 'site http://192.0.2.7/']))
    expect(weaknesses(events)).toContain('web.git_exposed')
    const found = events.find((event) => event.kind === 'weakness' && event.weakness.id === 'web.git_exposed')
    expect(found).toMatchObject({ weakness: { asset: '192.0.2.7', place: 'http://192.0.2.7/.git/HEAD', severity: 'high', decision: { level: 'urgent' } } })
    expect(totals).toMatchObject({ interrupted: false, silent: [], ports: { tried: 3, open: 2 } })
  })

  it('tells the same weakness of two names once each, and asks an address once for its ports', async () => {
    let connects = 0
    const network = networkOf({ '192.0.2.7': { 80: exposed } }, { 'a.example': ['192.0.2.7'], 'b.example': ['192.0.2.7'] })
    const { events } = await run({ ...network, connects: async (...given) => { connects++; return network.connects(...given) } }, ['http://a.example', 'http://b.example', 'http://a.example/'])
    expect(weaknesses(events).filter((id) => id === 'web.git_exposed')).toHaveLength(2)
    expect(connects).toBe(1)
  })

  it('tells two keys on one line and two cookies of a page, each once however many addresses lead there', async () => {
    const keys = [randomBytes(15), randomBytes(15)].map((bytes) => `kT9v${bytes.toString('base64url')}`)
    const site: Site = (target) => (target === '/' ? { status: 200, body: keys.map((key) => `<script>const apiKey = "${key}"</script>`).join(''), headers: [['Set-Cookie', 'PHPSESSID=1'], ['Set-Cookie', 'auth_token=2']] } : missing)
    const ids = (events: readonly ScanEvent[], id: string): string[] => events.flatMap((event) => (event.kind === 'weakness' && event.weakness.id === id ? [event.weakness.evidence.en] : []))
    const { events } = await run(networkOf({ '192.0.2.7': { 80: site }, '192.0.2.8': { 80: site } }, { 'a.example': ['192.0.2.7', '192.0.2.8'] }), ['http://a.example/'])
    expect(new Set(ids(events, 'generic-assigned-secret')).size).toBe(2)
    expect(ids(events, 'generic-assigned-secret')).toHaveLength(2)
    expect(ids(events, 'web.cookie_flags').toSorted()).toEqual([expect.stringContaining('PHPSESSID'), expect.stringContaining('auth_token')])
  })

  it('asks for a page as it was named, also where a name leads to its address, and for the rest of what is named as a whole', async () => {
    const asked = async (...targets: string[]): Promise<string[]> => {
      const seen = new Set<string>()
      const network = networkOf({ '192.0.2.7': { 8080: (target) => (target === '/' || target === '/app' ? { status: 200, body: `<title>${target}</title>` } : missing) } }, { 'a.example': ['192.0.2.7'] })
      const { events } = await run(network, targets)
      for (const event of events) if (event.kind === 'asset' && event.asset.kind === 'site') seen.add(event.asset.id)
      return [...seen].toSorted()
    }
    expect(await asked('a.example', 'http://192.0.2.7:8080/app')).toEqual(['http://192.0.2.7:8080/app', 'http://a.example:8080/'])
    expect(await asked('a.example', 'http://a.example:8080/app')).toEqual(['http://a.example:8080/', 'http://a.example:8080/app'])
    expect(await asked('http://a.example:8080/app')).toEqual(['http://a.example:8080/app'])
  })

  it('goes on where one host is nowhere and another is silent', async () => {
    const network = networkOf({ '192.0.2.7': { 80: exposed }, '192.0.2.8': {} })
    const silent: ProbeNetwork = { ...network, connects: async (address, ports, options, signal) => (address === '192.0.2.8' ? { states: ports.map(() => 'filtered'), durationMs: 1, slowestAnswerMs: null, notBegun: 0 } : network.connects(address, ports, options, signal)) }
    const { events, totals } = await run(silent, ['gone.example', '192.0.2.8', '192.0.2.7'])
    expect(weaknesses(events)).toContain('web.git_exposed')
    expect(totals.silent).toEqual(['192.0.2.8'])
    expect(events.flatMap((event) => (event.kind === 'fault' ? [`${event.asset} ${event.fault}`] : []))).toContain('gone.example not_resolved')
  })

  it('calls no host silent that denies a port of UDP', async () => {
    const refusing: ProbeNetwork = { ...networkOf({ '192.0.2.7': {} }), datagram: async (address, port) => { throw new NetworkError('refused', `${address}:${port}`, 'refused') } }
    const { events, totals } = await run(refusing, ['192.0.2.7'], { ports: { tcp: [], udp: [53] } })
    expect(totals.silent).toEqual([])
    expect(events.some((event) => event.kind === 'asset' && event.asset.kind === 'host')).toBe(true)
  })

  it('believes nothing of a host where everything is open', async () => {
    const network = networkOf({ '192.0.2.7': {} })
    const ports = Array.from({ length: 400 }, (_, at) => at + 1)
    const open: ProbeNetwork = {
      ...network, connects: async (_, asked) => ({ states: asked.map(() => 'open'), durationMs: 1, slowestAnswerMs: 1, notBegun: 0 }), dial: async () => banner('+PONG\r\n$12\r\nredis_version\r\n'),
    }
    const { events, totals } = await run(open, ['192.0.2.7'], { ports: { tcp: ports, udp: [] } })
    expect(weaknesses(events)).toEqual([])
    expect(events.filter((event) => event.kind === 'held').map((event) => event.id)).toContain('open_everywhere')
    expect(totals.held).toBeGreaterThan(0)
  })

  it('judges a program once a host, by what the host tells of its distribution', async () => {
    const knowledge = holes()
    const upstream = await run(networkOf({ '192.0.2.7': { 22: 'SSH-2.0-OpenSSH_9.2p1\r\n', 80: 'SSH-2.0-OpenSSH_9.2p1\r\n' } }), ['192.0.2.7'], { knowledge })
    expect(upstream.events.flatMap((event) => (event.kind === 'weakness' && event.weakness.origin === 'version' ? [event.weakness.cve] : []))).toEqual([['CVE-2099-0001']])
    // The second says whose build the whole host is; the first does not.
    const debian = await run(networkOf({ '192.0.2.7': { 22: 'SSH-2.0-OpenSSH_9.2p1\r\n', 8080: 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n' } }), ['192.0.2.7'], { knowledge })
    expect(weaknesses(debian.events)).not.toContain('known_vulnerabilities')
    expect(heldOf(debian.events).filter((held) => held.includes('CVE-2099-0001')).length).toBeGreaterThan(0)
  })

  it('judges no program whose version nobody tells', async () => {
    const { events } = await run(networkOf({ '192.0.2.7': { 22: 'SSH-2.0-OpenSSH\r\n', 80: () => ({ status: 200, headers: [['Server', 'nginx']] }) } }), ['192.0.2.7'], { knowledge: holes() })
    expect(weaknesses(events)).not.toContain('known_vulnerabilities')
  })

  it('keeps what it has found when it is stopped', async () => {
    const stop = new AbortController()
    const network = networkOf({ '192.0.2.7': { 80: exposed, 8080: (target) => { if (target === '/') stop.abort(); return new NetworkError('cancelled', '192.0.2.7:8080', 'stopped') } } })
    const { events, totals } = await run(network, ['192.0.2.7'], { signal: stop.signal })
    expect(totals.interrupted).toBe(true)
    expect(events.some((event) => event.kind === 'asset' && event.asset.id === '192.0.2.7')).toBe(true)
  })

  it('counts what breaks by its own fault, and goes on', async () => {
    const network = networkOf({ '192.0.2.7': { 80: exposed } })
    const { events, totals } = await run(network, ['192.0.2.7'], { screenshot: () => { throw new TypeError('no browser') } })
    expect(events.flatMap((event) => (event.kind === 'fault' ? [`${event.fault} ${event.message.ko}`] : []))).toContain('internal TypeError: no browser')
    expect(totals.faults).toBe(events.filter(({ kind }) => kind === 'fault').length)
    expect(weaknesses(events)).toContain('web.git_exposed')
  })

  it('says in both languages what it could not look at', async () => {
    const { events } = await run(networkOf({ '192.0.2.1': {} }), ['192.0.2.0/30', '10.0.0.0/15'])
    expect(events.flatMap((event) => (event.kind === 'fault' ? [event] : []))).toMatchObject([
      { asset: '192.0.2.0/30', fault: 'out_of_scope', message: { en: '1 addresses are not in the scope', ko: '주소 1개가 검사 범위 밖임' } },
      { asset: '10.0.0.0/15', fault: 'budget_exceeded', message: { en: 'only the first 65536 addresses are looked at', ko: '처음 주소 65536개만 확인함' } }, { asset: '10.0.0.0/15', fault: 'out_of_scope' },
    ])
  })

  it('tells a template that could not be run to its end', async () => {
    const library = readLibrary([{ path: 'many.yaml', content: Buffer.from('id: many\ninfo: {name: n, author: a, severity: high, tags: own}\nhttp:\n  - method: GET\n    path: ["{{BaseURL}}/{{x}}"]\n    payloads: {x: ["1", "2", "3"]}\n    attack: batteringram\n') }])
    const settings = { disableRedirects: false, attack: null, serverName: null, timeoutMs: 200, maxBytes: 100_000, userAgent: 'Haechi', variables: {}, maxRequests: 2, resolvers: [] }
    const { events, totals } = await run(networkOf({ '192.0.2.7': { 80: () => missing } }), ['http://192.0.2.7'], { templates: { library, selection: everything, settings, concurrency: 2 } })
    expect(events.filter(({ kind }) => kind === 'fault')).toMatchObject([{ asset: '192.0.2.7', place: 'many.yaml', fault: 'budget_exceeded', message: { ko: expect.stringContaining('many') as string } }])
    expect(totals.faults).toBe(1)
  })

  it('looks only at the port that a target names', async () => {
    const asked = new Set<number>()
    const network = networkOf({ '192.0.2.7': { 80: exposed, 8080: exposed } })
    await run({ ...network, connects: async (address, ports, ...rest) => { for (const port of ports) asked.add(port); return network.connects(address, ports, ...rest) } }, ['http://192.0.2.7:8080/'])
    expect([...asked]).toEqual([8080])
  })

  it('tells what a web server gives out by an excerpt and a hash alone', async () => {
    const secret = 'kT9vQ2mX7pLw4ZbR8sYd'
    const { events } = await run(networkOf({ '192.0.2.7': { 80: (target) => (target === '/' ? { status: 200, body: `<script>const apiKey = "${secret}"</script>` } : missing) } }), ['http://192.0.2.7'])
    const found = events.find((event) => event.kind === 'weakness' && event.weakness.origin === 'secret')
    expect(found).toMatchObject({ weakness: { id: 'generic-assigned-secret', weakness: 'exposed_credential' } })
    expect(JSON.stringify(events)).not.toContain(secret)
  })

  it('looks at a bucket that a page names where it may, and knows of the others', async () => {
    const page = '<img src="https://files.s3.amazonaws.com/a.png"><img src="https://pictures.s3.amazonaws.com/b.png">'
    const network = networkOf({ '192.0.2.7': { 80: (target) => (target === '/' ? { status: 200, body: page } : missing) } }, { 'pictures.s3.amazonaws.com': ['192.0.2.9'] })
    const listing: ProbeNetwork = {
      ...network, http: async (request, signal) => (request.host === 'pictures.s3.amazonaws.com'
        ? { status: 200, reason: '', headers: [['Content-Type', 'application/xml']], body: '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>pictures</Name><Contents><Key>private/passport.png</Key></Contents></ListBucketResult>', truncated: false, durationMs: 1, address: '192.0.2.9' }
        : network.http(request, signal)),
    }
    const { events } = await run(listing, ['http://192.0.2.7/'])
    const buckets = events.flatMap((event) => (event.kind === 'asset' && event.asset.kind === 'bucket' ? [`${event.asset.id} ${event.asset.summary.en}`] : []))
    expect(buckets).toHaveLength(2)
    expect(buckets.filter((bucket) => bucket.includes('not in scope'))).toEqual([expect.stringContaining('files.s3')])
    expect(weaknesses(events)).toContain('web.bucket_listing')
  })

  it('asks every address of a name for its site: behind one of them stands another server', async () => {
    const shop: Site = (target) => (target === '/' ? { status: 200, body: '<title>Shop</title>' } : missing)
    const network = networkOf({ '192.0.2.7': { 80: shop }, '192.0.2.8': { 80: exposed } }, { 'www.example.com': ['192.0.2.7', '192.0.2.8'], 'alone.example.com': ['192.0.2.7'] })
    const asked = new Set<string>()
    const watching: ProbeNetwork = { ...network, http: async (request, signal) => { asked.add(`${request.host} ${request.headers.find(([name]) => name === 'Host')?.[1] ?? '-'}`); return network.http(request, signal) } }
    const { events } = await run(watching, ['www.example.com', 'http://alone.example.com/'])
    expect(weaknesses(events).filter((id) => id === 'web.git_exposed')).toHaveLength(1)
    expect([...asked].filter((each) => each.includes('example.com')).toSorted()).toEqual(['192.0.2.7 www.example.com', '192.0.2.8 www.example.com', 'alone.example.com -'])
  })

  it('stops its work when nobody listens any more', async () => {
    const network = networkOf({ '192.0.2.7': { 80: exposed } })
    let aborted = false
    const watching: ProbeNetwork = { ...network, connects: async (address, ports, options, signal) => { signal.addEventListener('abort', () => { aborted = true }); return network.connects(address, ports, options, signal) } }
    for await (const event of scanTargets({
      targets: [readTarget('192.0.2.7')!], network: watching, ports: { tcp: [80], udp: [] }, rate: 0, timeoutMs: 200, resolvers: null, identifier: null, technologies: createTechnologyIdentifier([]), roots: new Map(), secrets: null, templates: null, knowledge: null, vantage: 'outside', screenshot: null, seed: 1,
      now: () => 0, signal: new AbortController().signal,
    })) if (event.kind === 'asset') break
    expect(aborted).toBe(true)
  })
})
