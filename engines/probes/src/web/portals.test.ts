import type { Technology } from '@haechi/fingerprints'
import { expect, test } from 'vitest'
import { probeWeb } from './probe.ts'
import { pages, web } from './site.fixture.ts'
import type { Site } from './site.fixture.ts'

const technology = (id: string, value = 0.9): Technology => ({ id, name: id, nameKo: null, category: 'security', vendor: null, version: null, cpe: null, confidence: { value, grade: 'high', reasons: [] }, evidence: [], impliedBy: [], build: null })
const portals = async (site: Site) => {
  const report = await probeWeb('https://a.test/', { ...web(site).options, identifyTechnologies: ({ body }) => (String(body).includes('Guacamole') ? [technology('guacamole')] : String(body).includes('maybe') ? [technology('citrix-gateway', 0.3)] : []) })
  return [report.portals, report.findings.filter(({ check }) => check === 'web.portal_exposed').map(({ place }) => place)]
}

test('who has more of them than one site has is not believed', async () => {
  const many = ['guacamole', 'citrix-gateway', 'phpmyadmin', 'cpanel']
  const look = async (ids: readonly string[]) => (await probeWeb('https://a.test/', { ...web(pages({ '/': 'x' })).options, identifyTechnologies: ({ url }) => (url === 'https://a.test/' ? ids.map((id) => technology(id)) : []) })).portals
  expect([await look(many), await look(many.slice(0, 2))]).toEqual([[], ['citrix-gateway', 'guacamole']])
})

test('a portal at its place, at the first page, and everywhere', async () => {
  expect(await portals(pages({ '/': 'x', '/guacamole/': 'Guacamole' }))).toEqual([['guacamole'], ['https://a.test/guacamole/']])
  expect(await portals(pages({ '/': 'Guacamole' }))).toEqual([['guacamole'], ['https://a.test/']])
  expect(await portals(pages({ '/': 'maybe' }))).toEqual([[], []])
  expect(await portals((_, url) => (url.pathname.endsWith('/guacamole/') ? 'Guacamole' : 'x'))).toEqual([[], []])
  expect(await portals((_, url) => (url.pathname === '/' ? 'x' : 'Guacamole'))).toEqual([[], []])
  expect(await portals(pages({ '/': 'x', '/RDWeb/Pages/en-US/login.aspx': '<title>RD Web Access</title>' }))).toEqual([['rd-web'], ['https://a.test/RDWeb/Pages/en-US/login.aspx']])
})
