// Connections that a template opens, what it writes and what it reads (the tcp, formerly network, protocol). Bytes go out and come in untouched.
// Invariant: a peer that is silent, endless or slow costs at most the run's timeout and maxBytes a request (tcp.test.ts).
import { NetworkError, splitAddress } from '@haechi/probes/wire'
import { withBrackets } from './http/address.ts'
import { combinations } from './http/payloads.ts'
import { charge, conclude, namesOf, render } from './findings.ts'
import type { Bytes, Connection, Lookup, Outcome, Run, Target, TcpBlock, Value } from './model.ts'

/** A port of the web that a URL brings along says nothing about other protocols. */
const webPorts = ['80', '443', '8080', '8443', '8081', '53']
const defaultReadSize = 1024
/** An answer may come in several segments: what follows at once belongs to it. */
const settleMs = 25
const mostReads = 4096
const longestReadMs = 5000

/** As it was given: which scheme answers is found out for targets without one, too. */
const isUrl = (target: Target): boolean => target.input.includes('://')
/** The ports to try: that of the target where it was given on purpose, else those of the template. null: none is known. */
function portsOf(block: TcpBlock, target: Target, written: Bytes): readonly (number | null)[] {
  const listed = [...new Set(written.split(',').map(each => each.trim()).filter(each => /^\d{1,5}$/.test(each)))]
  const fallback = target.port ?? (target.scheme === 'https' ? 443 : target.scheme === 'http' ? 80 : null)
  if (listed.length === 0) return [fallback]
  const excluded = block.excludePorts === '' ? webPorts : block.excludePorts.split(',').map(each => each.trim())
  if (target.port !== null && !(isUrl(target) && excluded.includes(String(target.port)))) return [target.port]
  return listed.map(Number)
}

const hexBytes = (text: Bytes): Bytes | null => (/^(?:[0-9a-f]{2})*$/i.test(text) ? Buffer.from(text, 'hex').toString('latin1') : null)

/** Up to `size` bytes: what comes first, and what follows it at once. `all`: until the end. '' where nothing came. */
async function receive(connection: Connection, size: number, all: boolean, timeoutMs: number, run: Run): Promise<Bytes> {
  const ends = run.now() + timeoutMs
  let data = ''
  for (let reads = 0; data.length < size && reads < mostReads; reads++) {
    const left = ends - run.now()
    if (left <= 0) break
    let more: Bytes
    try {
      more = await connection.read(size - data.length, all || data === '' ? left : Math.min(settleMs, left))
    } catch (error) {
      if (error instanceof NetworkError && (error.fault === 'timeout' || error.fault === 'closed')) break
      throw error
    }
    if (more === '') break
    data += more
  }
  return data
}

/**
 * Runs a block against its addresses, each with every combination of its payloads. Faults of the network are told to `run.sent` and end that address; TemplateError
 * where an expression cannot be evaluated.
 */
export async function runTcp(block: TcpBlock, run: Run): Promise<Outcome> {
  const { target, settings } = run
  const visited = new Set<string>()
  let matched = false
  const stop = (): boolean => matched && (block.stopAtFirstMatch || run.template.stopAtFirstMatch)
  const selfContained = run.template.selfContained
  for (const port of selfContained ? [null] : portsOf(block, target, render(block.port, run.values.get, run, 'tcp.port') ?? '')) {
    const own = new Map<string, Value>()
    if (!selfContained) {
      own.set('Hostname', port === null ? withBrackets(target.host) : `${withBrackets(target.host)}:${port}`)
      own.set('Host', target.host)
      if (port !== null) own.set('Port', String(port))
    }
    for (const written of block.host) {
      const tls = written.startsWith('tls://')
      const rendered = render(tls ? written.slice('tls://'.length) : written, namesOf(run, own), run, 'tcp.host')
      const place = rendered === null ? null : splitAddress(rendered)
      const key = `${tls ? 'tls://' : ''}${rendered ?? ''}`
      if (rendered === null || place === null || visited.has(key)) continue
      visited.add(key)
      for (const payload of combinations(block.payloads, settings.attack)) {
        run.signal.throwIfAborted()
        charge(run, 'tcp')
        const names = namesOf(run, own, payload)
        if (await converse(block, run, { ...place, tls, rendered }, names)) matched = true
        if (stop()) return { matched }
      }
    }
  }
  return { matched }
}

async function converse(block: TcpBlock, run: Run, place: { host: string; port: number; tls: boolean; rendered: string }, names: Lookup): Promise<boolean> {
  const { settings, signal } = run
  const readMs = Math.min(settings.timeoutMs, longestReadMs)
  const named = new Map<string, Value>()
  const known: Lookup = name => named.get(name) ?? names(name)
  let connection: Connection | null = null
  let request = ''
  let raw = ''
  let data: Bytes
  try {
    connection = await run.network.dial(place.host, place.port, {
      tls: place.tls ? { serverName: settings.serverName ?? place.host, minVersion: null, maxVersion: null, ciphers: null } : null,
      timeoutMs: settings.timeoutMs,
    }, signal)
    for (const input of block.inputs) {
      const rendered = render(input.data, known, run, 'tcp.inputs')
      if (rendered === null) return false
      request += rendered
      const bytes = input.hex ? hexBytes(rendered) : rendered
      if (bytes === null) return false
      if (bytes !== '') await connection.write(bytes)
      if (input.read <= 0) continue
      const answer = await receive(connection, Math.min(input.read, settings.maxBytes), false, readMs, run)
      if (answer === '') throw new NetworkError('timeout', place.rendered, `${place.rendered} did not answer what it was sent.`)
      raw += answer
      if (input.name !== null) named.set(input.name, answer)
    }
    data = await receive(connection, block.readAll ? settings.maxBytes : Math.min(block.readSize > 0 ? block.readSize : defaultReadSize, settings.maxBytes), block.readAll, readMs, run)
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error
    run.sent({ protocol: 'tcp', fault: error })
    return false
  } finally {
    connection?.close()
  }
  run.sent({ protocol: 'tcp', fault: null })
  raw += data
  const parts = new Map<string, Value>([
    ['host', run.target.input], ['matched', place.rendered], ['request', request], ['data', data], ['raw', raw], ['type', 'tcp'], ['ip', connection.address], ...named,
  ])
  return conclude(block, run, known, {
    protocol: 'tcp', parts, partName: name => (name === 'body' || name === 'all' || name === '' ? 'data' : name), defaultPart: 'data',
    matchedAt: place.rendered, address: connection.address, request, response: raw,
  })
}
