// Calls of real APIs before a judge that is none of ours: Prism reads the same document and says of each request whether it is one that the document allows.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createInterface } from 'node:readline'
import { afterAll, expect, it } from 'vitest'
import { CallProblem, buildRequest, readDocument, toTools } from '@haechi/openapi-tools'
import type { HttpRequest } from '@haechi/openapi-tools'
import type { JsonObject } from '@haechi/mcp-wire'
import { directorySpecs, drawn } from '../../specs.ts'
import { credentialsFor, withFiles } from './har.ts'
import { sample } from './sampling.ts'

const full = process.env['HAECHI_TEST_FULL'] === '1'
const SPECS = Number(process.env['PRISM_SPECS'] ?? 100)
const OPERATIONS_EACH = 10
/** Prism takes 3 s for a small document and a minute for the largest. */
const START_MS = 180_000
const prism = fileURLToPath(new URL('../../node_modules/@stoplight/prism-cli/dist/index.js', import.meta.url))
const running = new Set<ChildProcess>()

afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
})

/** Calls that Prism refuses: who is wrong, and why. */
const KNOWN: readonly { readonly operation: RegExp; readonly wrong: 'ours' | 'Prism'; readonly why: string }[] = [
  { operation: /^amazonaws\.com\/qldb\.json /, wrong: 'ours', why: 'The pattern of the name has a look-ahead, which no automaton in linear time does: it is not in our schema, so what is drawn from that need not match it.' },
  { operation: /^va\.gov\/facilities\.json GET \/facilities\/all$/, wrong: 'Prism', why: 'OpenAPI §4.12.2: a header parameter called Accept is ignored. Prism holds the header to its enum, as one value and not as a list.' },
]

type Judgement = { readonly operation: string; readonly verdict: 'accepted' | 'refused' | 'not judged'; readonly reason: string }

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Resolves when Prism listens; null where it does not within the time or ends. */
async function started(file: string): Promise<{ readonly port: number; stop(): void } | string> {
  const port = await freePort()
  const child = spawn(process.execPath, ['--max-old-space-size=3000', prism, 'mock', '--errors', '-m', 'false', '-h', '127.0.0.1', '-p', String(port), file], { stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  const stop = (): void => {
    running.delete(child)
    child.kill('SIGKILL')
  }
  let last = ''
  const listening = new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), START_MS)
    child.once('exit', () => resolve(false))
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (line.trim() !== '') last = line
        if (line.includes('Prism is listening')) {
          clearTimeout(timer)
          resolve(true)
        }
      })
    }
  })
  if (await listening) return { port, stop }
  stop()
  return last
}

async function sent({ method, url, headers, body }: HttpRequest): Promise<{ readonly status: number; readonly text: string }> {
  return await new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) }, timeout: 30_000 }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() })).on('error', reject)
    })
    outgoing.on('error', reject).on('timeout', () => outgoing.destroy(new Error('timeout'))).end(body)
  })
}

async function judge({ name, file }: { readonly name: string; readonly file: string }): Promise<Judgement[]> {
  const read = readDocument(readFileSync(file, 'utf8'))
  if ('refusal' in read) return [{ operation: name, verdict: 'not judged', reason: `refused: ${read.refusal.code}` }]
  const set = toTools(read.document)
  const tools = drawn(set.tools, OPERATIONS_EACH, ({ operation: { key } }) => `${name} ${key}`)
  const server = await started(file)
  if (typeof server === 'string') return tools.map(({ operation: { key } }) => ({ operation: `${name} ${key}`, verdict: 'not judged', reason: `Prism did not start: ${server.slice(0, 200)}` }))
  const found: Judgement[] = []
  try {
    for (const tool of tools) {
      const operation = `${name} ${tool.operation.key}`
      let built: HttpRequest | string = 'no arguments'
      for (const odd of [true, false]) {
        const args = sample(set.definition(tool).inputSchema, operation, { optional: 0.3, odd })
        if (args === undefined) break
        try {
          // Prism serves every path at its root.
          built = buildRequest({ ...tool.operation, servers: [] }, withFiles(tool.operation, args as JsonObject), { baseUrl: `http://127.0.0.1:${server.port}`, credentials: credentialsFor(tool.operation).ours })
          break
        } catch (error) {
          if (!(error instanceof CallProblem)) throw error
          built = `${error.code}: ${error.message}`
        }
      }
      if (typeof built === 'string' || tool.operation.path.includes('#')) {
        // Fragments tell operations apart that are one path to a server; Prism looks for the fragment in the path.
        found.push({ operation, verdict: built === 'no arguments' || typeof built !== 'string' ? 'not judged' : 'refused', reason: typeof built === 'string' ? built : 'the path has a fragment' })
        continue
      }
      try {
        const { status, text } = await sent(built)
        const type = /stoplight\.io\/prism\/errors#(\w+)/.exec(text)?.[1]
        const problem = type === undefined ? {} : (JSON.parse(text) as { validation?: { location: string[] }[]; detail?: unknown })
        // What Prism says of the examples and answers that it makes up comes after it has taken the request.
        const ofItsAnswer = type === 'NO_COMPLEX_OBJECT_TEXT' || type === 'NOT_ACCEPTABLE' || type === 'NO_RESPONSE_DEFINED' || (type === 'VIOLATIONS' && (problem.validation ?? []).every(({ location }) => location[0] === 'response'))
        found.push({ operation, verdict: type === undefined || ofItsAnswer ? 'accepted' : type === 'UNKNOWN' ? 'not judged' : 'refused', reason: type === undefined ? String(status) : `${type} ${JSON.stringify(problem.validation ?? problem.detail).slice(0, 400)}` })
      } catch (error) {
        found.push({ operation, verdict: 'not judged', reason: `Prism: ${String(error)}` })
      }
    }
  } finally {
    server.stop()
  }
  return found
}

it.skipIf(!full)(`Prism accepts the calls of ${SPECS} specs drawn by hash${full ? '' : ' (HAECHI_TEST_FULL=1: 15 minutes)'}`, { timeout: 3_600_000 }, async () => {
  const specs = drawn(directorySpecs(), SPECS, ({ name }) => name)
  const judgements: Judgement[] = []
  const waiting = [...specs]
  await Promise.all([1, 2].map(async () => {
    for (let spec = waiting.shift(); spec !== undefined; spec = waiting.shift()) judgements.push(...(await judge(spec)))
  }))
  const refused = judgements.filter(({ verdict }) => verdict === 'refused').toSorted((a, b) => (a.operation < b.operation ? -1 : 1))
  const judged = judgements.filter(({ verdict }) => verdict !== 'not judged')
  const knownOf = (operation: string): (typeof KNOWN)[number] | undefined => KNOWN.find((known) => known.operation.test(operation))
  const unexplained = refused.filter(({ operation }) => knownOf(operation) === undefined)
  for (const { operation, reason, verdict } of judgements) if (verdict !== 'accepted') console.log(`${verdict}: ${operation}: ${reason}${verdict === 'refused' ? ` [${knownOf(operation)?.wrong ?? 'unexplained'}: ${knownOf(operation)?.why ?? ''}]` : ''}`)
  console.log(`Prism: ${judged.length - refused.length} of ${judged.length} accepted (${((1 - refused.length / judged.length) * 100).toFixed(1)} %), ${judgements.length - judged.length} not judged; of the refused ${refused.filter(({ operation }) => knownOf(operation)?.wrong === 'ours').length} ours, ${unexplained.length} unexplained`)
  expect(unexplained).toEqual([])
  expect((judged.length - refused.length) / judged.length).toBeGreaterThanOrEqual(0.98)
})
