// Memcached's text protocol (doc/protocol.txt of memcached).
import type { Bytes } from '../bytes.ts'
import { line, upTo } from './conversation.ts'
import type { Examination } from './examination.ts'
import type { Protocol } from './model.ts'

const all = upTo(/^(?:END|ERROR|CLIENT_ERROR[^\n]*|SERVER_ERROR[^\n]*)\r\n/m)

function judge(service: Examination, stats: Bytes): void {
  const value = (name: string): string | null => new RegExp(`^STAT ${name} ([^\\r\\n]{0,100})\\r$`, 'm').exec(stats)?.[1] ?? null
  const version = value('version')
  if (version === null) return
  service.is('Memcached', version)
  const items = value('curr_items') ?? '?'
  service.find('service.memcached_without_password', { en: `stats are answered: version ${version}, ${items} items`, ko: `stats에 응답함: 버전 ${version}, 항목 ${items}개` })
}

export const memcached: Protocol = {
  name: 'memcache',
  greeting: () => 'version\r\n',
  recognise: heard => (/^VERSION \d[\w.+~-]{0,40}\r\n/.test(heard) ? 1 : heard.startsWith('CLIENT_ERROR unauthenticated\r\n') ? 0.95 : 0),
  async examine(service) {
    const { conversation } = service
    const first = await conversation.hear(line) ?? ''
    service.is('Memcached', /^VERSION (\S+)/.exec(first)?.[1] ?? null)
    judge(service, await conversation.ask('stats\r\n', all) ?? '')
    await conversation.say('quit\r\n')
  },
}

/** Over UDP, eight bytes of a frame stand before the text; whoever answers there also makes others' attacks bigger. */
export async function examineMemcachedDatagram(service: Examination, answer: Bytes): Promise<void> {
  service.is('Memcached', /^VERSION (\d[\w.+~-]{0,40})/.exec(answer.slice(8))?.[1] ?? null)
  judge(service, (await service.furtherDatagram('Ha\0\0\0\x01\0\0stats\r\n') ?? '').slice(8))
}
