// Questions to resolvers and what their answers look like (the dns protocol). Records have the presentation form that templates' words and expressions are written for.
// Invariant: an answer counts only if it is one to the question asked; whatever else comes is a protocol_error (dns.test.ts).
import { addressVersion, decodeMessage, DnsMessageError, encodeQuery, messageText, NetworkError, questionText, recordText, reverseName } from '@haechi/probes/wire'
import { combinations } from './http/payloads.ts'
import { charge, conclude, namesOf, render } from './findings.ts'
import type { DnsMessage, DnsRecord } from '@haechi/probes/wire'
import type { Bytes, DnsBlock, Outcome, Run, Value } from './model.ts'

const tracedSteps = 16

const resolverAddress = (resolver: string): string => {
  if (/^\[[^\]]+\]:\d+$/.test(resolver) || /^[^:]+:\d+$/.test(resolver)) return resolver
  return resolver.includes(':') ? `${resolver.startsWith('[') ? resolver : `[${resolver}]`}:53` : `${resolver}:53`
}

type Question = { readonly name: Bytes; readonly type: string; readonly class: string; readonly recursion: boolean; readonly authenticData: boolean }

const canonical = (name: Bytes): Bytes => (name.endsWith('.') ? name : `${name}.`).toLowerCase()

function queryFor(id: number, question: Question, endpoint: string): Uint8Array {
  try {
    return encodeQuery({ id, ...question })
  } catch (error) {
    if (!(error instanceof DnsMessageError)) throw error
    throw new NetworkError('not_resolved', endpoint, `${error.message}, so nobody can be asked for it.`)
  }
}

async function ask(question: Question, resolver: string | null, run: Run): Promise<DnsMessage> {
  const id = run.random() & 0xffff
  const endpoint = resolver ?? 'the resolver'
  const bytes = await run.network.dns(queryFor(id, question, endpoint), { resolver, timeoutMs: run.settings.timeoutMs }, run.signal)
  let answer: DnsMessage
  try {
    answer = decodeMessage(bytes)
  } catch (error) {
    if (!(error instanceof DnsMessageError)) throw error
    throw new NetworkError('protocol_error', endpoint, `What ${endpoint} answers is no DNS message: ${error.message}.`)
  }
  const [echoed] = answer.questions
  const foreign = !answer.response || answer.id !== id
    || (echoed !== undefined && (decodeName(echoed.name) !== decodeName(question.name) || echoed.type !== question.type || echoed.class !== question.class))
  if (foreign) throw new NetworkError('protocol_error', endpoint, `What ${endpoint} answers belongs to another question.`)
  return answer
}

/** Escapes undone, so that one name written in two ways is one. */
const decodeName = (name: Bytes): Bytes => canonical(name).replace(/\\(\d{3}|.)/gs, (_, code: string) => `\0${code.length === 3 ? String.fromCharCode(Number(code) & 0xff) : code}`).toLowerCase()

/** From the root's servers down, each asked without recursion and by the names and addresses that the one before gave. */
async function trace(question: Question, resolvers: readonly (string | null)[], run: Run): Promise<Bytes> {
  const [resolver = null] = resolvers
  const lookup = async (name: Bytes, type: string): Promise<readonly DnsRecord[]> => {
    try {
      const answer = await ask({ name, type, class: 'IN', recursion: true, authenticData: false }, resolver, run)
      run.sent({ protocol: 'dns', fault: null })
      return [...answer.answer, ...answer.additional]
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error
      run.sent({ protocol: 'dns', fault: error })
      return []
    }
  }
  const addressOf = async (servers: readonly Bytes[], glue: readonly DnsRecord[]): Promise<string | null> => {
    for (const server of servers.slice(0, 4)) {
      const known = glue.find(record => record.type === 'A' && canonical(record.name) === canonical(server))?.target ?? (await lookup(server, 'A')).find(record => record.type === 'A')?.target
      if (known !== undefined && known !== null) return known
    }
    return null
  }
  const roots = await lookup('.', 'NS')
  let server = await addressOf(roots.filter(record => record.type === 'NS').map(record => record.target ?? ''), roots)
  let text = ''
  for (let step = 0; step < tracedSteps && server !== null; step++) {
    run.signal.throwIfAborted()
    charge(run, 'dns')
    try {
      const answer = await ask({ ...question, recursion: false }, resolverAddress(server), run)
      run.sent({ protocol: 'dns', fault: null })
      text += messageText(answer)
      if (answer.answer.length > 0 || answer.rcode !== 0) break
      const next = answer.authority.filter(record => record.type === 'NS').map(record => record.target ?? '')
      server = next.length === 0 ? null : await addressOf(next, answer.additional)
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error
      run.sent({ protocol: 'dns', fault: error })
      break
    }
  }
  return text
}

/** Several records of a type are a list. Names are without the dot of the root. */
function recordValues(records: readonly DnsRecord[]): Map<string, Value> {
  const values = new Map<string, Value>()
  for (const record of records) {
    const name = record.type.toLowerCase()
    const data = record.target === null ? record.data : record.data.replace(/\.$/, '')
    const known = values.get(name)
    values.set(name, known === undefined ? data : Array.isArray(known) ? [...(known as readonly Value[]), data] : [known, data])
  }
  return values
}

/** Asks a block's question, once for each combination of its payloads. An address as target is asked for by its reverse name, and only for PTR. */
export async function runDns(block: DnsBlock, run: Run): Promise<Outcome> {
  const { target, settings } = run
  const isAddress = addressVersion(target.host) !== 0
  if (isAddress && block.type !== 'PTR' && !run.template.selfContained) return { matched: false }
  const own = new Map<string, Value>()
  if (isAddress) {
    const reverse = reverseName(target.host)
    own.set('FQDN', reverse)
    own.set('Hostname', reverse)
  }
  let matched = false
  for (const payload of combinations(block.payloads, settings.attack)) {
    run.signal.throwIfAborted()
    const names = namesOf(run, own, payload)
    const name = render(block.name, names, run, 'dns.name')
    if (name === null) continue
    const written = block.resolvers.length > 0 ? block.resolvers.map(each => render(each, names, run, 'dns.resolvers')).filter(each => each !== null) : settings.resolvers
    const resolvers = written.length > 0 ? written.map(resolverAddress) : [null]
    const question: Question = { name, type: block.type, class: block.class, recursion: block.recursion, authenticData: block.type === 'TXT' }
    const answer = await persist(question, resolvers, Math.max(1, block.retries), run)
    if (answer === null) continue
    const traced = block.trace ? await trace(question, resolvers, run) : ''
    const records = (list: readonly DnsRecord[]): Bytes => list.map(recordText).join('')
    const raw = messageText(answer)
    const request = `;; opcode: QUERY, status: NOERROR, id: ${answer.id}\n;; flags:${question.recursion ? ' rd' : ''}${question.authenticData ? ' ad' : ''}; QUERY: 1, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: 1\n\n;; QUESTION SECTION:\n;${canonical(name)}\t${question.class}\t ${question.type}\n`
    const asked = name.replace(/\.$/, '')
    // The answer's records come last: 'ns' is the authority section unless NS records were the answer.
    const parts = new Map<string, Value>([
      ['host', target.host], ['matched', asked], ['request', request], ['rcode', answer.rcode], ['status_code', answer.rcode], ['question', answer.questions.map(questionText).join('')],
      ['answer', records(answer.answer)], ['ns', records(answer.authority)], ['extra', records(answer.additional)], ['raw', raw], ['trace', traced], ['type', 'dns'],
      ...recordValues(answer.answer),
    ])
    const held = conclude(block, run, names, {
      protocol: 'dns', parts, partName: part => (part === 'body' || part === 'all' || part === '' ? 'raw' : part), defaultPart: 'raw',
      matchedAt: asked, address: null, request, response: raw,
    })
    if (held) matched = true
    if (matched && run.template.stopAtFirstMatch) break
  }
  return { matched }
}

/** Each try asks the next resolver. */
async function persist(question: Question, resolvers: readonly (string | null)[], tries: number, run: Run): Promise<DnsMessage | null> {
  for (let attempt = 0; attempt < tries; attempt++) {
    try {
      charge(run, 'dns')
      const answer = await ask(question, resolvers[attempt % resolvers.length] ?? null, run)
      run.sent({ protocol: 'dns', fault: null })
      return answer
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error
      run.sent({ protocol: 'dns', fault: error })
      // Asking again changes nothing.
      if (error.fault === 'out_of_scope' || error.fault === 'cancelled' || error.fault === 'not_resolved') return null
    }
  }
  return null
}
