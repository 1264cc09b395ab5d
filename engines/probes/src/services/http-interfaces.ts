// Interfaces over HTTP that are services by themselves: stores, clusters, engines of containers, gatherers of figures. A finding needs an answer that only the real one
// gives, with data or power in it.
import type { Bytes } from '../bytes.ts'
import { tellChallenge } from './datagrams.ts'
import type { Examination } from './examination.ts'
import type { HttpAnswered } from './http.ts'

type Ask = (target: string, headers?: string) => Promise<HttpAnswered | null>
type Fields = { readonly [name: string]: unknown }

const isFields = (value: unknown): value is Fields => value !== null && typeof value === 'object' && !Array.isArray(value)

/** A JSON object; null: it is none. */
export function fieldsOf(body: Bytes | undefined): Fields | null {
  if (body === undefined || !/^\s*\{/.test(body)) return null
  try {
    const value: unknown = JSON.parse(body)
    return isFields(value) ? value : null
  } catch {
    return null
  }
}
const listOf = (body: Bytes | undefined): readonly unknown[] | null => {
  try {
    const value: unknown = JSON.parse(body ?? '')
    return Array.isArray(value) ? value : null
  } catch {
    return null
  }
}
const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const within = (fields: Fields | null, name: string): Fields | null => (isFields(fields?.[name]) ? fields[name] : null)

type Interface = {
  /** May it be this one, by the first answer? Ports where it says nothing of itself at / count as well. */
  readonly suits: (answer: HttpAnswered, port: number, fields: Fields | null) => boolean
  /** true: it is. */
  readonly examine: (service: Examination, answer: HttpAnswered, ask: Ask, fields: Fields | null) => Promise<boolean>
}

const interfaces: readonly Interface[] = [
  // Elasticsearch and OpenSearch: GET / (their documentation, "Info").
  {
    suits: (answer, _, fields) => typeof fields?.['cluster_name'] === 'string' || text(fields?.['tagline']) === 'You Know, for Search' || answer.headers.get('x-elastic-product') !== undefined,
    async examine(service, answer, ask, fields) {
      service.name = 'elasticsearch'
      const version = within(fields, 'version')
      service.is(text(version?.['distribution']) === 'opensearch' ? 'OpenSearch' : 'Elasticsearch', text(version?.['number']))
      if (answer.status === 401 || fields === null) return true
      service.tell('cluster', text(fields['cluster_name']) ?? '')
      const indices = listOf((await ask('/_cat/indices?format=json&h=index,docs.count'))?.body)
      if (indices === null || version === null) return true
      const cluster = text(fields['cluster_name']) ?? '?'
      const names = indices.filter(isFields).slice(0, 10).map(each => text(each['index']) ?? '?').join(', ')
      service.find('service.elasticsearch_without_password', { en: `cluster ${cluster}, indices: ${names || 'none'}`, ko: `클러스터: ${cluster}, 인덱스: ${names || '없음'}` })
      return true
    },
  },
  // CouchDB: GET / says Welcome; GET /_all_dbs lists.
  {
    suits: (_, __, fields) => text(fields?.['couchdb']) === 'Welcome',
    async examine(service, _, ask, fields) {
      service.name = 'couchdb'
      service.is('CouchDB', text(fields?.['version']))
      const names = listOf((await ask('/_all_dbs'))?.body)?.slice(0, 10).join(', ')
      if (names !== undefined) service.find('service.couchdb_without_password', { en: `databases are listed: ${names || 'none'}`, ko: `데이터베이스 목록이 조회됨: ${names || '없음'}` })
      return true
    },
  },
  // Docker Engine API: GET /version, GET /containers/json.
  {
    suits: (answer, port) => answer.headers.get('api-version') !== undefined || answer.headers.get('server')?.startsWith('Docker/') === true || ((port === 2375 || port === 2376) && fieldsOf(answer.body)?.['message'] === 'page not found'),
    async examine(service, _, ask) {
      const version = fieldsOf((await ask('/version'))?.body)
      if (text(version?.['ApiVersion']) === null) return false
      service.name = 'docker'
      service.is('Docker', text(version?.['Version']))
      service.os = [text(version?.['Os']), text(version?.['KernelVersion'])].filter(each => each !== null).join(' ')
      const containers = listOf((await ask('/containers/json?all=1&limit=5'))?.body)
      const number = text(version?.['Version']) ?? '?'
      if (containers !== null) service.find('service.docker_without_password', { en: `the Docker API answers anybody: version ${number}, ${containers.length} containers`, ko: `Docker API가 인증 없이 응답함: 버전 ${number}, 컨테이너 ${containers.length}개` })
      return true
    },
  },
  // Kubernetes: the API server and kubelets answer in objects of kind Status.
  {
    suits: (answer, port, fields) => text(fields?.['kind']) === 'Status' || answer.headers.get('x-kubernetes-pf-flowschema-uid') !== undefined || port === 10_250 || port === 10_255,
    async examine(service, answer, ask, fields) {
      if (text(fields?.['kind']) === 'Status' || answer.headers.get('x-kubernetes-pf-flowschema-uid') !== undefined) {
        service.name = 'kubernetes'
        const version = fieldsOf((await ask('/version'))?.body)
        service.is('Kubernetes', text(version?.['gitVersion'])?.replace(/^v/, '') ?? null)
        const list = fieldsOf((await ask('/api/v1/namespaces'))?.body)
        if (text(list?.['kind']) === 'NamespaceList') service.find('service.kubernetes_anonymous', { en: 'namespaces are listed without a login', ko: '네임스페이스 목록이 로그인 없이 조회됨' })
        return true
      }
      const pods = await ask('/pods')
      const list = fieldsOf(pods?.body)
      if (text(list?.['kind']) === 'PodList') {
        service.name = 'kubelet'
        service.is('Kubernetes')
        const count = Array.isArray(list?.['items']) ? list['items'].length : '?'
        service.find('service.kubelet_anonymous', { en: `pods are listed without a login: ${count}`, ko: `파드 목록이 로그인 없이 조회됨: ${count}개` })
        return true
      }
      if (pods?.status === 401 && pods.body.trim() === 'Unauthorized' && answer.status === 404) {
        service.name = 'kubelet'
        service.is('Kubernetes')
        return true
      }
      return false
    },
  },
  // etcd: GET /version.
  {
    suits: (answer, port) => answer.status === 404 && answer.body.startsWith('404 page not found') && (port === 2379 || port === 2380 || port === 4001),
    async examine(service, _, ask) {
      const version = fieldsOf((await ask('/version'))?.body)
      if (text(version?.['etcdserver']) === null) return false
      service.name = 'etcd-client'
      service.is('etcd', text(version?.['etcdserver']))
      const keys = fieldsOf((await ask('/v2/keys/'))?.body)
      if (text(keys?.['action']) === 'get') service.find('service.etcd_without_password', { en: 'keys are listed without a login (/v2/keys/)', ko: '키 목록이 로그인 없이 조회됨(/v2/keys/)' })
      return true
    },
  },
  // Consul: GET /v1/agent/self.
  {
    suits: (answer, port) => /\/ui\//.test(answer.headers.get('location') ?? '') && (port === 8500 || port === 8501 || /consul/i.test(answer.body)) || answer.headers.get('x-consul-index') !== undefined,
    async examine(service, _, ask) {
      const config = within(fieldsOf((await ask('/v1/agent/self'))?.body), 'Config')
      const catalog = fieldsOf((await ask('/v1/catalog/services'))?.body)
      if (config === null && !(catalog !== null && 'consul' in catalog)) return false
      service.name = 'consul'
      service.is('Consul', text(config?.['Version']))
      service.calls(text(config?.['NodeName']))
      if (config === null) return true
      const version = text(config['Version']) ?? '?'
      const names = Object.keys(catalog ?? {}).slice(0, 10).join(', ')
      service.find('service.consul_without_password', { en: `the agent tells its configuration: version ${version}, services: ${names}`, ko: `에이전트 설정이 노출됨: 버전 ${version}, 서비스: ${names}` })
      return true
    },
  },
  // InfluxDB: its version stands in every answer; SHOW DATABASES in version 1.
  {
    suits: answer => answer.headers.get('x-influxdb-version') !== undefined,
    async examine(service, answer, ask) {
      service.name = 'influxdb'
      service.is('InfluxDB', answer.headers.get('x-influxdb-version')?.replace(/^v/, '') ?? null)
      const shownDatabases = await ask('/query?q=SHOW%20DATABASES')
      if (shownDatabases?.status === 200 && /"name":"databases"/.test(shownDatabases.body)) service.find('service.influxdb_without_password', { en: 'SHOW DATABASES is answered without a login', ko: 'SHOW DATABASES에 로그인 없이 응답함' })
      return true
    },
  },
  // ClickHouse over HTTP: it names itself in every answer.
  {
    suits: answer => answer.headers.get('x-clickhouse-summary') !== undefined || answer.headers.get('x-clickhouse-server-display-name') !== undefined || (answer.body === 'Ok.\n' && answer.status === 200),
    async examine(service, answer, ask) {
      const version = await ask('/?query=SELECT%20version()')
      const number = version?.status === 200 ? /^(\d+\.\d+\.\d+\.\d+)\s*$/.exec(version.body)?.[1] : undefined
      if (number === undefined && answer.headers.get('x-clickhouse-server-display-name') === undefined && !/^Code: \d+/.test(version?.body ?? '')) return false
      service.name = 'clickhouse'
      service.is('ClickHouse', number ?? null)
      if (number !== undefined) service.find('service.clickhouse_without_password', { en: `a query is answered without a login: version ${number}`, ko: `로그인 없이 쿼리에 응답함: 버전 ${number}` })
      return true
    },
  },
  // Prometheus: GET /api/v1/status/buildinfo. What it gathers is often open on purpose.
  {
    suits: (answer, port) => /^\/(?:graph|query)$/.test(answer.headers.get('location') ?? '') || (port === 9090 && /Prometheus/.test(answer.body)),
    async examine(service, _, ask) {
      const data = within(fieldsOf((await ask('/api/v1/status/buildinfo'))?.body), 'data')
      const version = text(data?.['version'])
      if (version === null) return false
      service.name = 'prometheus'
      service.is('Prometheus', version)
      service.find('service.prometheus_without_password', { en: `queries are answered without a login: version ${version}`, ko: `로그인 없이 쿼리에 응답함: 버전 ${version}` })
      return true
    },
  },
  {
    suits: answer => /<title>Node Exporter<\/title>/.test(answer.body),
    examine(service, answer) {
      service.name = 'prometheus-exporter'
      service.is('Node Exporter', /\(version=(\d[\w.]*)/.exec(answer.body)?.[1] ?? /Version: \(version=(\d[\w.]*)/.exec(answer.body)?.[1] ?? null)
      service.find('service.exporter_exposed', { en: 'figures of the machine are shown to anybody', ko: '서버 지표가 누구에게나 노출됨' })
      return Promise.resolve(true)
    },
  },
  {
    suits: answer => answer.headers.get('x-jenkins') !== undefined,
    examine(service, answer) {
      service.is('Jenkins', answer.headers.get('x-jenkins') ?? null)
      return Promise.resolve(true)
    },
  },
  // HashiCorp Vault: GET /v1/sys/health.
  {
    suits: (answer, port) => port === 8200 && (/\/ui\//.test(answer.headers.get('location') ?? '') || answer.status === 307),
    async examine(service, _, ask) {
      const health = fieldsOf((await ask('/v1/sys/health'))?.body)
      if (typeof health?.['sealed'] !== 'boolean') return false
      service.name = 'vault'
      service.is('Vault', text(health['version']))
      return true
    },
  },
  // Docker's registry (its HTTP API V2): GET /v2/, GET /v2/_catalog.
  {
    suits: (answer, port) => answer.headers.get('docker-distribution-api-version') !== undefined || port === 5000,
    async examine(service, _, ask) {
      const base = await ask('/v2/')
      if (base?.headers.get('docker-distribution-api-version') !== 'registry/2.0') return false
      service.name = 'docker-registry'
      service.is('Docker Registry')
      const names = fieldsOf((await ask('/v2/_catalog?n=10'))?.body)?.['repositories']
      if (base.status !== 200 || !Array.isArray(names)) return true
      const repositories = names.slice(0, 10).join(', ')
      service.find('service.registry_without_password', { en: `repositories are listed: ${repositories || 'none'}`, ko: `저장소 목록이 조회됨: ${repositories || '없음'}` })
      return true
    },
  },
  // RabbitMQ's management: GET /api/overview asks for a login and names the realm.
  {
    suits: (answer, port) => port === 15_672 || port === 15_671 || /<title>RabbitMQ Management<\/title>/.test(answer.body),
    examine(service, answer) {
      if (!/RabbitMQ/.test(answer.body)) return Promise.resolve(false)
      service.is('RabbitMQ')
      return Promise.resolve(true)
    },
  },
  // Windows Remote Management: its own path asks for Negotiate, and NTLM's challenge names the machine.
  {
    suits: (answer, port) => port === 5985 || port === 5986,
    async examine(service, _, ask) {
      const asked = await ask('/wsman', 'Authorization: Negotiate TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAKAGFKAAAADw==\r\n')
      if (asked?.status !== 401 || !/^(?:Negotiate|Kerberos|Basic)/i.test(asked.headers.get('www-authenticate') ?? '')) return false
      service.name = 'wsman'
      service.is('Windows Remote Management')
      const token = /^Negotiate ([A-Za-z0-9+/=]{20,8000})/.exec(asked.headers.get('www-authenticate') ?? '')?.[1]
      if (token !== undefined) tellChallenge(service, Buffer.from(token, 'base64').toString('latin1'))
      service.find('service.winrm_exposed', { en: '/wsman asks for Negotiate', ko: '/wsman에서 Negotiate 인증을 요구함' })
      return true
    },
  },
]

/** What of these it is, if any. */
export async function examineInterface(service: Examination, answer: HttpAnswered, ask: Ask): Promise<void> {
  const fields = fieldsOf(answer.body)
  for (const { suits, examine } of interfaces) if (suits(answer, service.place.port, fields) && await examine(service, answer, ask, fields)) return
}
