// MQTT 3.1.1 (OASIS): a connection without name and password, and what the broker says of itself.
import type { Bytes } from '../bytes.ts'
import type { Framing } from './conversation.ts'
import { Cursor, uint } from './cursor.ts'
import type { Protocol } from './model.ts'
import { beginning } from './shape.ts'
import type { Naming } from './software.ts'

const text = (value: Bytes): Bytes => uint(value.length, 2) + value
const packet = (head: number, content: Bytes): Bytes => uint(head, 1) + uint(content.length, 1) + content
const connect = packet(0x10, `${text('MQTT')}\x04\x02\0\x3c${text('haechi-probe')}`)
const subscribe = (topic: Bytes): Bytes => packet(0x82, `\0\x01${text(topic)}\0`)

/** The length of the first packet: its rest stands in up to four bytes of seven bits (2.2.3). */
export const packetLength: Framing = (heard) => {
  let rest = 0
  for (let at = 1; at <= 4 && at < heard.length; at++) {
    const byte = heard.charCodeAt(at)
    rest += (byte & 0x7f) * 128 ** (at - 1)
    if (byte < 0x80) return heard.length >= at + 1 + rest ? at + 1 + rest : null
  }
  return null
}

/** Topic and content of a PUBLISH. Errors: Malformed. */
export function readPublish(bytes: Bytes): { readonly topic: Bytes; readonly content: Bytes } | null {
  if (bytes.charCodeAt(0) >> 4 !== 3) return null
  const cursor = new Cursor(bytes, 1)
  while (cursor.uint(1) >= 0x80);
  const topic = cursor.bytes(cursor.uint(2))
  if ((bytes.charCodeAt(0) & 6) !== 0) cursor.bytes(2)
  return { topic, content: cursor.rest() }
}

const naming: Naming = [[/^mosquitto version (\d[\w.]*)/, 'Mosquitto'], [/^EMQ X?|emqx/i, 'EMQX']]
const refusals = ['accepted', 'unacceptable protocol version', 'identifier rejected', 'server unavailable', 'bad user name or password', 'not authorized']
/** Retained, so that it comes at once; brokers that do not have it say nothing. */
const quietMs = 300

const isAcknowledgement = beginning('20 02 00-01 00-05')

export const mqtt: Protocol = {
  name: 'mqtt',
  greeting: () => connect,
  recognise: heard => (isAcknowledgement(heard) ? 1 : 0),
  async examine(service) {
    const { conversation } = service
    const answer = await conversation.hear(packetLength) ?? ''
    const code = answer.charCodeAt(3)
    service.tell('connect', refusals[code] ?? String(code))
    if (code !== 0) return
    service.find('service.mqtt_anonymous', { en: 'CONNECT without a user name is accepted (return code 0)', ko: '사용자 이름 없는 CONNECT가 수락됨(반환 코드 0)' })
    await conversation.say(subscribe('$SYS/broker/version'))
    for (let packets = 0; packets < 4; packets++) {
      const next = await conversation.hear(packetLength, quietMs)
      if (next === null) break
      const published = readPublish(next)
      if (published?.topic !== '$SYS/broker/version') continue
      if (!service.isNamed(published.content, naming)) service.isCalled(published.content, null)
      break
    }
    await conversation.say('\xe0\0')
  },
}
