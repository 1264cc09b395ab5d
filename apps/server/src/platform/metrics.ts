import { Registry, collectDefaultMetrics } from 'prom-client'

/** One registry a process; rooms make their counters on it (`new Counter({ registers: [registry] })`). Served as Prometheus text at /metrics. */
export function openMetrics(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'haechi_' })
  return registry
}
export { Counter, Gauge, Histogram } from 'prom-client'
export type { Registry } from 'prom-client'
