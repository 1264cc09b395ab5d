// Microsoft Graph behind three tools: what its list costs, and that people's words lead to its operations. How well on the whole: npm run bench:mcp-search.
import { readFileSync } from 'node:fs'
import { createToolSearch, indexTools, readDocument, toTools } from '@haechi/openapi-tools'
import { encode } from 'gpt-tokenizer'
import { beforeAll, describe, expect, it } from 'vitest'
import { namedSpecs } from '../../specs.ts'

describe('Microsoft Graph', () => {
  let search: ReturnType<typeof createToolSearch>
  beforeAll(() => {
    const read = readDocument(readFileSync(namedSpecs.graph()))
    if ('refusal' in read) throw new Error(read.refusal.reason)
    const set = toTools(read.document)
    expect(set.tools.length).toBe(11_422)
    // As a worker hands it over.
    search = createToolSearch(set, { api: 'Microsoft Graph', index: structuredClone(indexTools(set.tools)) })
  })

  it('costs a model at most 1,200 tokens of list', () => {
    const tokens = encode(JSON.stringify({ tools: search.definitions })).length
    expect(tokens).toBeGreaterThan(200)
    expect(tokens).toBeLessThanOrEqual(1_200)
    // What a search, and the definition of what it found, cost on top.
    expect(encode(search.search('send a mail').map((found) => JSON.stringify(found)).join('\n')).length).toBeLessThan(2_000)
  })

  it.each([
    ['send an email as me', /^POST \/me\/.*sendMail$/], ['list my calendar events', /^GET \/me\/.*(?:events|calendarView)$/], ['create a team', /^POST \/teams$/], ['delete a user', /^DELETE \/users\/\{user-id\}$/],
    ['list users', /^GET \/users$/], ['reset a users password', /resetPassword$/], ['get a drive item', /^GET \/drives\/\{drive-id\}\/.*items?/], ['conditional access policies', /conditionalAccess/], ['conditinal acess polices', /conditionalAccess/],
    ['사용자 목록 조회', /^GET \/users$/], ['그룹 삭제', /^DELETE \/groups\/\{group-id\}$/], ['메일 보내기', /mail|messages/i],
  ])('%s', (query, wanted) => {
    const found = search.search(query, 5).map(({ method, path }) => `${method} ${path}`)
    expect(found.some((key) => wanted.test(key)), found.join('\n')).toBe(true)
  })

  it('describes and calls whatever it finds', async () => {
    for (const { name, required } of search.search('list messages in a mail folder', 20)) {
      const definition = search.describe(name)
      expect(definition?.inputSchema['type']).toBe('object')
      expect(definition?.inputSchema['required'] ?? []).toEqual(expect.arrayContaining([...required]))
      const answer = await search.answer('call_operation', { name, arguments: {} }, (tool) => Promise.resolve({ content: [{ type: 'text', text: tool.name }] }))
      expect(answer).toEqual({ content: [{ type: 'text', text: name }] })
    }
  })
})
