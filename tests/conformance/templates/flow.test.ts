// Templates of several steps: flows, several protocols and workflows, by Nuclei's own fixtures, untouched, against servers that behave as they are described.
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { systemClock } from '../../../apps/server/src/platform/clock.ts'
import { createScanNetwork } from '../../../apps/server/src/platform/scan-network.ts'
import type { NetworkError } from '../../../engines/templates/src/model.ts'
import { readLibrary } from '../../../engines/templates/src/library.ts'
import { parseTarget } from '../../../engines/templates/src/target.ts'
import { runWorkflow } from '../../../engines/templates/src/workflow.ts'
import { certificate } from './certificates.ts'
import { answer, bodyOf, expectationsOf, fixture, fixtureBytes, missingFixtures, run, serve, settings } from './harness.ts'
import { nameServer } from './name-server.ts'

const title = 'This is test matcher text'
type Case = () => Promise<number>

async function workflow(url: string, files: readonly string[], resolvers: readonly string[] = []): Promise<number> {
  const library = readLibrary(files.map((path) => ({ path, content: fixtureBytes(path) })))
  expect(library.refused).toEqual([])
  const network = createScanNetwork({ scope: null, clock: systemClock, resolvers })
  const target = parseTarget(url)!
  let results = 0
  const faults: NetworkError[] = []
  try {
    await network.permit(target.host)
    await network.permit('127.0.0.1')
    await runWorkflow(library.byPath.get(files[0]!)!, { byPath: (file) => library.byPath.get(file), byTag: (tag) => library.byTag.get(tag) ?? [] }, { target, network, settings: { ...settings, resolvers }, signal: new AbortController().signal, seed: 1, now: () => systemClock.now(), report: () => void results++, sent: ({ fault }) => void (fault !== null && faults.push(fault)) },
      { selected: () => true, failed: (_, error) => { throw error } })
  } finally {
    network.close()
  }
  expect(faults).toEqual([])
  return results
}

const site = 'docs.projectdiscovery.io'
const siteZone = { [`${site} CNAME`]: [{ type: 'CNAME', name: site, ttl: 60, data: 'cname.vercel-dns.com' }] } as const

/** A name with an alias, a certificate of its own and a page: as the site that the fixtures name upstream. */
async function onSite(path: string): Promise<number> {
  await using names = await nameServer(siteZone)
  const server = createServer(certificate(site), (_, response) => response.end('welcome home'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { matches, faults } = await run(fixture(path), `https://${site}:${(server.address() as AddressInfo).port}`, { permit: ['127.0.0.1', site], resolve: (host) => Promise.resolve([/^[\d.]+$/.test(host) ? host : '127.0.0.1']), settings: { resolvers: [names.address] } })
    expect(faults).toEqual([])
    expect(names.asked).toEqual([`${site} CNAME`])
    return matches.length
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const cases: Readonly<Record<string, Case>> = {
  'flow/conditional-flow-negative.yaml': async () => {
    await using names = await nameServer({ 'scanme.sh A': [] })
    let requests = 0
    await using server = await serve((_, response) => {
      requests += 1
      answer(response, 'ghost.io')
    })
    const { matches } = await run(fixture('flow/conditional-flow-negative.yaml'), server.url.replace('127.0.0.1', 'scanme.sh'), { permit: ['127.0.0.1', 'scanme.sh'], resolve: () => Promise.resolve(['127.0.0.1']), settings: { resolvers: [names.address] } })
    expect([requests, names.asked]).toEqual([0, ['scanme.sh CNAME']])
    return matches.length
  },
  'flow/iterate-values-flow.yaml': async () => {
    const emails = ['secrets@scanme.sh', 'superadmin@scanme.sh']
    await using server = await serve((request, response) => answer(response, request.url === '/' ? emails.join('\n') : emails.some((email) => request.url === `/user/${Buffer.from(email).toString('base64')}`) ? `Welcome ! ${title}` : 'no'))
    const { matches } = await run(fixture('flow/iterate-values-flow.yaml'), server.url)
    expect(matches.flatMap(({ extracted }) => extracted)).toEqual(emails)
    return matches.length
  },
  'flow/iterate-one-value-flow.yaml': async () => {
    await using server = await serve((_, response) => answer(response, 'ok'))
    return (await run(fixture('flow/iterate-one-value-flow.yaml'), server.url)).matches.length
  },
  'flow/dns-ns-probe.yaml': async () => {
    await using names = await nameServer({
      'oast.fun NS': [{ type: 'NS', name: 'oast.fun', ttl: 60, data: 'ns1.oast.fun' }, { type: 'NS', name: 'oast.fun', ttl: 60, data: 'ns2.oast.fun' }],
      'ns1.oast.fun A': [{ type: 'A', name: 'ns1.oast.fun', ttl: 60, data: '192.0.2.1' }], 'ns2.oast.fun A': [{ type: 'A', name: 'ns2.oast.fun', ttl: 60, data: '192.0.2.2' }],
    })
    const { matches } = await run(fixture('flow/dns-ns-probe.yaml'), 'oast.fun', { permit: ['127.0.0.1'], settings: { resolvers: [names.address] } })
    expect(matches.flatMap(({ extracted }) => extracted)).toEqual(['192.0.2.1', '192.0.2.2'])
    return matches.length
  },
  'protocols/multi/dynamic-values.yaml': () => onSite('protocols/multi/dynamic-values.yaml'),
  'protocols/multi/evaluate-variables.yaml': () => onSite('protocols/multi/evaluate-variables.yaml'),
  'protocols/multi/exported-response-vars.yaml': () => onSite('protocols/multi/exported-response-vars.yaml'),
  'workflow/condition-matched.yaml': async () => {
    await using server = await serve((_, response) => answer(response, title))
    return await workflow(server.url, ['workflow/condition-matched.yaml', 'workflow/match-1.yaml', 'workflow/match-2.yaml'])
  },
  'workflow/race-context-share-workflow.yaml': async () => {
    const posted: string[] = []
    await using server = await serve((request, response) => {
      if (request.method === 'GET') answer(response, '{"name":"foo"}')
      else void bodyOf(request).then((body) => {
        posted.push(body)
        answer(response, body === 'name=foo' ? 'ok' : 'bad', body === 'name=foo' ? 200 : 400)
      })
    })
    const results = await workflow(server.url, ['workflow/race-context-share-workflow.yaml', 'workflow/race-context-share-template-1.yaml', 'workflow/race-context-share-template-2.yaml'])
    expect(posted).toEqual(['name=foo'])
    return results
  },
  'workflow/multiprotocol-value-share-workflow.yaml': async () => {
    await using names = await nameServer({ 'blog.projectdiscovery.io PTR': [{ type: 'PTR', name: 'blog.projectdiscovery.io', ttl: 60, data: 'blog.projectdiscovery.io' }] })
    await using server = await serve((request, response) => answer(response, request.url === '/path1' ? 'href="blog.projectdiscovery.io"' : new URL(request.url!, 'http://x').searchParams.get('extracted') ?? ''))
    return await workflow(server.url, ['workflow/multiprotocol-value-share-workflow.yaml', 'workflow/http-value-share-template-1.yaml', 'workflow/multiprotocol-value-share-template.yaml'], [names.address])
  },
  'workflow/multimatch-value-share-workflow.yaml': async () => {
    const received: string[] = []
    await using server = await serve((request, response) => {
      const url = new URL(request.url!, 'http://x')
      if (url.pathname === '/path1') answer(response, `href="test-value-${url.searchParams.get('v')}"`)
      else if (url.pathname === '/path2') void bodyOf(request).then((body) => {
        received.push(body.trim())
        answer(response, 'test-value')
      })
      else answer(response, title)
    })
    const results = await workflow(server.url, ['workflow/multimatch-value-share-workflow.yaml', 'workflow/multimatch-value-share-template.yaml', 'workflow/match-1.yaml', 'workflow/http-value-share-template-2.yaml'])
    expect(received).toEqual(expect.arrayContaining(['[test-value-1]', '[test-value-2]']))
    return results
  },
}

/** What the name of a public server may or may not give upstream is certain here. */
const certain: Readonly<Record<string, number>> = { 'flow/dns-ns-probe.yaml': 2 }
const asked = expectationsOf('flow.test.ts')

test.skipIf(missingFixtures !== false).each(asked)(`$fixtures.0${missingFixtures === false ? '' : ` (${missingFixtures})`}`, async ({ fixtures, expected_results: expected }) => {
  const [name = ''] = fixtures
  expect(await cases[name]!()).toBe(certain[name] ?? expected)
})

test.skipIf(missingFixtures !== false)('every expectation of these groups has its case', () => {
  expect(asked.map(({ fixtures }) => fixtures[0]).sort()).toEqual(Object.keys(cases).sort())
})
