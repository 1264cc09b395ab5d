import { readLibrary } from '@haechi/templates'
import { describe, expect, it } from 'vitest'
import { fitting } from './fitting.ts'

const template = (id: string, tags: string, body: string): { readonly path: string; readonly content: Uint8Array } => ({ path: `network/${id}.yaml`, content: Buffer.from(`id: ${id}\ninfo:\n  name: ${id}\n  author: a\n  severity: info\n  tags: ${tags}\n${body}`) })
const tcp = (port: string): string => `tcp:\n  - inputs:\n      - data: "x"\n    host:\n      - "{{Hostname}}"\n    port: ${port}\n    matchers:\n      - type: word\n        words:\n          - x\n`
const library = readLibrary([
  template('exposed-redis', 'network,redis', tcp('6380')), template('vnc-detect', 'network', tcp('5900')), template('fox', 'network,ics', tcp('1911')), template('odd', 'network', tcp('40404')),
  template('old-tls', 'ssl', 'ssl:\n  - address: "{{Host}}:{{Port}}"\n    matchers:\n      - type: dsl\n        dsl:\n          - tls_version == "tls10"\n'),
  template('site', 'tech', 'http:\n  - path:\n      - "{{BaseURL}}"\n    matchers:\n      - type: status\n        status:\n          - 200\n'),
])
const ids = (answering: Parameters<typeof fitting>[1]): readonly string[] => fitting(library, answering).templates.map(({ id }) => id).toSorted()

describe('fitting', () => {
  it('asks a site what sites answer', () => { expect(ids('site')).toEqual(['old-tls', 'site']) })
  it('asks a service what it speaks, by its name, wherever it listens', () => {
    expect(ids({ service: 'redis', port: 6399, tls: false })).toEqual(['exposed-redis'])
    expect(ids({ service: 'vnc', port: 5999, tls: true })).toEqual(['old-tls', 'vnc-detect'])
    expect(ids({ service: 'ssh', port: 1911, tls: false })).toEqual([])
  })
  it('asks what nobody recognised by its port alone', () => { expect(ids({ service: 'unknown', port: 40404, tls: false })).toEqual(['odd']) })
  it('keeps what others name', () => { expect(fitting(library, 'site').byId.size).toBe(library.byId.size) })
})
