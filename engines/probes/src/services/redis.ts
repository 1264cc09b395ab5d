// Redis and what speaks like it (RESP 2).
import type { Bytes } from '../bytes.ts'
import { line, withHead } from './conversation.ts'
import type { Framing } from './conversation.ts'
import type { Protocol } from './model.ts'

const command = (...words: readonly string[]): Bytes => `*${words.length}\r\n${words.map(word => `$${word.length}\r\n${word}\r\n`).join('')}`

/** One answer: a line, or a text with its length before it. */
const answer: Framing = (heard) => {
  const head = line(heard)
  if (head === null) return null
  const length = /^\$(\d{1,7})\r\n/.exec(heard)?.[1]
  return length === undefined ? head : withHead(head, () => Number(length) + 2)(heard)
}

/** 'redis_version' and the like, of the answer to INFO. */
export function readInfo(text: Bytes): Map<string, string> {
  const fields = new Map<string, string>()
  for (const each of text.split(/\r?\n/).slice(0, 1000)) {
    const [, name, value] = /^([a-z][\w-]{0,60}):([^\r\n]*)$/.exec(each) ?? []
    if (name !== undefined && value !== undefined) fields.set(name, value)
  }
  return fields
}

export const redis: Protocol = {
  name: 'redis',
  greeting: () => command('PING'),
  recognise: heard => (/^(?:\+PONG\r\n|-NOAUTH |-DENIED Redis|-MISCONF |-LOADING Redis|-MASTERDOWN )/.test(heard) ? 1 : /^-(?:ERR operation not permitted|ERR unknown command|NOPERM )/.test(heard) ? 0.8 : 0),
  async examine(service) {
    const { conversation } = service
    const first = (await conversation.hear(line) ?? '').trim()
    if (/^-DENIED Redis|^-LOADING Redis|^-MISCONF Redis/.test(first)) service.is('Redis')
    service.tell('authentication', first.startsWith('-NOAUTH') || first.startsWith('-ERR operation not permitted') ? 'required' : first.startsWith('-DENIED') ? 'protected mode' : 'none')
    if (first !== '+PONG') return
    const info = readInfo(await conversation.ask(command('INFO'), answer) ?? '')
    const version = info.get('redis_version')
    if (info.has('valkey_version')) service.is('Valkey', info.get('valkey_version'))
    else if (info.has('dragonfly_version')) service.is('Dragonfly', (info.get('dragonfly_version') ?? '').replace(/^df-v?/, ''))
    else if (/keydb/i.test(info.get('executable') ?? '')) service.is('KeyDB', version)
    else if (version !== undefined) service.is('Redis', version)
    service.os = info.get('os') ?? null
    if (info.has('redis_mode')) service.tell('mode', info.get('redis_mode') ?? '')
    const keys = [...info].filter(([name]) => /^db\d+$/.test(name)).map(([name, value]) => ({ name, count: /keys=(\d+)/.exec(value)?.[1] ?? '?' }))
    if (version !== undefined) service.find('service.redis_without_password', {
      en: [`INFO is answered: version ${version}`, ...keys.map(({ name, count }) => `${name} ${count} keys`)].join(', '),
      ko: [`INFO에 응답함: 버전 ${version}`, ...keys.map(({ name, count }) => `${name} 키 ${count}개`)].join(', '),
    })
    await conversation.say(command('QUIT'))
  },
}
