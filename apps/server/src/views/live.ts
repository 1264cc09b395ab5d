// What changes, told to the consoles of the tenant it changed in and to no other. A message says only what to look at again: what it is about is
// read through the gate like everything else. Defended by live.test.ts.
import type { AccessHttp } from '../access/api.ts'
import { tenantOf } from '../access/api.ts'
import type { Clock } from '../platform/clock.ts'
import type { EventLog } from '../platform/event-log/port.ts'
import type { Outbox } from '../platform/outbox.ts'
import type { LiveMessage } from './wire.ts'

export interface Live {
  /** A stream of the tenant's changes (text/event-stream, WHATWG HTML 9.2). It ends by itself after `renewEvery`: whoever comes back is authorised again. */
  stream(tenantId: string): Response
  close(): void
}

const heartbeatEvery = 15_000
const renewEvery = 600_000
/** Messages that a reader may be behind; one that is further behind is let go and reads anew when it is back. */
const behindMost = 1_000

type Reader = { readonly tenantId: string; readonly until: number; send(text: string): void; end(): void }

export function openLive({ outbox, eventLog, clock }: { outbox: Pick<Outbox, 'subscribe'>; eventLog: Pick<EventLog, 'onDurable'>; clock: Clock }): Live {
  const readers = new Set<Reader>()
  const encoder = new TextEncoder()
  const tell = (tenantId: string, message: LiveMessage): void => {
    const text = `data: ${JSON.stringify(message)}\n\n`
    for (const reader of readers) if (reader.tenantId === tenantId) reader.send(text)
  }

  outbox.subscribe('views.live', ['detection.alerts_raised.v1', 'incidents.incident_changed.v1', 'response.action_changed.v1'], (event) => {
    const { tenantId } = event
    if (tenantId === null) return Promise.resolve()
    switch (event.type) {
      case 'detection.alerts_raised.v1': tell(tenantId, { type: 'alerts', count: event.payload.alert_ids.length }); break
      case 'incidents.incident_changed.v1': tell(tenantId, { type: 'incident', id: event.payload.incident_id, change: event.payload.change }); break
      case 'response.action_changed.v1': tell(tenantId, { type: 'action', id: event.payload.action_id, incident_id: event.payload.incident_id, status: event.payload.status }); break
      default: event satisfies never
    }
    return Promise.resolve()
  })
  // A tenant under load has thousands of appends a second; people want to know that something arrives, once a second.
  const arrived = new Map<string, number>()
  const unsubscribe = eventLog.onDurable((tenantId) => {
    const now = clock.now()
    if (now - (arrived.get(tenantId) ?? 0) < 1_000) return
    arrived.set(tenantId, now)
    tell(tenantId, { type: 'events', last_received_at: new Date(now).toISOString() })
  })
  const heartbeat = setInterval(() => {
    for (const reader of readers) {
      if (clock.now() >= reader.until) reader.end()
      else reader.send(':\n\n')
    }
  }, heartbeatEvery)
  heartbeat.unref()

  return {
    stream(tenantId) {
      let reader: Reader | undefined
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          reader = {
            tenantId, until: clock.now() + renewEvery,
            send(text) {
              if ((controller.desiredSize ?? 0) < -behindMost) return this.end()
              controller.enqueue(encoder.encode(text))
            },
            end() {
              if (readers.delete(this)) controller.close()
            },
          }
          readers.add(reader)
          reader.send('retry: 2000\n\n')
        },
        cancel() {
          if (reader !== undefined) readers.delete(reader)
        },
      })
      return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' } })
    },
    close() {
      clearInterval(heartbeat)
      unsubscribe()
      for (const reader of readers) reader.end()
    },
  }
}

export function liveRoutes(http: AccessHttp, live: Live): void {
  http.route({
    method: 'get', path: '/api/v1/live', operation: 'live', tag: 'views', access: 'incident.read', summary: 'What changes in the tenant, as server-sent events; ends after ten minutes, so come back',
    answers: { 200: { description: 'One JSON object in each `data:` line: incident, action, alerts or events', type: 'text/event-stream' } },
  }, ({ actor }) => live.stream(tenantOf(actor)))
}
