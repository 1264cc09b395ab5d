// The dns protocol against a name server of our own, whose zone has what the fixtures of Nuclei's integration tests expect of public names, and more.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { decode, encode, streamDecode, streamEncode } from 'dns-packet'
import type { Answer, DecodedPacket, Packet, Question } from 'dns-packet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blockTemplate, expectationsOf, fixture, missingFixtures, run, templateOf } from './harness.ts'
import type { Ran } from './harness.ts'

type Reply = Partial<Packet> & { readonly rcode?: number }
type Handler = (question: Question, query: DecodedPacket) => Reply | Buffer | null

const zone: Readonly<Record<string, readonly Answer[]>> = {
  'one.one.one.one A': [{ type: 'A', name: 'one.one.one.one', ttl: 300, data: '1.1.1.1' }, { type: 'A', name: 'one.one.one.one', ttl: 300, data: '1.0.0.1' }],
  'one.one.one.one AAAA': [{ type: 'AAAA', name: 'one.one.one.one', ttl: 300, data: '2606:4700:4700::1001' }],
  'one.one.one.one CNAME': [{ type: 'CNAME', name: 'one.one.one.one', ttl: 300, data: 'edge.one.one.one' }],
  'one.one.one.one SRV': [{ type: 'SRV', name: 'one.one.one.one', ttl: 300, data: { priority: 1, weight: 1, port: 443, target: 'srv.one.one.one' } }],
  'one.one.one.one NS': [{ type: 'NS', name: 'one.one.one.one', ttl: 300, data: 'ns.cloudflare.com' }],
  'alias.example.com NS': [{ type: 'CNAME', name: 'alias.example.com', ttl: 300, data: 'elsewhere.example.net' }],
  'pki.goog CAA': [{ type: 'CAA', name: 'pki.goog', ttl: 300, data: { flags: 0, tag: 'issue', value: 'pki.goog' } }],
  '1.1.1.1.in-addr.arpa PTR': [{ type: 'PTR', name: '1.1.1.1.in-addr.arpa', ttl: 300, data: 'one.one.one.one' }],
  '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR': [{ type: 'PTR', name: 'x.ip6.arpa', ttl: 300, data: 'six.example.com' }],
  'example.com TXT': [{ type: 'TXT', name: 'example.com', ttl: 300, data: 'v=spf1 include:a include:b -all' }, { type: 'TXT', name: 'example.com', ttl: 300, data: 'verification=x' }],
  'example.com MX': [{ type: 'MX', name: 'example.com', ttl: 300, data: { preference: 10, exchange: 'aspmx.l.google.com' } }],
  'example.com SOA': [{ type: 'SOA', name: 'example.com', ttl: 300, data: { mname: 'ns1.cloudflare.com', rname: 'dns.cloudflare.com', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 } }],
  'example.com DS': [{ type: 'DS', name: 'example.com', ttl: 300, data: { keyTag: 1, algorithm: 8, digestType: 2, digest: Buffer.from('beef', 'hex') } }],
  '_443._tcp.example.com TLSA': [{ type: 'TLSA', name: '_443._tcp.example.com', ttl: 300, data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.from('beef', 'hex') } }],
}

let handler: Handler
const seen: { name: string; type: string; class: string; recursion: boolean; ad: boolean }[] = []
let resolver = ''
const closing: (() => Promise<unknown>)[] = []

const byZone: Handler = question => {
  const answers = zone[`${question.name} ${question.type}`]
  return answers === undefined ? { rcode: 3, authorities: [{ type: 'SOA', name: 'com', ttl: 5, data: { mname: 'a.example', rname: 'b.example' } }] } : { answers: [...answers] }
}

function replyTo(message: Buffer): Buffer | null {
  const query = decode(message)
  const [question] = query.questions ?? []
  if (question === undefined) return null
  seen.push({ name: question.name, type: question.type, class: question.class ?? '', recursion: query.flag_rd, ad: query.flag_ad })
  const reply = handler(question, query)
  if (reply === null || Buffer.isBuffer(reply)) return reply
  return encode({ type: 'response', id: query.id ?? 0, questions: [question], ...reply, flags: (reply.flags ?? 0x0180) | (reply.rcode ?? 0) })
}

beforeAll(async () => {
  const udp = createSocket('udp4')
  udp.on('message', (message, from) => {
    const reply = replyTo(message)
    if (reply !== null) udp.send(reply, from.port, from.address)
  })
  const tcp = createServer(socket => {
    socket.on('error', () => undefined)
    socket.once('data', data => {
      const query = streamDecode(data)
      const [question] = query.questions ?? []
      if (question !== undefined) socket.end(streamEncode({ type: 'response', id: query.id ?? 0, questions: [question], answers: [...(zone[`${question.name} ${question.type}`] ?? [])] }))
    })
  })
  // The kernel gives TCP a port of its own; one that it gave to UDP may be in use by a connection.
  tcp.listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  const { port } = tcp.address() as AddressInfo
  udp.bind(port, '127.0.0.1')
  await once(udp, 'listening')
  resolver = `127.0.0.1:${port}`
  closing.push(() => new Promise(done => { udp.close(() => { done(null) }) }), () => new Promise(done => { tcp.close(done) }))
})
afterAll(async () => { for (const close of closing) await close() })

async function ask(template: Parameters<typeof run>[0], target: string, by: Handler = byZone, timeoutMs = 2000): Promise<Ran> {
  handler = by
  seen.length = 0
  return await run(template, target, { permit: [], settings: { timeoutMs, resolvers: [resolver] } })
}
const block = (type: string, rest = '', name = '{{FQDN}}'): Parameters<typeof run>[0] => blockTemplate('dns', `
  - name: "${name}"
    type: ${type}
${rest === '' ? '    matchers: [{ type: word, words: [IN] }]' : rest}
`)

describe.skipIf(missingFixtures !== false)(`fixtures${missingFixtures === false ? '' : ` (${missingFixtures})`}`, () => {
  it('none is left out', () => {
    expect(expectationsOf('dns.test.ts').flatMap(({ fixtures }) => fixtures).toSorted()).toEqual(['a', 'aaaa', 'caa', 'cname', 'cname-fingerprint', 'ns', 'ptr', 'srv', 'variables'].map(name => `protocols/dns/${name}.yaml`).toSorted())
  })

  it.each([
    ['a', 'one.one.one.one', 1, []], ['aaaa', 'one.one.one.one', 1, []], ['cname', 'one.one.one.one', 1, []], ['srv', 'one.one.one.one', 1, []], ['ns', 'one.one.one.one', 1, []], ['variables', 'one.one.one.one', 1, []],
    ['ptr', '1.1.1.1', 1, ['one.one.one.one.']], ['caa', 'pki.goog', 1, ['0 issue "pki.goog"']], ['cname-fingerprint', 'alias.example.com', 1, ['elsewhere.example.net.']],
    ['cname-fingerprint', 'one.one.one.one', 0, []],
  ] as const)('%s on %s: %d', async (name, target, results, extracted) => {
    const { matches } = await ask(fixture(`protocols/dns/${name}.yaml`), target)
    expect(matches).toHaveLength(results)
    expect(matches.flatMap(match => match.extracted)).toEqual(extracted)
  })
})

describe('questions', () => {
  it('of every type', async () => {
    for (const type of ['A', 'NS', 'DS', 'CNAME', 'SOA', 'PTR', 'MX', 'TXT', 'AAAA', 'CAA', 'TLSA', 'ANY', 'SRV']) {
      await ask(block(type), 'www.example.com')
      expect(seen, type).toEqual([{ name: 'www.example.com', type, class: 'IN', recursion: true, ad: type === 'TXT' }])
    }
  })

  it('of every class', async () => {
    for (const [written, sent] of [['inet', 'IN'], ['csnet', 'CS'], ['chaos', 'CH'], ['hesiod', 'HS'], ['any', 'ANY']] as const) {
      await ask(block('TXT', `    class: ${written}\n    matchers: [{ type: word, words: [x] }]`, 'version.bind'), 'example.com')
      expect(seen.map(each => each.class)).toEqual([sent])
    }
  })

  it('without recursion, where the template says so', async () => {
    await ask(block('A', '    recursion: false\n    matchers: [{ type: word, words: [x] }]'), 'example.com')
    expect(seen.map(each => each.recursion)).toEqual([false])
  })

  it('with the parts of the target\'s name', async () => {
    for (const [name, asked] of [['_dmarc.{{RDN}}', '_dmarc.example.co.kr'], ['{{SD}}.{{DN}}.{{TLD}}', 'www.example.co.kr'], ['x-{{to_upper(DN)}}.{{FQDN}}.', 'x-EXAMPLE.www.example.co.kr']] as const) {
      await ask(block('A', '', name), 'www.example.co.kr')
      expect(seen.map(each => each.name)).toEqual([asked])
    }
  })

  it('for each payload', async () => {
    await ask(block('TXT', '    payloads: { selector: [default, mail] }\n    matchers: [{ type: word, words: [x] }]', '{{selector}}._domainkey.{{FQDN}}'), 'example.com')
    expect(seen.map(each => each.name)).toEqual(['default._domainkey.example.com', 'mail._domainkey.example.com'])
  })

  it('about addresses: PTR by the reverse name, and nothing else', async () => {
    expect((await ask(block('PTR'), '2001:db8::1')).matches).toHaveLength(1)
    expect((await ask(block('A'), '1.1.1.1')).matches).toEqual([])
    expect(seen).toEqual([])
  })

  it('to resolvers of the template, which may be expressions', async () => {
    const template = blockTemplate('dns', `
  - name: "{{FQDN}}"
    type: A
    resolvers: ["{{server}}"]
    matchers: [{ type: word, words: ["1.1.1.1"] }]
`, `variables: { server: "${resolver}" }\n`)
    expect((await ask(template, 'one.one.one.one')).matches).toHaveLength(1)
  })
})

describe('answers', () => {
  const dsl = (type: string, expression: string, name?: string): Parameters<typeof run>[0] => block(type, `    matchers: [{ type: dsl, dsl: [${JSON.stringify(expression)}] }]`, name)

  it('have every part by name', async () => {
    const ran = await ask(block('A', `
    matchers-condition: and
    matchers:
      - { type: status, part: rcode, status: [0] }
      - { type: word, part: question, words: [";one.one.one.one.\\tIN\\t A"] }
      - { type: word, part: answer, words: ["one.one.one.one.\\t300\\tIN\\tA\\t1.1.1.1one.one.one.one.\\t300\\tIN\\tA\\t1.0.0.1"] }
      - { type: word, words: ["status: NOERROR", ";; ANSWER SECTION:\\none.one.one.one.\\t300\\tIN\\tA\\t1.1.1.1\\n"], condition: and }
      - { type: dsl, dsl: ["rcode == 0 && host == 'one.one.one.one' && type == 'dns' && contains(request, 'one.one.one.one.')"] }
      - { type: regex, part: body, regex: ["ANSWER: 2, AUTHORITY: 0"] }
    extractors: [{ type: dsl, dsl: [a] }]
`.slice(1)), 'one.one.one.one')
    expect(ran.matches).toHaveLength(1)
    expect(ran.matches[0]).toMatchObject({ matchedAt: 'one.one.one.one', extracted: ['[1.1.1.1 1.0.0.1]'] })
  })

  it('that are errors match by their code', async () => {
    for (const [rcode, name] of [[2, 'SERVFAIL'], [3, 'NXDOMAIN'], [4, 'NOTIMP'], [5, 'REFUSED']] as const) {
      expect((await ask(block('A', `    matchers: [{ type: word, words: [${name}] }]`), 'example.com', () => ({ rcode }))).matches).toHaveLength(1)
      expect((await ask(dsl('A', `rcode == ${rcode}`), 'example.com', () => ({ rcode }))).matches).toHaveLength(1)
    }
  })

  it('have the authority section as ns, and the NS records as ns where these were the answer', async () => {
    expect((await ask(dsl('A', "contains(ns, 'IN\tSOA\ta.example.')"), 'nobody.example.com')).matches).toHaveLength(1)
    expect((await ask(dsl('NS', "ns == 'ns.cloudflare.com'"), 'one.one.one.one')).matches).toHaveLength(1)
  })

  it('feed later blocks as dns_cname and the like', async () => {
    const template = templateOf(`
id: several
info: { name: Several, author: haechi, severity: info }
dns:
  - name: "{{FQDN}}"
    type: CNAME
  - name: "{{FQDN}}"
    type: A
    matchers: [{ type: dsl, dsl: ["contains(dns_1_cname, 'edge.one.one.one') || contains(cname, 'edge')"] }]
`)
    expect((await ask(template, 'one.one.one.one')).matches).toHaveLength(1)
  })

  it('that are cut off are fetched whole over TCP', async () => {
    const ran = await ask(block('A', '    matchers: [{ type: word, words: ["1.1.1.1"] }]'), 'one.one.one.one', () => ({ flags: 0x0380 }))
    expect(ran.matches).toHaveLength(1)
  })

  it('to ANY are lists by type', async () => {
    const answers = [...zone['example.com TXT'] ?? [], ...zone['example.com MX'] ?? []]
    const ran = await ask(dsl('ANY', "mx == '10 aspmx.l.google.com.' && len(txt) == 2"), 'example.com', () => ({ answers }))
    expect(ran.matches).toHaveLength(1)
  })
})

describe('a trace', () => {
  it('goes from the root down by referrals', async () => {
    // Every server of the way is this one; each step is told by whether recursion is asked for.
    const here = '127.0.0.1'
    let step = 0
    const by: Handler = (question, query) => {
      if (query.flag_rd && question.name === '.') return { answers: [{ type: 'NS', name: '.', ttl: 1, data: 'root.example' }] }
      if (query.flag_rd && question.name === 'root.example') return { answers: [{ type: 'A', name: 'root.example', ttl: 1, data: here }] }
      if (query.flag_rd) return byZone(question, query)
      step++
      return step === 1 ? { authorities: [{ type: 'NS', name: 'one', ttl: 1, data: 'ns.one' }], additionals: [{ type: 'A', name: 'ns.one', ttl: 1, data: here }] } : byZone(question, query)
    }
    // The way leads to port 53, where nobody listens here: it ends there, told as a fault, and the answer itself is judged.
    const ran = await ask(block('A', '    trace: true\n    matchers: [{ type: word, words: ["1.1.1.1"] }]'), 'one.one.one.one', by)
    expect(ran.matches).toHaveLength(1)
    expect(seen.map(each => `${each.name} ${each.type}`)).toEqual(['one.one.one.one A', '. NS', 'root.example A'])
    expect(ran.faults.every(fault => fault.endpoint.endsWith(':53'))).toBe(true)
  })
})

describe('servers that are silent, wrong or hostile', () => {
  const any = (): Parameters<typeof run>[0] => block('A', '    retries: 2\n    matchers: [{ type: dsl, dsl: ["true"] }]')

  it('silent: asked again, then told', async () => {
    const ran = await ask(any(), 'example.com', () => null, 100)
    expect(ran.matches).toEqual([])
    expect(ran.faults.map(fault => fault.fault)).toEqual(['timeout', 'timeout'])
  })

  it.each([
    ['an answer to another question', (query: DecodedPacket) => encode({ type: 'response', id: query.id ?? 0, questions: [{ type: 'A', name: 'evil.example' }] })],
    ['records beyond the end', (query: DecodedPacket) => Buffer.concat([encode({ type: 'response', id: query.id ?? 0, questions: query.questions ?? [] }).subarray(0, 6), Buffer.from('ffff00000000', 'hex')])],
    ['a name that points at itself', (query: DecodedPacket) => {
      const message = Buffer.from('0000800000010000000000000c0c00010001', 'hex')
      message.writeUInt16BE(query.id ?? 0)
      message.writeUInt16BE(0xc00c, 12)
      return message
    }],
    ['nothing but a header', (query: DecodedPacket) => Buffer.concat([encode({ type: 'response', id: query.id ?? 0 }).subarray(0, 4), Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])])],
  ])('%s is a fault', async (_, reply) => {
    const ran = await ask(any(), 'example.com', (__, query) => reply(query))
    expect(ran.matches).toEqual([])
    expect(ran.faults.map(fault => fault.fault)).toEqual(['protocol_error', 'protocol_error'])
  })

  it('a second try that is answered counts', async () => {
    let tries = 0
    const ran = await ask(any(), 'example.com', (question, query) => (++tries === 1 ? Buffer.from(encode({ type: 'response', id: query.id ?? 0, questions: [{ type: 'A', name: 'evil.example' }] })) : byZone(question, query)))
    expect(ran.matches).toHaveLength(1)
    expect(ran.faults).toHaveLength(1)
  })
})
