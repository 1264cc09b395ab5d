import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CallToolResult, JsonObject } from '@haechi/mcp-wire'
import type { Tool, ToolSet } from './model.ts'
import { createToolSearch, indexTools, ranking } from './search.ts'
import { saturation } from './search-index.ts'
import { createTermReader, intentOf, nearTerms, otherNames, relatedTerms } from './search-words.ts'

type Made = { name: string; method?: string; path: string; title?: string; description?: string; tags?: readonly string[]; parameters?: readonly string[] }

function made({ name, method = 'GET', path, title = '', description = '', tags = [], parameters = [] }: Made): Tool {
  return {
    name, title, description, annotations: {},
    operation: {
      key: `${method} ${path}`, method, path, at: '#', operationId: name, summary: title, description, tags, deprecated: false, servers: [],
      parameters: parameters.map((argument) => ({ argument, name: argument, in: path.includes(`{${argument}}`) ? 'path' as const : 'query' as const, required: path.includes(`{${argument}}`), style: 'simple' as const, explode: false, allowReserved: false, content: null })),
      body: method === 'POST' ? { argument: 'body', required: true, mediaType: 'application/json', kind: 'json', parts: [] } : null, security: [], answers: [], wrapped: null,
    },
  }
}
function setOf(tools: readonly Tool[]): Pick<ToolSet, 'tools' | 'get' | 'definition'> {
  const byName = new Map(tools.map((tool) => [tool.name, tool]))
  return { tools, get: (name) => byName.get(name), definition: (tool) => ({ name: tool.name, description: tool.description, inputSchema: { type: 'object', required: tool.operation.parameters.map(({ argument }) => argument) } }) }
}

const mail = setOf([
  made({ name: 'listMessages', path: '/me/messages', title: 'List messages', parameters: ['top'] }),
  made({ name: 'getMessage', path: '/me/messages/{message-id}', title: 'Get a message', parameters: ['message-id'] }),
  made({ name: 'createMessage', method: 'POST', path: '/me/messages', title: 'Create a draft' }),
  made({ name: 'deleteMessage', method: 'DELETE', path: '/me/messages/{message-id}', title: 'Delete a message', parameters: ['message-id'] }),
  made({ name: 'listAttachments', path: '/me/messages/{message-id}/attachments', title: 'List attachments', parameters: ['message-id'] }),
  made({ name: 'sendMail', method: 'POST', path: '/me/sendMail', title: 'Send mail', description: 'Sends a new message at once.' }),
  made({ name: 'listCalendars', path: '/me/calendars', title: 'List calendars' }),
  made({ name: 'getUsers', path: '/users', title: '사용자 목록 조회', description: '등록된 사용자를 모두 봅니다.' }),
  made({ name: 'deleteUser', method: 'DELETE', path: '/users/{id}', title: '사용자 삭제', parameters: ['id'] }),
])
const first = (query: string): string | undefined => createToolSearch(mail).search(query)[0]?.name

describe('search', () => {
  it('finds what the words and the verb ask for', () => {
    expect(['list messages', 'get message', 'remove a message', 'send an email', 'attachments of a message', 'messages'].map(first)).toEqual(['listMessages', 'getMessage', 'deleteMessage', 'sendMail', 'listAttachments', 'listMessages'])
  })
  it('finds in Korean, with particles, and across languages', () => {
    expect(['사용자를 삭제', '사용자 목록', '사용자들의 목록을 조회해 줘', '메시지 삭제', '첨부 목록'].map(first)).toEqual(['deleteUser', 'getUsers', 'getUsers', 'deleteMessage', 'listAttachments'])
  })
  it('finds in spite of a slip', () => {
    expect(['calender', 'list calandars', 'attachmnets', 'attach'].map(first)).toEqual(['listCalendars', 'listCalendars', 'listAttachments', 'listAttachments'])
  })
  it('says what a call needs', () => {
    expect(createToolSearch(mail).search('get message', 1)).toEqual([{ name: 'getMessage', method: 'GET', path: '/me/messages/{message-id}', about: 'Get a message', required: ['message-id'] }])
    expect(createToolSearch(mail).search('send mail', 1)[0]?.required).toEqual(['body'])
    const long = createToolSearch(setOf([made({ name: 'x', path: '/x', title: `Very ${'long '.repeat(80)}` })])).search('very')
    expect(long[0]?.about).toHaveLength(160)
  })
  it('gives nothing for nothing, and never more than was asked for', () => {
    const { search } = createToolSearch(mail)
    expect([search(''), search('…!'), search('zzzzqqq'), search('messages', 0)]).toEqual([[], [], [], []])
    expect(search('message', 2)).toHaveLength(2)
    expect(createToolSearch(setOf([])).search('x')).toEqual([])
    const many = createToolSearch(setOf(Array.from({ length: 80 }, (_, i) => made({ name: `user${i}`, path: `/user/${i}` }))))
    expect([many.search('user').length, many.search('user', 500).length]).toEqual([10, 50])
    expect(search(`${'x'.repeat(1_000)} messages`)).toEqual([])
  })
  it('ranks the same with an index that was made elsewhere', () => {
    const index = structuredClone(indexTools(mail.tools))
    expect(createToolSearch(mail, { index }).search('list messages', 50)).toEqual(createToolSearch(mail).search('list messages', 50))
  })
})

/** Every tool's score, worked out from its words alone. */
function plainScores(tools: readonly Tool[], query: string): Map<string, number> {
  const termsOf = createTermReader()
  const documents = tools.map(({ name, title, description, operation }) => {
    const segments = operation.path.split('/').filter((segment) => segment !== '' && !segment.startsWith('{'))
    const named = termsOf(`${name} ${operation.operationId ?? ''}`)
    return { name: named, path: segments.flatMap((segment) => termsOf(segment)), parameters: operation.parameters.flatMap((parameter) => termsOf(parameter.name)), tags: operation.tags.flatMap((tag) => termsOf(tag)), title: title === '' ? named : termsOf(title), description: termsOf(description.startsWith(title) ? description.slice(title.length) : description) }
  })
  type Field = keyof typeof ranking.fields
  const all = new Set(documents.flatMap((document) => Object.values(document).flat()))
  const asked = [...new Set(termsOf(query))]
  const wanted = new Map<string, number>(asked.filter((term) => all.has(term)).map((term) => [term, 1]))
  const want = (term: string, weight: number): void => { if (all.has(term)) wanted.set(term, Math.max(weight, wanted.get(term) ?? 0)) }
  for (const term of otherNames(query, asked)) want(term, ranking.weights.renamed)
  for (const term of relatedTerms(asked)) want(term, ranking.weights.related)
  for (const term of asked) if (!all.has(term)) for (const near of nearTerms(term, all)) want(near, ranking.weights.near)
  const rarity = (term: string): number => {
    const holding = documents.filter((document) => Object.values(document).some((terms) => terms.includes(term))).length
    return Math.log(1 + (tools.length - holding + 0.5) / (holding + 0.5))
  }
  const covered = (terms: readonly string[]): number => {
    const own = [...new Set(terms)]
    const whole = own.reduce((sum, term) => sum + rarity(term), 0)
    return whole === 0 ? 0 : own.reduce((sum, term) => sum + rarity(term) * (wanted.get(term) ?? 0), 0) / whole
  }
  const intent = intentOf(asked)
  const scores = new Map<string, number>()
  tools.forEach(({ name, operation: { method, path } }, at) => {
    const document = documents[at]!
    let sum = 0
    for (const [term, weight] of wanted) {
      let count = 0
      for (const field of Object.keys(ranking.fields) as Field[]) {
        const average = documents.reduce((total, other) => total + other[field].length, 0) / documents.length
        const { weight: share, length } = ranking.fields[field]
        count += share * document[field].filter((other) => other === term).length / (1 - length + length * document[field].length / (average || 1))
      }
      sum += weight * rarity(term) * count / (saturation + count)
    }
    if (sum === 0) return
    const does = method === 'GET' ? (path.endsWith('}') ? ['read'] : ['list', 'read']) : method === 'DELETE' ? ['delete'] : method === 'PATCH' ? ['update'] : [intentOf(document.name) ?? 'create']
    scores.set(name, sum + (does.includes(intent ?? 'list') ? ranking.weights[intent === null ? 'list' : 'intent'] : 0)
      + ranking.weights.resource * covered(termsOf(path.split('/').filter((segment) => segment !== '' && !segment.startsWith('{')).at(-1) ?? '')))
  })
  return scores
}

it('ranks as a scorer without an index does', () => {
  const word = fc.constantFrom('user', 'users', 'group', 'message', 'mail', 'list', 'get', 'send', 'file', 'calendar', '사용자', '삭제', '메시지', 'delete')
  const phrase = fc.array(word, { maxLength: 4 }).map((words) => words.join(' '))
  const segment = fc.oneof(word, fc.constant('{id}'))
  const tool = fc.record({ method: fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE'), path: fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => `/${segments.join('/')}`), title: phrase, description: phrase, repeated: fc.boolean(), tags: fc.array(word, { maxLength: 2 }), parameters: fc.uniqueArray(word, { maxLength: 3 }), verb: word, noun: word })
  fc.assert(fc.property(fc.array(tool, { minLength: 1, maxLength: 25 }), fc.array(fc.oneof(word, fc.constantFrom('repo', 'mesage', 'calender', 'of')), { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 12 }), (drafts, words, n) => {
    const tools = drafts.map(({ verb, noun, repeated, ...draft }, i) => made({ ...draft, description: repeated ? `${draft.title}. ${draft.description}` : draft.description, name: `${verb}_${noun}_${i}` }))
    const query = words.join(' ')
    const scores = plainScores(tools, query)
    const found = createToolSearch(setOf(tools)).search(query, n).map(({ name }) => scores.get(name))
    expect(found).toHaveLength(Math.min(n, scores.size))
    const expected = [...scores.values()].sort((a, b) => b - a).slice(0, n)
    found.forEach((score, i) => { expect(score).toBeCloseTo(expected[i]!, 3) })
  }), { numRuns: 200 })
})

describe('the three tools', () => {
  const called: { tool: string; args: JsonObject }[] = []
  const call = (tool: Tool, args: JsonObject): Promise<CallToolResult> => {
    called.push({ tool: tool.name, args })
    return Promise.resolve({ content: [{ type: 'text', text: 'done' }] })
  }
  const answer = async (name: string, args: JsonObject): Promise<string> => {
    const result = await createToolSearch(mail).answer(name, args, call)
    const [block] = result!.content
    return `${result!.isError === true ? 'error: ' : ''}${block?.type === 'text' ? block.text : ''}`
  }
  it('are three, and tell which API they are for', () => {
    const { definitions } = createToolSearch(mail, { api: 'Mail\nAPI' })
    expect(definitions.map(({ name }) => name)).toEqual(['search_operations', 'describe_operation', 'call_operation'])
    expect(definitions[0]?.description).toContain('Mail API (9 in all)')
    expect(definitions.map(({ annotations }) => annotations?.readOnlyHint)).toEqual([true, true, false])
  })
  it('search, describe and call', async () => {
    expect(await answer('search_operations', { query: 'delete message', limit: 1 })).toBe('deleteMessage: DELETE /me/messages/{message-id} - Delete a message (required: message-id)')
    expect(JSON.parse(await answer('describe_operation', { name: 'getMessage' }))).toMatchObject({ method: 'GET', path: '/me/messages/{message-id}', name: 'getMessage', inputSchema: { type: 'object' } })
    expect(await answer('call_operation', { name: 'getMessage', arguments: { 'message-id': '7' } })).toBe('done')
    expect(await answer('call_operation', { name: 'listMessages' })).toBe('done')
    expect(called).toEqual([{ tool: 'getMessage', args: { 'message-id': '7' } }, { tool: 'listMessages', args: {} }])
  })
  it('say what would be right', async () => {
    expect(await answer('search_operations', {})).toMatch(/^error: "query" is missing/)
    expect(await answer('search_operations', { query: 'x', limit: 0 })).toMatch(/^error: "limit" must be a whole number from 1 to 50/)
    expect(await answer('search_operations', { query: 'zzzzqqq' })).toMatch(/^Nothing was found/)
    expect(await answer('describe_operation', {})).toMatch(/^error: "name" is missing/)
    expect(await answer('describe_operation', { name: 'get_message' })).toMatch(/^error: There is no operation named "get_message"\. Names like it: getMessage/)
    expect(await answer('call_operation', { name: 'nope'.repeat(100) })).toMatch(/^error: There is no operation named "(?:nope){25}"\. Use search_operations/)
    expect(await answer('call_operation', { name: 'getMessage', arguments: ['7'] })).toMatch(/^error: "arguments" must be an object/)
    expect(createToolSearch(mail).answer('getMessage', {}, call)).toBeUndefined()
  })
})
