// Minecraft's list of servers (its protocol, "Server List Ping"): a handshake, and a status as JSON.
import type { Bytes } from '../bytes.ts'
import { uint } from './cursor.ts'
import type { Protocol } from './model.ts'

const text = (value: string): Bytes => uint(value.length, 1) + value
const packet = (content: Bytes): Bytes => uint(content.length, 1) + content

export const minecraft: Protocol = {
  name: 'minecraft',
  greeting: ({ host, port }) => packet(`\0\x04${text(host.slice(0, 100))}${uint(port, 2)}\x01`) + packet('\0'),
  recognise: heard => (/^[^]{2,5}\0[^]{1,3}\{[^]{0,2000}"version":\{/.test(heard.slice(0, 4000)) ? 1 : /^[^]{1,5}\0[^]{1,3}\{"(?:description|version|players|enforcesSecureChat|previewsChat)"/.test(heard.slice(0, 100)) ? 0.9 : 0),
  examine(service) {
    const { heard } = service.conversation
    const version = /"version":\{[^}]{0,200}?"name":"([^"]{1,60})"/.exec(heard)?.[1] ?? null
    service.is('Minecraft', version === null ? null : /(\d+\.\d+(?:\.\d+)?)/.exec(version)?.[1] ?? null)
    if (version !== null) service.tell('version', version)
    return Promise.resolve()
  },
}
