import { expect, it } from 'vitest'
import { NetworkError } from '../network.ts'
import { discoverHosts } from './hosts.ts'
import { memoryHost } from './host.fixture.ts'

const network = Array.from({ length: 508 }, (_, at) => `192.0.${2 + Math.floor(at / 254)}.${at % 254 + 1}`)
type Answers = (address: string, port: number) => 'open' | 'closed' | 'filtered'

function around(answers: Answers) {
  const host = memoryHost({ state: () => 'closed' })
  const asked: { readonly address: string; readonly ports: readonly number[] }[] = []
  const run: typeof host.run = { ...host.run, network: { ...host.run.network, async connects(address, ports, _, signal) {
    if (signal.aborted) throw new NetworkError('cancelled', address, { en: 'the scan was stopped', ko: '검사가 중단됨' })
    asked.push({ address, ports })
    return { states: ports.map((port) => answers(address, port)), durationMs: 1, slowestAnswerMs: null, notBegun: 0 }
  } } }
  return { run, asked, stop: host.stop }
}

it('what takes a connection or refuses one is there', async () => {
  const { run } = around((address, port) => (address === '192.0.2.7' && port === 22 ? 'open' : address === '192.0.2.200' && port === 6379 ? 'open' : address === '192.0.2.9' ? 'closed' : 'filtered'))
  const told: string[] = []
  const report = await discoverHosts(network, run, (address) => told.push(address))
  expect(report).toMatchObject({ alive: ['192.0.2.7', '192.0.2.9', '192.0.2.200'], asked: 508, faults: [] })
  expect(told.sort()).toEqual([...report.alive].sort())
})

it('nobody is looked at more than twice, and once when he has answered', async () => {
  const { run, asked } = around((address) => (address === '192.0.2.1' ? 'open' : 'filtered'))
  await discoverHosts([...network, ...network], run)
  for (const address of network) expect(asked.filter((each) => each.address === address)).toHaveLength(address === '192.0.2.1' ? 1 : 2)
  expect(Math.max(...asked.map(({ ports }) => ports.length))).toBeLessThan(20)
})

it('an address outside the scope is a fault of its own', async () => {
  const { run } = around((address) => {
    if (address === '192.0.2.3') throw new NetworkError('out_of_scope', address, 'outside')
    return 'closed'
  })
  const report = await discoverHosts(network, run)
  expect(report.alive).toHaveLength(507)
  expect(report.faults).toEqual([{ place: '192.0.2.3', fault: 'out_of_scope', message: { en: 'outside', ko: 'outside' } }])
})

it('stopped, it tells what it has seen', async () => {
  const { run, stop } = around((address) => {
    if (address === '192.0.2.150') stop()
    return 'closed'
  })
  const report = await discoverHosts(network, run)
  expect(report.alive.length).toBeGreaterThanOrEqual(100)
  expect(report.asked).toBeLessThan(508)
  expect(report.faults).toMatchObject([{ place: 'network', fault: 'cancelled' }])
})
