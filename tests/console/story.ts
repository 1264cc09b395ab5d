// A server in the middle of the told story (content/samples): its attacks sent as shippers send them, and people who may do something about them.
import { ndjson, storyOf } from '../../content/samples/story.ts'
import type { IncidentSummary } from '../../apps/server/src/incidents/wire.ts'
import type { TestServer } from '../server.ts'
import { password } from './browser.ts'

export type Cookie = { name: string; value: string; url: string }

async function json<Answer>(response: Response): Promise<Answer> {
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status} ${text}`)
  return JSON.parse(text) as Answer
}

/** Sends the chapters and waits until all of it was searched for attacks and grouped. `chapters` picks by id. */
export async function tell(server: TestServer, chapters: (id: string) => boolean = () => true): Promise<void> {
  const bursts = storyOf({ now: Date.now() }).chapters.filter(({ id }) => chapters(id)).flatMap(({ bursts: all }) => all).toSorted((a, b) => a.at - b.at)
  for (const burst of bursts) await json(await server.api(`/ingest/v1/events?source=${burst.source}`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: ndjson(burst) }))
  const { durable } = await json<{ durable: number }>(await server.api('/api/v1/detection/progress'))
  for (;;) {
    const { grouped } = await json<{ grouped: number }>(await server.api(`/api/v1/detection/progress?through=${durable}&wait=30`))
    if (grouped >= durable) return
  }
}

export async function incidentsOf(server: TestServer, query = 'status=all'): Promise<IncidentSummary[]> {
  return (await json<{ incidents: IncidentSummary[] }>(await server.api(`/api/v1/incidents?${query}`))).incidents
}

/** A new member, signed in; answers the session's cookie for contexts. */
export async function member(server: TestServer, name: string, role: string, more: { side?: 'provider'; all_tenants?: true } = {}): Promise<Cookie> {
  const { one_time_password: first } = await json<{ one_time_password: string }>(await server.api('/api/v1/users', { method: 'POST', body: JSON.stringify({ name, role, side: 'customer', ...more }) }))
  const post = (path: string, body: object, cookie?: string) => fetch(server.url + path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...(cookie === undefined ? {} : { cookie }) } })
  const session = await post('/api/v1/session', { user: name, password: first })
  const [pair = ''] = (session.headers.get('set-cookie') ?? '').split(';')
  await json(await post('/api/v1/session/password', { old_password: first, new_password: password }, pair))
  const [cookie = '', value = ''] = pair.split('=')
  return { name: cookie, value, url: server.url }
}

/** As that member, by the API. */
export async function as<Answer>(cookie: Cookie, method: string, path: string, body?: unknown): Promise<Answer> {
  return json<Answer>(await fetch(cookie.url + path, { method, headers: { 'content-type': 'application/json', cookie: `${cookie.name}=${cookie.value}` }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }))
}
