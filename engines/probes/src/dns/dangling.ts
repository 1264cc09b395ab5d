import type { Bytes } from '../bytes.ts'
import type { Text } from '../evidence.ts'
import { NetworkError } from '../network.ts'
import { isFree, registrable, serviceOf } from './claimable.ts'
import { isWithin } from './names.ts'
import type { Notes } from './notes.ts'
import type { Lookup } from './resolver.ts'

const largestAnswer = 65_536

/** Of a name whose aliases were followed: whether they lead to nothing, or to something that anybody could claim. */
export async function judgeAliases(found: Lookup, notes: Notes): Promise<void> {
  const end = found.chain.at(-1)
  const place = `${found.name} CNAME`
  const way = [found.name, ...found.chain].join(' -> ')
  if (found.status === 'loop') notes.find('dns.dangling_cname', found.name, place, { en: `the aliases lead in a circle or too far: ${way}`, ko: `별칭이 순환하거나 지나치게 길게 이어짐: ${way}` })
  if (end === undefined) return
  const service = serviceOf(end)
  if (found.status === 'no_name') {
    const domain = registrable(end, found.deniedBy)
    // A resolver that blocks names denies them, too, by a zone of its own.
    if (service?.sign === null && found.deniedBy !== null && isWithin(end, found.deniedBy)) notes.find('dns.takeover', found.name, place, { en: `${way}: ${end} does not exist, and on ${service.name} anybody can create it`, ko: `${way}: ${end} 이름이 존재하지 않으며, ${service.name}에서 누구나 생성할 수 있음` }, { confidence: 0.9 })
    else if (domain !== null) notes.find('dns.takeover', found.name, place, unregistered(way, domain, found), { confidence: 0.9 })
    else notes.find('dns.dangling_cname', found.name, place, { en: `${way}: ${end} does not exist`, ko: `${way}: ${end} 이름이 존재하지 않음` })
  }
  if (found.status === 'found' && service !== null && service.sign !== null) {
    const answer = await answerOf(found.name, notes)
    if (answer !== null && isFree(service, answer)) notes.find('dns.takeover', found.name, place, {
      en: `${way}: ${service.name} answers that nobody has this name (status ${answer.status}, "${service.sign.text}")`,
      ko: `${way}: ${service.name}에서 이 이름을 사용하는 곳이 없다고 응답함(상태 코드 ${answer.status}, "${service.sign.text}")`,
    }, { confidence: 0.95 })
  }
}

const unregistered = (way: Bytes, domain: Bytes, { deniedBy }: Lookup): Text => ({
  en: `${way}: the domain ${domain} is not registered (${deniedBy ?? ''} denies it)`, ko: `${way}: 도메인 ${domain} 미등록(${deniedBy ?? ''} 영역에서 존재하지 않는다고 응답)`,
})

async function answerOf(host: Bytes, notes: Notes): Promise<{ readonly status: number; readonly body: Bytes } | null> {
  const { network, signal, timeoutMs } = notes.run
  try {
    return await network.http({ method: 'GET', scheme: 'http', host, port: 80, target: '/', headers: [['Accept', '*/*']], body: null, serverName: null, timeoutMs, maxBytes: largestAnswer }, signal)
  } catch (error) {
    if (!(error instanceof NetworkError) || error.fault === 'cancelled') throw error
    notes.fault({ place: `http://${host}/`, fault: error.fault, message: error.text })
    return null
  }
}

const lack = {
  no_name: { en: 'that name does not exist', ko: '이름이 존재하지 않음' }, loop: { en: 'its aliases lead in a circle', ko: '별칭이 순환함' }, no_data: { en: 'that name has no address', ko: '이름에 주소가 없음' },
} as const

/** The host of an NS or MX record: the addresses that it has, once what it lacks was told. */
export async function judgeServer(zone: Bytes, host: Bytes, type: 'NS' | 'MX', notes: Notes): Promise<Lookup> {
  const found = await notes.lookup(host)
  const place = `${zone} ${type}`
  const end = found.chain.at(-1) ?? host
  if (found.fault !== null) notes.fault(found.fault)
  if (found.status === 'no_name' || found.status === 'no_data' || found.status === 'loop') {
    const domain = found.status === 'no_name' ? registrable(end, found.deniedBy) : null
    if (domain !== null) notes.find('dns.takeover', zone, `${place} ${host}`, unregistered(`${place} ${host}`, domain, found), { confidence: 0.9 })
    else notes.find(type === 'NS' ? 'dns.dangling_ns' : 'dns.dangling_mx', zone, `${place} ${host}`, { en: `${place} ${host}: ${lack[found.status].en}`, ko: `${place} ${host}: ${lack[found.status].ko}` })
  }
  return found
}
