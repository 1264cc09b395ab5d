import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressesOf, mostAddresses, readTarget } from './target.ts'

describe('readTarget', () => {
  it('tells hosts, places and networks apart', () => {
    expect(readTarget(' Example.COM ')).toMatchObject({ host: 'example.com', network: null, port: null, scheme: null })
    expect(readTarget('https://example.com:8443/app/')).toMatchObject({ host: 'example.com', port: 8443, scheme: 'https', path: '/app' })
    expect(readTarget('192.0.2.0/24')).toMatchObject({ host: null, network: '192.0.2.0/24' })
    expect(readTarget('2001:db8::/120')).toMatchObject({ network: '2001:db8::/120' })
    expect(readTarget('한국.example')?.host).toBe('xn--3e0b707e.example')
  })

  it.each(['192.0.2.0/33', '2001:db8::/129', 'http://', 'ftp://example.com', 'user@example.com', '', 'a b'])('refuses %j', (input) => { expect(readTarget(input)).toBeNull() })
})

describe('addressesOf', () => {
  it('leaves out what is no host', () => {
    expect(addressesOf('192.0.2.0/30').addresses).toEqual(['192.0.2.1', '192.0.2.2'])
    expect(addressesOf('192.0.2.9/31').addresses).toEqual(['192.0.2.8', '192.0.2.9'])
    expect(addressesOf('192.0.2.9/32').addresses).toEqual(['192.0.2.9'])
    expect(addressesOf('2001:db8::ff/126').addresses).toEqual(['2001:db8::fc', '2001:db8::fd', '2001:db8::fe', '2001:db8::ff'])
  })

  it('is bounded for every network', () => {
    fc.assert(fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, length) => {
      const { addresses, cut } = addressesOf(`${address}/${length}`)
      expect(addresses.length).toBeLessThanOrEqual(mostAddresses)
      expect(cut).toBe(length < 16)
      expect(new Set(addresses).size).toBe(addresses.length)
    }), { numRuns: 8 })
    expect(addressesOf('2001:db8::/32').addresses).toHaveLength(mostAddresses)
  })
})
