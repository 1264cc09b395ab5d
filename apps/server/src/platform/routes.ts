import { HaechiError } from './errors.ts'
import { z } from './http.ts'
import type { Http } from './http.ts'
import type { Registry } from './metrics.ts'

type Checks = Readonly<Record<string, () => Promise<void>>>

/** What whoever runs the process asks: is it alive, may traffic come, what does it measure, what can it do. */
export function platformRoutes<Actor>(http: Http<Actor, 'metrics.read'>, { metrics, version, checks }: { metrics: Registry; version: string; checks: Checks }): void {
  http.route({
    method: 'get', path: '/healthz', operation: 'health', tag: 'platform', access: 'public', summary: 'The process answers',
    answers: { 200: { description: 'Alive', schema: z.object({ status: z.literal('ok'), version: z.string() }) } },
  }, () => ({ body: { status: 'ok', version } }))

  const outcome = z.object({ status: z.enum(['ready', 'not_ready']), checks: z.record(z.string(), z.string()) })
  http.route({
    method: 'get', path: '/readyz', operation: 'readiness', tag: 'platform', access: 'public', summary: 'Everything that a request needs is there; each part says ok or its error code',
    answers: { 200: { description: 'Ready', schema: outcome }, 503: { description: 'Not ready', schema: outcome } },
  }, async () => {
    const results = await Promise.all(Object.entries(checks).map(async ([name, check]): Promise<[string, string]> => {
      try {
        await check()
        return [name, 'ok']
      } catch (error) {
        return [name, error instanceof HaechiError ? error.code : 'internal']
      }
    }))
    const ready = results.every(([, result]) => result === 'ok')
    return { status: ready ? 200 : 503, body: { status: ready ? 'ready' : 'not_ready', checks: Object.fromEntries(results) } }
  })

  http.route({
    method: 'get', path: '/metrics', operation: 'metrics', tag: 'platform', access: 'metrics.read', summary: 'Prometheus text',
    answers: { 200: { description: 'Metrics', type: 'text/plain' } },
  }, async () => new Response(await metrics.metrics(), { headers: { 'content-type': metrics.contentType } }))

  http.route({
    method: 'get', path: '/api/openapi.json', operation: 'openapi', tag: 'platform', access: 'public', summary: 'This API as OpenAPI 3.1',
    answers: { 200: { description: 'The document' } },
  }, () => ({ body: http.openapi() }))
}
