// What protects mail to and from a name: SPF, DMARC (RFC 7489), MTA-STS (RFC 8461).
import { readable } from '../bytes.ts'
import type { Bytes } from '../bytes.ts'
import type { Text } from '../evidence.ts'
import { NetworkError } from '../network.ts'
import { isWithin, labelsIn, mailServerOf, nameOrNull, parentOf, textOf } from './names.ts'
import type { Notes } from './notes.ts'
import { judgeSpf } from './spf.ts'

/** Labels above a name at which a policy may stand. */
const highestClimb = 8
const largestPolicy = 65_536

async function textsOf(name: Bytes, notes: Notes): Promise<readonly Bytes[] | null> {
  const message = await notes.ask(name, 'TXT')
  if (message === null || (message.rcode !== 0 && message.rcode !== 3)) return null
  return message.answer.filter(record => record.type === 'TXT').map(textOf)
}

/** `servers`: the hosts of its MX records; ['']: it takes no mail (RFC 7505). Throws only NetworkError `cancelled`. */
export async function judgeMail(domain: Bytes, servers: readonly Bytes[], notes: Notes): Promise<void> {
  const receives = servers.some(server => server !== '')
  await Promise.all([judgeSenders(domain, receives, notes), judgeDmarc(domain, receives, notes), receives ? judgeTransport(domain, servers, notes) : null])
}

async function judgeSenders(domain: Bytes, receives: boolean, notes: Notes): Promise<void> {
  const texts = await textsOf(domain, notes)
  if (texts === null) return
  const place = `${domain} TXT`
  const { record, lookups, problems, permissive, all } = await judgeSpf(domain, {
    records: name => textsOf(name, notes),
    addresses: async name => {
      const { status, addresses } = await notes.lookup(name)
      return status === 'failed' ? null : addresses.length
    },
    mailServers: async name => {
      const message = await notes.ask(name, 'MX')
      return message === null ? null : message.answer.filter(each => each.type === 'MX').length
    },
  })
  if (record === null) {
    notes.find('dns.spf_missing', domain, place, { en: `${domain} has no SPF record${receives ? ', though it takes mail' : ''}`, ko: `${receives ? '메일을 수신하는 ' : ''}${domain}에 SPF 레코드가 없음` }, { severity: receives ? 'medium' : 'low' })
    return
  }
  const text = readable(record)
  if (problems.length > 0) {
    const some = problems.slice(0, 3)
    notes.find('dns.spf_invalid', domain, place, { en: `${some.map(({ en }) => en).join('; ')} (${lookups} look-ups): "${text}"`, ko: `${some.map(({ ko }) => ko).join('; ')} (DNS 조회 ${lookups}회): "${text}"` })
  }
  if (permissive !== null) notes.find('dns.spf_permissive', domain, place, { en: `"${permissive}" lets anybody pass: "${text}"`, ko: `"${permissive}" 항목으로 누구나 통과함: "${text}"` })
  else if (problems.length === 0 && (all === null || all === '?')) notes.find('dns.spf_neutral', domain, place, all === null ? { en: `the record ends without "all": "${text}"`, ko: `레코드가 "all" 없이 끝남: "${text}"` } : `"?all": "${text}"`)
}

type Tags = ReadonlyMap<string, Bytes>

/** 'v=DMARC1; p=none' and its like; null where a part is no tag or the first is not `version`. */
function tagsOf(text: Bytes, version: string): Tags | null {
  const tags = new Map<string, Bytes>()
  for (const part of text.split(';')) {
    const [, name, value] = /^\s*([a-z0-9_]+)\s*=\s*(.*?)\s*$/is.exec(part) ?? []
    if (name === undefined || value === undefined) {
      if (part.trim() !== '') return null
      continue
    }
    if (tags.size === 0 && (name.toLowerCase() !== 'v' || value !== version)) return null
    if (!tags.has(name.toLowerCase())) tags.set(name.toLowerCase(), value)
  }
  return tags.size === 0 ? null : tags
}

const policies = new Set(['none', 'quarantine', 'reject'])

async function judgeDmarc(domain: Bytes, receives: boolean, notes: Notes): Promise<void> {
  // Without a list of public suffixes, as the newer DMARC climbs: the nearest name above that has a record.
  for (let holder = domain, climbed = 0; climbed < highestClimb && labelsIn(holder).length > 1; holder = parentOf(holder), climbed++) {
    const texts = await textsOf(`_dmarc.${holder}`, notes)
    if (texts === null) return
    const records = texts.filter(text => /^v\s*=\s*DMARC1\s*(?:;|$)/.test(text))
    if (records.length === 0) continue
    const place = `_dmarc.${holder} TXT`
    const [record = ''] = records
    const text = readable(record)
    const tags = tagsOf(record, 'DMARC1')
    const own = tags?.get('p')?.toLowerCase()
    const policy = holder === domain ? own : tags?.get('sp')?.toLowerCase() ?? own
    if (records.length > 1) notes.find('dns.dmarc_invalid', domain, place, { en: `there are ${records.length} records, so that none counts`, ko: `레코드가 ${records.length}개여서 모두 무효임` })
    else if (tags === null) notes.find('dns.dmarc_invalid', domain, place, { en: `what stands there is no list of tags: "${text}"`, ko: `태그 목록 형식이 아님: "${text}"` })
    else if (policy === undefined || !policies.has(policy)) notes.find('dns.dmarc_invalid', domain, place, { en: `it has no policy p=: "${text}"`, ko: `유효한 p= 정책이 없음: "${text}"` })
    else if (policy === 'none') notes.find('dns.dmarc_policy_none', domain, place, `"${text}"`)
    else if (tags.get('pct') === '0') notes.find('dns.dmarc_policy_none', domain, place, `pct=0: "${text}"`)
    if (tags !== null && holder === domain) await judgeReports(domain, tags, notes)
    return
  }
  notes.find('dns.dmarc_missing', domain, `_dmarc.${domain} TXT`, { en: `${domain} has no DMARC record${receives ? ', though it takes mail' : ''}`, ko: `${receives ? '메일을 수신하는 ' : ''}${domain}에 DMARC 레코드가 없음` }, { severity: receives ? 'medium' : 'low' })
}

const mostReceivers = 10

/** RFC 7489, 7.1. */
async function judgeReports(domain: Bytes, tags: Tags, notes: Notes): Promise<void> {
  const receivers = new Set<Bytes>()
  for (const address of `${tags.get('rua') ?? ''},${tags.get('ruf') ?? ''}`.split(',')) {
    const host = nameOrNull(/^\s*mailto:[^@\s]+@([^!\s]+)/i.exec(address)?.[1] ?? '')
    if (host !== null && host !== '' && !isWithin(host, domain) && !isWithin(domain, host)) receivers.add(host)
  }
  for (const receiver of [...receivers].slice(0, mostReceivers)) {
    const name = `${domain}._report._dmarc.${receiver}`
    const texts = await textsOf(name, notes)
    if (texts !== null && !texts.some(text => /^v\s*=\s*DMARC1\s*(?:;|$)/.test(text))) notes.find('dns.dmarc_external_reports', domain, `_dmarc.${domain} TXT ${receiver}`, { en: `reports go to ${receiver}, but ${name} has no record that allows it`, ko: `보고서를 받는 ${receiver} 도메인의 수신 허용 레코드가 ${name}에 없음` })
  }
}

async function judgeTransport(domain: Bytes, servers: readonly Bytes[], notes: Notes): Promise<void> {
  const texts = await textsOf(`_mta-sts.${domain}`, notes)
  if (texts === null) return
  const place = `_mta-sts.${domain} TXT`
  const records = texts.filter(text => /^v=STSv1\s*(?:;|$)/.test(text))
  if (records.length === 0) {
    notes.find('dns.mta_sts_missing', domain, place, { en: `${domain} takes mail and has no MTA-STS record`, ko: `메일을 수신하는 ${domain}에 MTA-STS 레코드가 없음` })
    return
  }
  if (records.length > 1) {
    notes.find('dns.mta_sts_invalid', domain, place, { en: `there are ${records.length} records`, ko: `레코드가 ${records.length}개 있음` })
    return
  }
  if (!/^[a-z0-9]{1,32}$/i.test(tagsOf(records[0]!, 'STSv1')?.get('id') ?? '')) {
    const text = readable(records[0]!)
    notes.find('dns.mta_sts_invalid', domain, place, { en: `it has no id: "${text}"`, ko: `유효한 id가 없음: "${text}"` })
    return
  }
  const host = `mta-sts.${domain}`
  const url = `https://${host}/.well-known/mta-sts.txt`
  const { network, signal, timeoutMs } = notes.run
  try {
    const answer = await network.http({ method: 'GET', scheme: 'https', host, port: 443, target: '/.well-known/mta-sts.txt', headers: [['Accept', 'text/plain']], body: null, serverName: null, timeoutMs, maxBytes: largestPolicy }, signal)
    const problem = answer.status === 200 ? policyProblem(answer.body, servers) : { en: `the answer has status ${answer.status}`, ko: `응답 상태 코드: ${answer.status}` }
    if (problem !== null) notes.find('dns.mta_sts_invalid', domain, url, problem)
  } catch (error) {
    if (!(error instanceof NetworkError) || error.fault === 'cancelled') throw error
    if (error.fault === 'out_of_scope') notes.fault({ place: url, fault: error.fault, message: error.text })
    else notes.find('dns.mta_sts_invalid', domain, url, { en: `the policy cannot be fetched: ${error.fault}`, ko: `정책을 가져올 수 없음: ${error.fault}` }, { confidence: 0.8 })
  }
}

/** RFC 8461, 3.2 and 4.1. */
function policyProblem(body: Bytes, servers: readonly Bytes[]): Text | null {
  const lines = body.split(/\r?\n/).map(line => /^\s*([a-z_]+)\s*:\s*(.*?)\s*$/i.exec(line)).filter(line => line !== null)
  const values = (key: string): Bytes[] => lines.filter(line => line[1]!.toLowerCase() === key).map(line => line[2]!)
  if (values('version')[0] !== 'STSv1') return { en: 'the policy has no version STSv1', ko: '정책에 version: STSv1 항목이 없음' }
  const [mode] = values('mode')
  if (mode === undefined || !['enforce', 'testing', 'none'].includes(mode)) return { en: 'the policy has no mode', ko: '정책에 유효한 mode 항목이 없음' }
  if (!/^\d{1,10}$/.test(values('max_age')[0] ?? '')) return { en: 'the policy has no max_age', ko: '정책에 유효한 max_age 항목이 없음' }
  const patterns = values('mx').map(pattern => pattern.toLowerCase().replace(/\.$/, ''))
  const missing = mode === 'none' ? undefined : servers.find(server => !patterns.some(pattern => (pattern.startsWith('*.') ? parentOf(server) === pattern.slice(2) : server === pattern)))
  if (missing !== undefined) return { en: `the policy does not name the mail server ${missing}`, ko: `정책에 없는 메일 서버: ${missing}` }
  return mode === 'enforce' ? null : { en: `the policy only has mode: ${mode}`, ko: `정책이 강제되지 않음(mode: ${mode})` }
}

/** Of a zone's records. */
export const mailServersOf = (answer: readonly Parameters<typeof mailServerOf>[0][]): Bytes[] => answer.map(mailServerOf).filter(server => server !== null)
