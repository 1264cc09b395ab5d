// A block of http requests against a target, in Nuclei's order: each combination of payloads through all requests, every answer of a chain of redirects judged from the
// last to the first, what was extracted known to the requests behind. Bounded by settings.maxRequests for each run of a template, whatever flows, payloads and
// redirects ask for. Defended by run.test.ts and tests/conformance/templates/http.test.ts.
import { bytesOf } from '@haechi/probes/wire'
import { EvaluationError } from '../dsl/evaluation.ts'
import { compileText } from '../interpolation.ts'
import { NetworkError } from '@haechi/probes/wire'
import type { Bytes, HttpBlock, HttpResponse, Lookup, Outcome, Run, Values } from '../model.ts'
import { type CompiledOperators, compileOperators, type Judgement } from '../operators.ts'
import { TemplateError } from '../problem.ts'
import { withBrackets } from './address.ts'
import { Answer, headerValues } from './answer.ts'
import { CookieJar } from './cookies.ts'
import { digestAuthorization } from './digest.ts'
import { type Exchange, matchOf } from './match.ts'
import { type Combination, combinations, ofOwn } from './payloads.ts'
import { canMatch } from './prospects.ts'
import { redirected, type Redirects } from './redirects.ts'
import { build, type Built, type Prepared, prepare, requestText } from './requests.ts'
import { readAnswer } from './unsafe.ts'

/** What the blocks of one run of a template share. */
type Session = { readonly jar: CookieJar; requests: number }
const sessions = new WeakMap<Values, Session>()

function sessionOf(values: Values): Session {
  let session = sessions.get(values)
  if (session === undefined) {
    session = { jar: new CookieJar(), requests: 0 }
    sessions.set(values, session)
  }
  return session
}

const preConditions = new WeakMap<HttpBlock, CompiledOperators>()

const mostRedirects = 20

/**
 * Sends the block's requests and reports what its operators find. Whether a request was answered goes to `run.sent`; a fault of the network ends that request and no other.
 * Errors: TemplateError (request_invalid: a request cannot be made, or an answer tries to write into it; budget_exceeded: more requests than settings.maxRequests);
 * NetworkError 'cancelled' once run.signal is aborted; PatternError of a matcher.
 */
export async function runHttp(block: HttpBlock, run: Run): Promise<Outcome> {
  const plan = prepare(block)
  const session = sessionOf(run.values)
  const blockRun = new BlockRun(block, run, session)
  const done = new Set<Prepared>()
  for (const combination of combinations(block.payloads, run.settings.attack)) {
    const payload = blockRun.filled(combination)
    if (payload === null) continue
    if (block.race > 0) {
      if (await blockRun.race(plan.requests, payload)) return blockRun.outcome
      continue
    }
    let hopeless = false
    for (const [index, prepared] of plan.requests.entries()) {
      if (prepared.once && done.has(prepared)) continue
      hopeless ||= index > 0 && !blockRun.goesOn(index)
      if (hopeless && !prepared.cleansUp) continue
      done.add(prepared)
      for (const current of blockRun.currents()) if (await blockRun.one(prepared, index + 1, payload, current)) return blockRun.outcome
    }
  }
  return blockRun.outcome
}

class BlockRun {
  readonly #block: HttpBlock
  readonly #run: Run
  readonly #session: Session
  readonly #dynamic = new Map<string, readonly Bytes[]>()
  readonly #history: Map<number, Answer> | null
  #matched = false

  constructor(block: HttpBlock, run: Run, session: Session) {
    this.#block = block
    this.#run = run
    this.#session = session
    this.#history = block.requestCondition ? new Map() : null
  }

  get outcome(): Outcome {
    return { matched: this.#matched }
  }

  /** Payloads may hold markers themselves; null: one of them has no value. */
  filled(combination: Combination): Combination | null {
    let filled: Record<string, Bytes> | null = null
    for (const [name, value] of Object.entries(combination)) {
      if (!value.includes('{{')) continue
      const text = compileText(value)
      if (text.literal !== null) continue
      const lookup: Lookup = (inner) => (inner === name ? undefined : ofOwn(combination, inner)) ?? this.#run.values.get(inner)
      if (!this.#block.skipVariablesCheck && text.unresolved(lookup).length > 0) return null
      ;(filled ??= { ...combination })[name] = guarded(() => text.render(lookup, this.#run))
    }
    return filled ?? combination
  }

  /** After so many requests: can the block still match. Of a single block only, because others may look at its later answers. */
  goesOn(done: number): boolean {
    const { blocks, flow } = this.#run.template
    const last = this.#history?.get(done)
    return last === undefined || blocks.length > 1 || flow !== null || canMatch(this.#block, done, last, this.#run)
  }

  /** What was extracted so far, as requests see it: the first values; all of them one after the other where the block says so. */
  *currents(): Generator<ReadonlyMap<string, Bytes>> {
    const lists = [...this.#dynamic]
    const rounds = this.#block.iterateAll ? Math.max(1, ...lists.map(([, values]) => values.length)) : 1
    for (let round = 0; round < rounds; round++) yield new Map(lists.map(([name, values]) => [name, values[Math.min(round, values.length - 1)]!]))
  }

  /** true: the block is at its end. */
  async one(prepared: Prepared, number: number, payload: Combination, current: ReadonlyMap<string, Bytes>): Promise<boolean> {
    const built = build(this.#block, this.#run, prepared, payload, current)
    if ('missing' in built) return true
    if (!this.#wanted(built, payload, current)) return false
    const chain = await this.#chain(built, current, payload)
    return chain !== null && this.#judgeChain(chain, number, payload, current)
  }

  /** Does the request meet the block's pre-condition, whose matchers look at what is to be sent. */
  #wanted({ request, url, bytes }: Built, payload: Combination, current: ReadonlyMap<string, Bytes>): boolean {
    const { preCondition, preConditionCondition } = this.#block
    if (preCondition.length === 0) return true
    const text = requestText(request, bytes)
    const end = text.indexOf('\r\n\r\n')
    const parts: Record<string, Bytes> = {
      request: text, method: request.method, path: request.target.replace(/\?.*$/s, ''), query: /\?(.*)$/s.exec(request.target)?.[1] ?? '', body: request.body ?? '', header: end < 0 ? text : text.slice(0, end + 4), host: request.host, url,
    }
    const lookup: Lookup = (name) => ofOwn(parts, name) ?? ofOwn(payload, name) ?? current.get(name) ?? this.#run.values.get(name)
    let operators = preConditions.get(this.#block)
    if (operators === undefined) preConditions.set(this.#block, operators = compileOperators({ matchers: preCondition, matchersCondition: preConditionCondition, extractors: [] }, 'body'))
    return operators.judge({ part: (name) => ofOwn(parts, name), lookup }, this.#run).matched
  }

  /** All at once: copies of the one request, or one each of several, at least as many as the block asks for. */
  async race(requests: readonly Prepared[], payload: Combination): Promise<boolean> {
    const current = new Map<string, Bytes>()
    const all: { readonly built: Built; readonly number: number }[] = []
    for (let at = 0; requests.length > 0 && at < Math.max(this.#block.race, requests.length); at++) {
      const built = build(this.#block, this.#run, requests[at % requests.length]!, payload, current)
      if ('missing' in built) return true
      if (this.#wanted(built, payload, current)) all.push({ built, number: (at % requests.length) + 1 })
      if (all.length > this.#run.settings.maxRequests) this.#exceeded()
    }
    const chains = await Promise.all(all.map(({ built }) => this.#chain(built, current, payload)))
    for (const [at, chain] of chains.entries()) if (chain !== null && this.#judgeChain(chain, all[at]!.number, payload, current)) return true
    return false
  }

  #exceeded(): never {
    throw new TemplateError('budget_exceeded', this.#block.id ?? 'http', `The template sends more than ${this.#run.settings.maxRequests} requests to one target.`)
  }

  /** A request and where its answers lead; null: no answer. */
  async #chain(built: Built, current: ReadonlyMap<string, Bytes>, payload: Combination): Promise<readonly Exchange[] | null> {
    const block = this.#block
    const policy: Redirects = this.#run.settings.disableRedirects ? 'none' : block.hostRedirects ? 'same-host' : block.redirects ? 'all' : 'none'
    const first = await this.#exchange(built, current, payload)
    if (first === null) return null
    const chain = [first]
    // As it was asked for, without what the jar added.
    let asked = built.request
    for (let left = Math.min(block.maxRedirects || 10, mostRedirects); left > 0; left--) {
      const next = redirected(asked, chain.at(-1)!.response, built.request, policy)
      if (next === null) break
      asked = next.request
      let outOfScope = false
      const exchange = await this.#exchange({ ...next, bytes: null }, current, payload, (fault) => (outOfScope = fault === 'out_of_scope'))
      // Where the way leads out of what may be reached, the answer that points there is the last.
      if (exchange === null && outOfScope) break
      if (exchange === null) return null
      chain.push(exchange)
    }
    return chain
  }

  async #exchange(built: Built, current: ReadonlyMap<string, Bytes>, payload: Combination, failed?: (fault: NetworkError['fault']) => void): Promise<Exchange | null> {
    const { digest } = prepare(this.#block)
    try {
      const first = await this.#send(built)
      if (digest === null || first.response.status !== 401) return first
      const lookup: Lookup = (name) => ofOwn(payload, name) ?? current.get(name) ?? this.#run.values.get(name)
      const credentials = guarded(() => ({ username: digest.username.render(lookup, this.#run), password: digest.password.render(lookup, this.#run) }))
      const nonce = Array.from({ length: 2 }, () => this.#run.random().toString(16).padStart(8, '0')).join('')
      const authorization = digestAuthorization(headerValues(first.response, 'www-authenticate'), built.request, credentials, nonce)
      if (authorization === null || built.bytes !== null) return first
      const headers = [...built.request.headers.filter(([name]) => name.toLowerCase() !== 'authorization'), ['Authorization', authorization] as const]
      return await this.#send({ ...built, request: { ...built.request, headers } })
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error
      if (error.fault === 'cancelled' && this.#run.signal.aborted) throw error
      this.#run.sent({ protocol: 'http', fault: error })
      failed?.(error.fault)
      return null
    }
  }

  async #send(built: Built): Promise<Exchange> {
    const { network, signal, settings, now, sent, pause } = this.#run
    const { jar } = this.#session
    const pausing = pause()
    if (pausing !== null) await pausing
    if (signal.aborted) throw new NetworkError('cancelled', `${withBrackets(built.request.host)}:${built.request.port}`, 'The scan was stopped.')
    if (++this.#session.requests > settings.maxRequests) this.#exceeded()
    let { request } = built
    const cookies = this.#block.disableCookie || built.bytes !== null ? null : jar.header(request, now())
    if (cookies !== null) {
      const own = request.headers.find(([name]) => name.toLowerCase() === 'cookie')
      const value = own === undefined ? cookies : `${own[1]}; ${cookies}`
      request = { ...request, headers: [...request.headers.filter((header) => header !== own), ['Cookie', value]] }
    }
    const response = built.bytes === null ? await network.http(request, signal) : await this.#dial(built, built.bytes)
    sent({ protocol: 'http', fault: null })
    if (!this.#block.disableCookie) {
      const set = headerValues(response, 'set-cookie')
      if (set.length > 0) jar.store(set, request, now())
    }
    return { request, bytes: built.bytes, response, url: built.url }
  }

  async #dial({ request }: Built, bytes: Bytes): Promise<HttpResponse> {
    const { network, signal, now } = this.#run
    const { host, port, scheme, serverName, timeoutMs, maxBytes, method } = request
    const tls = scheme === 'https' ? { serverName: serverName ?? host, minVersion: null, maxVersion: null, ciphers: null } : null
    const connection = await network.dial(host, port, { tls, timeoutMs }, signal)
    try {
      await connection.write(bytes)
      return await readAnswer(connection, { maxBytes, timeoutMs, method, endpoint: `${withBrackets(host)}:${port}`, now })
    } finally {
      connection.close()
    }
  }

  #judgeChain(chain: readonly Exchange[], number: number, payload: Combination, current: ReadonlyMap<string, Bytes>): boolean {
    const run = this.#run
    const block = this.#block
    const stops = (block.stopAtFirstMatch || run.template.stopAtFirstMatch) && block.matchers.length > 0
    const operators = compileOperators(block, 'body')
    const values: Lookup = (name) => current.get(name) ?? run.values.get(name)
    for (let at = chain.length - 1; at >= 0; at--) {
      const exchange = chain[at]!
      const answer = new Answer({
        response: exchange.response,
        url: exchange.url,
        input: bytesOf(run.target.input),
        requestText: () => requestText(exchange.request, exchange.bytes),
        payload: (name) => ofOwn(payload, name),
        history: this.#history,
        values,
      })
      if (at === chain.length - 1) {
        this.#history?.set(number, answer)
        run.answered(answer.own)
      }
      const judgement = operators.judge(answer, run)
      this.#remember(judgement)
      if (judgement.matched || (block.matchers.length === 0 && block.extractors.length === 0)) this.#matched = true
      for (const result of judgement.results) if (!result.internal) run.report(matchOf(run.template, run.target, exchange, result, judgement.dynamic))
      if (stops && judgement.matched) return true
    }
    return false
  }

  /** What was found last comes first, as in Nuclei; what was found before stays behind it. */
  #remember(judgement: Judgement): void {
    const { values, template } = this.#run
    for (const [name, found] of judgement.dynamic) {
      if (found.length === 0) continue
      const before = this.#dynamic.get(name) ?? []
      this.#dynamic.set(name, before.length === 0 ? found : [...new Set([...found, ...before])].slice(0, 10_000))
      // A flow works with the list; other blocks have the first value by the name, and the others with their number behind it.
      if (template.flow !== null) values.set(name, found.length === 1 ? found[0]! : [...found])
      else for (const [at, value] of found.slice(0, 100).entries()) values.set(at === 0 ? name : `${name}${at}`, value)
    }
  }
}

function guarded<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof EvaluationError) throw new TemplateError('budget_exceeded', 'payloads', error.message)
    throw error
  }
}
