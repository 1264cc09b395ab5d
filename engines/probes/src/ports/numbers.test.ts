import fc from 'fast-check'
import { expect, it } from 'vitest'
import { topPorts, usualService } from './known.ts'
import { PortSyntaxError, parsePorts } from './numbers.ts'

it('ports, ranges and lists', () => {
  expect(parsePorts('22')).toEqual({ tcp: [22], udp: [] })
  expect(parsePorts(' 20-23, 8080 ,21')).toEqual({ tcp: [20, 21, 22, 23, 8080], udp: [] })
  expect(parsePorts('80,U:53,161-162,T:443,u:500')).toEqual({ tcp: [80, 443], udp: [53, 161, 162, 500] })
  expect(parsePorts('top3').tcp).toEqual(topPorts.slice(0, 3))
  expect(parsePorts('TOP-100,65535').tcp).toHaveLength(101)
  expect(parsePorts('all').tcp).toHaveLength(65_535)
  expect(parsePorts('U:all,T:1')).toMatchObject({ tcp: [1], udp: { length: 65_535 } })
  expect(parsePorts('1-65535')).toEqual(parsePorts('all'))
})

it.each(['', '22,', 'http', '0', '65536', '1-65536', '9-8', '-5', '5-', '1--2', '1.5', '0x10', 'top', 'top0', 'top9999', 'U:top10', 'X:5', 'T:U:5', '22;23', '٣', '1e3'])('%j is none', (text) => {
  expect(() => parsePorts(text)).toThrow(PortSyntaxError)
})

it('what is wrong is named', () => {
  try {
    parsePorts('22,U:70000,80')
    expect.unreachable()
  } catch (error) {
    expect(error).toMatchObject({ text: { en: 'U:70000: ports are 1 to 65535', ko: 'U:70000: 포트는 1부터 65535까지임' } })
  }
})

it('whatever is written: ports or a fault', () => {
  const part = fc.oneof(fc.string({ maxLength: 12 }), fc.integer({ min: -5, max: 70_000 }).map(String), fc.tuple(fc.nat(70_000), fc.nat(70_000)).map(([a, b]) => `${a}-${b}`), fc.constantFrom('T:', 'U:', 'all', 'top10'))
  fc.assert(fc.property(fc.array(part, { maxLength: 6 }).map((parts) => parts.join(',')), (text) => {
    try {
      for (const ports of Object.values(parsePorts(text))) {
        expect(new Set(ports).size).toBe(ports.length)
        expect(ports.every((port) => Number.isInteger(port) && port > 0 && port < 65_536)).toBe(true)
      }
    } catch (error) {
      expect(error).toBeInstanceOf(PortSyntaxError)
    }
  }))
})

it('usual ports are ports, each once, with what is there', () => {
  expect(topPorts.every((port) => Number.isInteger(port) && port > 0 && port < 65_536)).toBe(true)
  expect(new Set(topPorts).size).toBe(topPorts.length)
  expect(topPorts.every((port) => /^[a-z0-9-]+$/.test(usualService(port) ?? ''))).toBe(true)
  expect([22, 5432, 11211, 3389, 64_000].map(usualService)).toEqual(['ssh', 'postgresql', 'memcache', 'ms-wbt-server', null])
})
