// Ports as people write them.
import { TextError } from '../evidence.ts'
import type { Text } from '../evidence.ts'
import { topPorts } from './known.ts'

export type PortSet = { readonly tcp: readonly number[]; readonly udp: readonly number[] }

/** `place`: the part that is not understood, as it was written. */
export class PortSyntaxError extends TextError {
  override readonly name = 'PortSyntaxError'

  constructor(place: string, { en, ko }: Text) {
    super({ en: `${place}: ${en}`, ko: `${place}: ${ko}` })
  }
}

/**
 * '1-1024,8080,T:22,U:53,161,top100,all': ports, ranges, our list of usual ones as far as it is wanted, all 65,535. `T:` and `U:` hold until the next of them, as
 * nmap has it; TCP before. Each port once, in the order written. Errors: PortSyntaxError.
 */
export function parsePorts(text: string): PortSet {
  const tcp = new Set<number>()
  const udp = new Set<number>()
  let into = tcp
  for (const written of text.split(',')) {
    const [, transport, plain = ''] = /^([TU]:)?(.*)$/is.exec(written.trim())!
    if (transport !== undefined) into = transport.toUpperCase() === 'T:' ? tcp : udp
    for (const port of portsOf(plain.trim().toLowerCase(), written.trim(), into === udp)) into.add(port)
  }
  return { tcp: [...tcp], udp: [...udp] }
}

function portsOf(plain: string, written: string, isUdp: boolean): Iterable<number> {
  if (plain === 'all') return between(1, 65_535)
  const top = /^top-?(\d{1,5})$/.exec(plain)
  if (top !== null) {
    const count = Number(top[1])
    if (isUdp) throw new PortSyntaxError(written, { en: 'the list of usual ports is one of TCP', ko: '자주 쓰는 포트 목록은 TCP만 있음' })
    if (count < 1 || count > topPorts.length) throw new PortSyntaxError(written, { en: `the list of usual ports holds ${topPorts.length}`, ko: `자주 쓰는 포트 목록은 ${topPorts.length}개임` })
    return topPorts.slice(0, count)
  }
  const range = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(plain)
  if (range === null) throw new PortSyntaxError(written, { en: 'neither a port nor a range of ports', ko: '포트나 포트 범위가 아님' })
  const first = Number(range[1])
  const last = Number(range[2] ?? first)
  if (first < 1 || last > 65_535) throw new PortSyntaxError(written, { en: 'ports are 1 to 65535', ko: '포트는 1부터 65535까지임' })
  if (last < first) throw new PortSyntaxError(written, { en: 'the range ends before it begins', ko: '범위의 끝이 시작보다 앞섬' })
  return between(first, last)
}

function* between(first: number, last: number): Generator<number> {
  for (let port = first; port <= last; port++) yield port
}
