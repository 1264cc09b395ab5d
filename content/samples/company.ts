/** A company that does not exist: its names are made up, its addresses are those of RFC 5737 and RFC 1918, its domains end in `.example`. */
export const company = {
  name: { en: 'Saesol Precision', ko: '새솔정밀' },
  domain: 'SAESOL',
  timeZone: 'Asia/Seoul',
  awsAccount: '111122223333',
} as const

/** `criticality`, `exposure` and `class` as the asset graph has them; null is the default. */
export const hosts = [
  { name: 'WS-03', system: 'windows', address: '10.20.1.3', user: 'yuna.choi', class: 'workstation', criticality: 'normal', exposure: 'internal', tags: ['hr'] },
  { name: 'WS-07', system: 'windows', address: '10.20.1.7', user: 'minsu.park', class: 'workstation', criticality: 'normal', exposure: 'internal', tags: ['development'] },
  { name: 'WS-12', system: 'windows', address: '10.20.1.12', user: 'jihye.kim', class: 'workstation', criticality: 'normal', exposure: 'internal', tags: ['accounting'] },
  { name: 'WS-21', system: 'windows', address: '10.20.1.21', user: 'taeho.jung', class: 'workstation', criticality: 'low', exposure: 'internal', tags: ['plant'] },
  { name: 'DC-01', system: 'windows', address: '10.20.0.10', user: 'it.lee', class: 'domain_controller', criticality: 'critical', exposure: 'internal', tags: ['identity'] },
  { name: 'FS-01', system: 'windows', address: '10.20.0.20', user: 'svc-backup', class: 'file_server', criticality: 'high', exposure: 'internal', tags: ['backup'] },
  { name: 'WEB-01', system: 'linux', address: '10.20.8.80', user: 'www-data', class: 'web_server', criticality: 'high', exposure: 'internet', tags: ['shop'] },
  { name: 'DB-01', system: 'linux', address: '10.20.0.30', user: 'postgres', class: 'database', criticality: 'critical', exposure: 'internal', tags: ['orders'] },
  { name: 'GIT-01', system: 'linux', address: '10.20.0.40', user: 'git', class: 'server', criticality: 'high', exposure: 'internal', tags: ['development'] },
] as const
export type HostName = (typeof hosts)[number]['name']

/** Who works on the incidents. `provider` is the team on duty, `customer` the company. Their names say that they are told. */
export const people = {
  analyst: { name: 'demo.seoyeon', displayName: '한서연', side: 'provider', role: 'analyst', language: 'ko' },
  lead: { name: 'demo.alex', displayName: 'Alex Morgan', side: 'provider', role: 'manager', language: 'en' },
  approver: { name: 'demo.junho', displayName: '윤준호', side: 'customer', role: 'approver', language: 'ko' },
  ciso: { name: 'demo.jiwon', displayName: '최지원', side: 'customer', role: 'owner', language: 'ko' },
} as const
export type Person = keyof typeof people

/** Who attacks, from where. `listed` are those that the intelligence feed beside this file names. */
export const attackers = {
  scanner: '192.0.2.66',
  webShell: '203.0.113.58',
  cloud: '198.51.100.140',
  tester: '203.0.113.200',
  listedServer: '198.51.100.23',
  listedDomain: 'cdn-update.invoice-portal.example',
  miner: '192.0.2.191',
} as const
