import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dnsChecks } from './checks.ts'
import { isInBoth } from '../evidence.fixture.ts'
import { memoryRun, zones } from './network.fixture.ts'
import type { Answerer, MemoryRun, Reply } from './network.fixture.ts'
import { createResolver } from './resolver.ts'
import { probeZone } from './zone.ts'
import type { ZoneOptions, ZoneReport } from './zone.ts'

type Records = Parameters<typeof zones>[0]
const safe: Records = { '': [], 'com': [], 'net': [] }
const base = [['@', 'NS', 'ns.lab.example'], ['ns', 'A', '203.0.113.53'], ['@', 'TXT', 'v=spf1 -all'], ['_dmarc', 'TXT', 'v=DMARC1; p=reject'], ['@', 'CAA', { flags: 0, tag: 'issue', value: 'ca.test' }]] as const

/** Whatever is found here, or could not be looked at, is told in both languages. */
async function probe(answerer: Answerer, options: Partial<ZoneOptions> & { readonly zone?: string } = {}, run: MemoryRun = memoryRun(answerer)): Promise<ZoneReport> {
  const report = await probeZone(options.zone ?? 'lab.example', { run, resolver: createResolver({ run, servers: ['192.0.2.254'] }), words: [], ...options })
  expect(report.findings.filter(({ evidence }) => !isInBoth(evidence))).toEqual([])
  expect(report.faults.filter(({ message }) => !isInBoth(message))).toEqual([])
  return report
}
const found = ({ findings }: ZoneReport): string[] => findings.map(({ check, place, severity }) => `${severity} ${check} ${place}`).toSorted()
/** Without what every zone here has. */
const faults = (report: ZoneReport): string[] => found(report).filter(line => !line.includes('dns.dnssec_missing'))
const lab = (records: Records[string], more: Records = {}, options = {}): Answerer => zones({ ...safe, ...more, 'lab.example': [...base, ...records] }, options)

describe('a zone', () => {
  it('that is in order has its servers, its records and its name', async () => {
    const report = await probe(lab([['@', 'A', '203.0.113.80']]))
    expect(report).toMatchObject({ zone: 'lab.example', status: 'zone', names: [{ name: 'lab.example', status: 'found', addresses: ['203.0.113.80'], sources: ['given'] }, { name: 'ns.lab.example', sources: ['record'] }], wildcards: [], faults: [], dnssec: { signed: false } })
    expect(report.nameServers).toMatchObject([{ name: 'ns.lab.example', address: '203.0.113.53:53', authoritative: true, transfer: 'refused' }])
    expect(report.records.map(({ type }) => type).toSorted()).toEqual(['A', 'CAA', 'NS', 'SOA', 'TXT'])
    expect(faults(report)).toEqual(['medium dns.open_recursion 203.0.113.53:53 recursion'])
  })

  it('that is none, or is nobody\'s, or is no name', async () => {
    expect(await probe(lab([]), { zone: 'nothing.example' })).toMatchObject({ status: 'no_name', findings: [], names: [{ status: 'no_name' }] })
    expect(await probe(() => null)).toMatchObject({ status: 'unanswered', names: [], faults: [{ place: 'lab.example SOA', fault: 'timeout' }] })
    expect(await probe(() => ({ flags: 2 }))).toMatchObject({ status: 'unanswered', faults: [{ fault: 'not_resolved' }] })
    expect(await probe(lab([]), { zone: 'a..b' })).toMatchObject({ status: 'unanswered', faults: [{ fault: 'not_resolved' }] })
  })

  it('of a name within one, only that name is looked at', async () => {
    const run = memoryRun(lab([['www', 'CNAME', 'gone.lab.example'], ['other', 'A', '203.0.113.1']], {}, { transfers: ['lab.example'] }))
    const report = await probe(() => null, { zone: 'WWW.lab.example' }, run)
    expect([report.status, report.names.map(({ name }) => name), faults(report)]).toEqual(['name', ['www.lab.example'], ['low dns.dangling_cname www.lab.example CNAME']])
    expect(run.asked.every(({ type, name }) => type !== 'AXFR' && name !== 'other.lab.example')).toBe(true)
  })

  it('is asked of the servers that were given', async () => {
    const run = memoryRun(lab([]))
    expect((await probe(() => null, { nameServers: ['198.51.100.1:5353'] }, run)).nameServers).toMatchObject([{ name: null, address: '198.51.100.1:5353', authoritative: true }])
    expect(run.asked.some(({ server }) => server.startsWith('203.0.113.53'))).toBe(false)
  })
})

describe('servers', () => {
  it('that hand over the zone give all its names', async () => {
    const report = await probe(lab([['secret-7', 'A', '203.0.113.1'], ['*.any', 'A', '203.0.113.2']], {}, { recursive: false, transfers: ['lab.example'] }))
    expect(report.nameServers[0]).toMatchObject({ transfer: 'whole', recursion: false })
    expect(report.names.find(({ name }) => name === 'secret-7.lab.example')).toMatchObject({ sources: ['transfer'], addresses: ['203.0.113.1'] })
    expect([report.wildcards.map(({ name }) => name), faults(report)]).toEqual([['*.any.lab.example'], ['info dns.wildcard *.any.lab.example', 'medium dns.zone_transfer lab.example AXFR @203.0.113.53:53']])
  })

  it('that do not exist, do not answer, or do not answer for the zone', async () => {
    const world = zones({ ...safe, 'lab.example': [...base.slice(2), ['@', 'NS', 'gone.lab.example'], ['@', 'NS', 'ns.unregistered.com'], ['@', 'NS', 'lame.lab.example'], ['@', 'NS', 'silent.lab.example'], ['@', 'NS', 'far.lab.example'], ['lame', 'A', '203.0.113.1'], ['silent', 'A', '203.0.113.2'], ['far', 'A', '203.0.113.3']] }, { recursive: false })
    const report = await probe(asked => (asked.server.startsWith('203.0.113.1:') ? { flags: 5 } : asked.server.startsWith('203.0.113.2:') ? null : asked.server.startsWith('203.0.113.3:') ? 'out_of_scope' : world(asked)))
    expect(faults(report)).toEqual([
      'high dns.takeover lab.example NS ns.unregistered.com', 'low dns.lame_delegation lab.example NS lame.lab.example@203.0.113.1:53', 'low dns.lame_delegation lab.example NS silent.lab.example@203.0.113.2:53', 'medium dns.dangling_ns lab.example NS gone.lab.example',
    ])
    expect(report.faults).toMatchObject([{ place: 'lab.example SOA @203.0.113.3:53', fault: 'out_of_scope' }])
  })

  it('that resolve for strangers are told, within only where they are outside', async () => {
    const world = lab([], { 'root-servers.net': [['a', 'A', '198.41.0.4']] }, { recursive: false })
    const open: Answerer = asked => (asked.name === 'a.root-servers.net' ? { flags: 0x0080, answers: [{ type: 'A', name: asked.name, ttl: 1, data: '198.41.0.4' }] } : { ...world(asked) as object, ...(asked.server === '192.0.2.254:53' ? {} : { flags: 0x0480 }) })
    const report = await probe(open)
    expect(report.findings.find(({ check }) => check === 'dns.open_recursion')).toMatchObject({ confidence: 1, evidence: { en: '203.0.113.53:53 resolves a.root-servers.net for us', ko: '203.0.113.53:53: 외부 요청에 a.root-servers.net 이름을 재귀 조회하여 응답함' } })
    const inside = await probe(open, { nameServers: ['10.0.0.53'] })
    expect([inside.nameServers[0]?.recursion, found(inside).some(line => line.includes('open_recursion'))]).toEqual([true, false])
  })

  it('of zones beneath it are looked at, too', async () => {
    const world = lab([['lost', 'NS', 'ns.unregistered.net'], ['lame', 'NS', 'ns.lab.example'], ['fine', 'NS', 'ns.lab.example']], { 'fine.lab.example': [['@', 'NS', 'ns.lab.example']] }, { recursive: false })
    const report = await probe(asked => (asked.name === 'lame.lab.example' && asked.type === 'SOA' ? { flags: 5 } : world(asked)), { names: ['lost.lab.example', 'lame.lab.example', 'fine.lab.example'] })
    expect(faults(report)).toEqual(['high dns.takeover lost.lab.example NS ns.unregistered.net', 'low dns.lame_delegation lame.lab.example NS ns.lab.example@203.0.113.53'])
    expect(report.findings.find(({ check }) => check === 'dns.lame_delegation')?.evidence).toEqual({ en: 'ns.lab.example (203.0.113.53): it answers with return code 5 and without authority', ko: 'ns.lab.example(203.0.113.53): 권한 없는 응답(응답 코드 5)' })
  })
})

describe('names', () => {
  const http = (url: string) => (url === 'http://free.lab.example/' ? { status: 404, body: "There isn't a GitHub Pages site here." } : { status: 404, body: 'nothing' })
  it('that lead to nothing, and those that anybody could claim', async () => {
    const world = lab([['dead', 'CNAME', 'gone.lab.example'], ['app', 'CNAME', 'app-7f3a.azurewebsites.net'], ['sold', 'CNAME', 'www.unregistered.com'], ['free', 'CNAME', 'company.github.io'], ['used', 'CNAME', 'company.github.io'], ['here', 'CNAME', 'ns.lab.example'], ['ring', 'CNAME', 'ring.lab.example'], ['txt', 'CNAME', 'lab.example']],
      { 'azurewebsites.net': [], 'github.io': [['company', 'A', '203.0.113.99']] }, { recursive: false })
    const report = await probe(world, { names: ['dead', 'app', 'sold', 'free', 'used', 'here', 'ring', 'txt'].map(label => `${label}.lab.example`) }, memoryRun(world, { http }))
    expect(faults(report)).toEqual([
      'high dns.takeover app.lab.example CNAME', 'high dns.takeover free.lab.example CNAME', 'high dns.takeover sold.lab.example CNAME', 'low dns.dangling_cname dead.lab.example CNAME', 'low dns.dangling_cname ring.lab.example CNAME',
    ])
    expect(report.findings.find(({ place }) => place === 'sold.lab.example CNAME')?.evidence).toEqual({
      en: 'sold.lab.example -> www.unregistered.com: the domain unregistered.com is not registered (com denies it)', ko: 'sold.lab.example -> www.unregistered.com: 도메인 unregistered.com 미등록(com 영역에서 존재하지 않는다고 응답)',
    })
  })

  it('that a resolver blocks are nobody\'s to claim', async () => {
    const world = lab([['app', 'CNAME', 'app-7f3a.azurewebsites.net']], {}, { recursive: false })
    const blocking: Answerer = asked => (asked.name.endsWith('.azurewebsites.net') ? { flags: 3, authorities: [{ type: 'SOA', name: 'rpz.block', ttl: 1, data: { mname: 'a', rname: 'b' } }] } : world(asked))
    expect(faults(await probe(blocking, { names: ['app.lab.example'] }))).toEqual(['low dns.dangling_cname app.lab.example CNAME'])
  })

  it('that lead inward', async () => {
    expect(faults(await probe(lab([['in', 'A', '10.1.2.3'], ['in6', 'AAAA', 'fd00::1'], ['loop', 'A', '127.0.0.1']], {}, { recursive: false }), { names: ['in.lab.example', 'in6.lab.example', 'loop.lab.example'] })))
      .toEqual(['info dns.private_address in.lab.example A', 'info dns.private_address in6.lab.example A', 'info dns.private_address loop.lab.example A'])
  })

  it('of others are passed over', async () => {
    const run = memoryRun(lab([]))
    const report = await probe(() => null, { names: ['www.other.example', 'badlab.example', '*.lab.example', 'a..b', 'LAB.example'] }, run)
    expect(report.names.map(({ name }) => name)).toEqual(['lab.example', 'ns.lab.example'])
  })

  it('are found by words, and not where a wildcard makes them up', async () => {
    const words = ['www', 'api', 'same', 'gone', 'alias']
    const plain = await probe(lab([['www', 'A', '203.0.113.1'], ['api', 'CNAME', 'www.lab.example'], ['same', 'TXT', 'x']]), { words })
    expect(plain.names.filter(({ sources }) => sources.includes('word')).map(({ name }) => name)).toEqual(['api.lab.example', 'same.lab.example', 'www.lab.example'])
    const wild = await probe(lab([['*', 'A', '203.0.113.9'], ['www', 'A', '203.0.113.1'], ['api', 'A', '203.0.113.9'], ['same', 'TXT', 'x'], ['alias', 'CNAME', 'www.lab.example']]), { words })
    expect(wild.names.filter(({ sources }) => sources.includes('word')).map(({ name }) => name)).toEqual(['alias.lab.example', 'same.lab.example', 'www.lab.example'])
    expect(wild.wildcards).toEqual([{ name: '*.lab.example', addresses: ['203.0.113.9'], aliases: [], arbitrary: false }])
    const texts = await probe(lab([['*', 'TXT', 'any']]), { words })
    expect([texts.names.length, texts.wildcards, found(texts).some(line => line.includes('wildcard'))]).toEqual([2, [], false])
  })

  it('are none where every answer is another', async () => {
    const world = lab([])
    let drawn = 0
    const moving: Answerer = asked => (asked.name.endsWith('.lab.example') && asked.type === 'A' && asked.name !== 'ns.lab.example' ? { answers: [{ type: 'A', name: asked.name, ttl: 1, data: `198.51.100.${drawn++ % 250}` }] } : world(asked))
    const report = await probe(moving, { words: ['www', 'api', 'mail'] })
    expect([report.names.map(({ name }) => name), report.wildcards.map(({ name, arbitrary }) => [name, arbitrary])]).toEqual([['lab.example', 'ns.lab.example'], [['*.lab.example', true]]])
    const tenants: Answerer = asked => (asked.name.endsWith('.lab.example') && asked.name !== 'ns.lab.example' && !asked.name.startsWith('_') ? { answers: [{ type: 'CNAME', name: asked.name, ttl: 1, data: `${asked.name.split('.')[0]!}.tenants.example` }, { type: 'A', name: `${asked.name.split('.')[0]!}.tenants.example`, ttl: 1, data: '203.0.113.7' }] } : world(asked))
    expect((await probe(tenants, { words: ['www', 'api'] })).names.map(({ name }) => name)).toEqual(['lab.example', 'ns.lab.example'])
  })

  it('that make up names beneath them are told, and not again beneath those', async () => {
    const report = await probe(lab([['*.dev', 'A', '203.0.113.9'], ['x.dev', 'A', '203.0.113.1']], {}, { recursive: false }), { names: ['x.dev.lab.example'] })
    expect(report.wildcards.map(({ name }) => name)).toEqual(['*.dev.lab.example'])
  })

  it('stand in a chain of NSEC records, which is walked forward and no further', async () => {
    const chain: Record<string, string> = { 'lab.example': 'a.lab.example', 'a.lab.example': 'b.lab.example', 'b.lab.example': 'ns.lab.example', 'ns.lab.example': 'lab.example' }
    let run = memoryRun(() => null)
    const walk = (next: Readonly<Record<string, string>>): Promise<ZoneReport> => {
      const world = lab([['a', 'A', '203.0.113.1'], ['b', 'A', '203.0.113.2']], {}, { recursive: false })
      return probe(() => null, { words: ['a'] }, run = memoryRun(asked => (asked.type === 'NSEC' && next[asked.name] !== undefined ? { answers: [{ type: 'NSEC', name: asked.name, ttl: 1, data: { nextDomain: next[asked.name]!, rrtypes: ['A'] } }] } : world(asked))))
    }
    const all = await walk(chain)
    expect([all.names.map(({ name, sources }) => `${name} ${sources.join()}`), faults(all)]).toEqual([['a.lab.example nsec', 'b.lab.example nsec', 'lab.example given', 'ns.lab.example record,nsec'], ['info dns.zone_walking lab.example NSEC']])
    for (const bad of ['a.lab.example', 'a.other.example', 'lab.example.com']) {
      expect((await walk({ ...chain, 'a.lab.example': bad })).names.map(({ name }) => name)).toEqual(['a.lab.example', 'lab.example', 'ns.lab.example'])
      expect(run.asked.filter(({ type }) => type === 'NSEC')).toHaveLength(2)
    }
    expect(faults(await walk({ 'lab.example': '\\000.lab.example' }))).toEqual([])
  })
})

describe('mail', () => {
  const mail = (records: Records[string], more: Records = {}, http?: (url: string) => { status: number; body: string } | null): Promise<string[]> => {
    const world = zones({ ...safe, ...more, 'lab.example': [...base.slice(0, 2), base[4], ...records] }, { recursive: false })
    return probe(world, {}, memoryRun(world, http === undefined ? {} : { http })).then(faults)
  }
  const good = [['@', 'TXT', 'v=spf1 -all'], ['_dmarc', 'TXT', 'v=DMARC1; p=reject']] as const

  it('without SPF and DMARC is worse where mail is taken', async () => {
    expect(await mail([])).toEqual(['low dns.dmarc_missing _dmarc.lab.example TXT', 'low dns.spf_missing lab.example TXT'])
    expect(await mail([['@', 'MX', { preference: 0, exchange: '.' }]])).toEqual(['low dns.dmarc_missing _dmarc.lab.example TXT', 'low dns.spf_missing lab.example TXT'])
    expect(await mail([['@', 'MX', { preference: 1, exchange: 'ns.lab.example' }]])).toEqual(['info dns.mta_sts_missing _mta-sts.lab.example TXT', 'medium dns.dmarc_missing _dmarc.lab.example TXT', 'medium dns.spf_missing lab.example TXT'])
  })

  it.each([
    ['v=spf1 +all', 'medium dns.spf_permissive'], ['v=spf1 ?all', 'low dns.spf_neutral'], ['v=spf1 mx', 'low dns.spf_neutral'], ['v=spf1 nonsense', 'low dns.spf_invalid'],
  ])('SPF %s: %s', async (text, finding) => { expect(await mail([['@', 'TXT', text], good[1]])).toEqual([`${finding} lab.example TXT`]) })

  it.each([
    ['v=DMARC1; p=none', 'dns.dmarc_policy_none'], ['v=DMARC1; p=reject; pct=0', 'dns.dmarc_policy_none'], ['v=DMARC1; p=block', 'dns.dmarc_invalid'], ['v=DMARC1; rua=mailto:a@lab.example', 'dns.dmarc_invalid'], ['v=DMARC1; nonsense; p=reject', 'dns.dmarc_invalid'], ['p=reject; v=DMARC1', 'dns.dmarc_missing'], ['v=DMARC2; p=reject', 'dns.dmarc_missing'],
  ])('DMARC %s: %s', async (text, finding) => { expect(await mail([good[0], ['_dmarc', 'TXT', text]])).toEqual([`low ${finding} _dmarc.lab.example TXT`]) })

  it('of a zone above counts for those beneath, by its policy for them', async () => {
    const above = (text: string): Promise<ZoneReport> => probe(zones({ ...safe, 'lab.example': [['_dmarc', 'TXT', text]], 'sub.lab.example': [['@', 'TXT', 'v=spf1 -all'], base[4]] }, { recursive: false }), { zone: 'sub.lab.example' })
    expect([faults(await above('v=DMARC1; p=reject')), faults(await above('v=DMARC1; p=reject; sp=none'))]).toEqual([[], ['low dns.dmarc_policy_none _dmarc.lab.example TXT']])
  })

  it('reports go only where they are taken', async () => {
    const dmarc = ['_dmarc', 'TXT', 'v=DMARC1; p=reject; rua=mailto:a@lab.example,mailto:b@yes.net!10m; ruf=mailto:c@no.net'] as const
    expect(await mail([good[0], dmarc], { 'yes.net': [['*._report._dmarc', 'TXT', 'v=DMARC1']] })).toEqual(['low dns.dmarc_external_reports _dmarc.lab.example TXT no.net'])
  })

  it('with MTA-STS keeps what it announces', async () => {
    const policy = (body: string, status = 200): Promise<string[]> => mail([...good, ['@', 'MX', { preference: 1, exchange: 'ns.lab.example' }], ['_mta-sts', 'TXT', 'v=STSv1; id=20260101']], {}, url => (url === 'https://mta-sts.lab.example/.well-known/mta-sts.txt' ? { status, body } : null))
    const body = 'version: STSv1\r\nmode: enforce\r\nmx: *.lab.example\r\nmax_age: 86400\r\n'
    expect(await policy(body)).toEqual([])
    const wrong = ['low dns.mta_sts_invalid https://mta-sts.lab.example/.well-known/mta-sts.txt']
    for (const bad of [body.replace('*.lab.example', 'mx.lab.example'), body.replace('enforce', 'testing'), body.replace('STSv1', 'STSv2'), body.replace('max_age: 86400', ''), '<html>']) expect(await policy(bad)).toEqual(wrong)
    expect(await policy(body, 404)).toEqual(wrong)
    expect(await mail([...good, ['@', 'MX', { preference: 1, exchange: 'ns.lab.example' }], ['_mta-sts', 'TXT', 'v=STSv1;']])).toEqual(['low dns.mta_sts_invalid _mta-sts.lab.example TXT'])
  })

  it('servers that do not exist are told', async () => {
    expect(await mail([...good, ['@', 'MX', { preference: 1, exchange: 'gone.lab.example' }], ['@', 'MX', { preference: 2, exchange: 'mx.unregistered.com' }]])).toEqual(['high dns.takeover lab.example MX mx.unregistered.com', 'info dns.mta_sts_missing _mta-sts.lab.example TXT', 'low dns.dangling_mx lab.example MX gone.lab.example'])
  })
})

it('authorities for certificates may stand above', async () => {
  const world = zones({ ...safe, 'lab.example': [['@', 'CAA', { flags: 0, tag: 'issue', value: 'ca.test' }]], 'sub.lab.example': [], 'other.example': [] }, { recursive: false })
  expect(found(await probe(world, { zone: 'sub.lab.example' })).filter(line => line.includes('caa'))).toEqual([])
  expect(found(await probe(world, { zone: 'other.example' })).filter(line => line.includes('caa'))).toEqual(['info dns.caa_missing other.example CAA'])
})

describe('bounds', () => {
  it('a stop keeps what was seen', async () => {
    const world = lab([['www', 'A', '203.0.113.1']])
    const run: MemoryRun = memoryRun(asked => {
      if (asked.name === 'stop.lab.example') run.stop()
      return world(asked)
    })
    const report = await probe(() => null, { words: ['www', 'stop', ...Array.from({ length: 500 }, (_, at) => `w${at}`)] }, run)
    expect(report).toMatchObject({ status: 'zone', nameServers: [{ name: 'ns.lab.example' }], faults: [{ fault: 'cancelled' }] })
    expect(report.names.map(({ name }) => name)).toContain('www.lab.example')
    expect(run.asked.length).toBeLessThan(300)
  })

  it('who falls silent is not asked again and again', async () => {
    const world = lab([])
    let silent = false
    const run = memoryRun(asked => {
      silent ||= asked.name === 'w50.lab.example'
      return silent && asked.server === '192.0.2.254:53' ? null : world(asked)
    })
    const report = await probe(() => null, { words: Array.from({ length: 2_000 }, (_, at) => `w${at}`) }, run)
    expect(report.faults.find(({ place }) => place === 'lab.example words')).toMatchObject({ fault: 'timeout', message: { en: expect.stringMatching(/^19\d\d of 2000 names/) as string, ko: expect.stringMatching(/^이름 2000개 중 19\d\d개/) as string } })
    expect(run.asked.length).toBeLessThan(1_000)
    const other = memoryRun(asked => (asked.server.startsWith('203.0.113.53') ? null : lab([['a', 'NS', 'ns.lab.example'], ['b', 'NS', 'ns.lab.example']], {}, { recursive: false })(asked)))
    await probe(() => null, { names: ['a.lab.example', 'b.lab.example'] }, other)
    expect(other.asked.filter(({ server }) => server.startsWith('203.0.113.53')).length).toBe(2)
  })

  it('time ends a probe, too', async () => {
    const world = lab([])
    let time = 0
    const run = memoryRun(world, { clock: () => (time += 400) })
    const report = await probe(() => null, { words: Array.from({ length: 2_000 }, (_, at) => `w${at}`) }, run)
    expect(report.faults).toContainEqual(expect.objectContaining({ fault: 'budget_exceeded' }))
    expect(run.asked.length).toBeLessThan(1_500)
  })

  it('a zone of endless names costs a bounded number of questions', async () => {
    const world = lab([['*', 'CNAME', 'ns.lab.example']], {}, { recursive: false })
    let at = 0
    const endless: Answerer = asked => (asked.type === 'NSEC' ? { answers: [{ type: 'NSEC', name: asked.name, ttl: 1, data: { nextDomain: `n${String(at++).padStart(6, '0')}.lab.example`, rrtypes: ['A'] } }] } : world(asked))
    const run = memoryRun(endless)
    const report = await probe(() => null, {}, run)
    expect(report.names.length).toBeLessThanOrEqual(10_000)
    expect(run.asked.length).toBeLessThan(80_000)
    expect(report.findings.length).toBeLessThan(100)
  }, 30_000)

  it('whatever a server says, a report comes back, of known checks, and nobody else\'s names in it', async () => {
    const name = fc.constantFrom('lab.example', 'www.lab.example', 'ns.lab.example', '_dmarc.lab.example', 'other.example', 'x.other.com', 'a.azurewebsites.net')
    const record = fc.oneof(
      fc.tuple(name, name).map(([from, to]) => ({ type: 'CNAME', name: from, ttl: 1, data: to }) as const), fc.tuple(name, name).map(([from, to]) => ({ type: 'NS', name: from, ttl: 1, data: to }) as const),
      fc.tuple(name, fc.constantFrom('192.0.2.1', '10.0.0.1')).map(([of, data]) => ({ type: 'A', name: of, ttl: 1, data }) as const), fc.tuple(name, name).map(([of, exchange]) => ({ type: 'MX', name: of, ttl: 1, data: { preference: 1, exchange } }) as const),
      fc.tuple(name, fc.oneof(fc.string(), fc.constantFrom('v=spf1 include:lab.example +all', 'v=DMARC1; p=none; rua=mailto:x@other.example', 'v=STSv1; id=1'))).map(([of, data]) => ({ type: 'TXT', name: of, ttl: 1, data }) as const),
      fc.tuple(name, name).map(([of, next]) => ({ type: 'NSEC', name: of, ttl: 1, data: { nextDomain: next, rrtypes: ['A' as const] } }) as const),
      name.map(of => ({ type: 'SOA', name: of, ttl: 1, data: { mname: 'a', rname: 'b' } }) as const),
      fc.tuple(name, fc.uint8Array({ maxLength: 40 })).map(([of, key]) => ({ type: 'DNSKEY', name: of, ttl: 1, data: { flags: 257, algorithm: 13, key: Buffer.from(key) } }) as const),
    )
    const message = fc.record({ flags: fc.constantFrom(0, 0x400, 0x480, 3, 2, 5, 0x200), answers: fc.array(record, { maxLength: 5 }), authorities: fc.array(record, { maxLength: 2 }) })
    await fc.assert(fc.asyncProperty(fc.array(fc.option(message), { minLength: 1, maxLength: 12 }), async messages => {
      let at = 0
      const run = memoryRun(() => (messages[at++ % messages.length] ?? null) as Reply)
      const report = await probe(() => null, { words: ['www', 'api'] }, run)
      for (const finding of report.findings) expect(dnsChecks).toHaveProperty([finding.check])
      for (const each of report.names) expect(each.name === 'lab.example' || each.name.endsWith('.lab.example')).toBe(true)
      expect(run.asked.length).toBeLessThan(3_000)
    }), { numRuns: 60 })
  }, 30_000)
})
