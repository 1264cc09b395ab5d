// What Java machines speak: the debugger's wire (JDWP), the registry of remote objects (RMI), and Tomcat's connector (AJP 1.3).
import { exactly, withHead } from './conversation.ts'
import { Cursor, hex, uint } from './cursor.ts'
import type { Protocol } from './model.ts'
import { beginning } from './shape.ts'

const handshake = 'JDWP-Handshake'
const packet = withHead(4, head => Math.max(0, new Cursor(head).uint(4) - 4))

export const jdwp: Protocol = {
  name: 'jdwp',
  greeting: () => handshake,
  recognise: heard => (heard.startsWith(handshake) ? 1 : 0),
  async examine(service) {
    const { conversation } = service
    await conversation.hear(exactly(handshake.length))
    // Which machine this is: VirtualMachine.Version (1, 1).
    const answer = await conversation.ask(`${uint(11, 4)}${uint(1, 4)}\0\x01\x01`, packet)
    // Whoever only sends back what he hears has no such answer.
    if (answer === null || answer.charCodeAt(8) !== 0x80) return
    const cursor = new Cursor(answer, 11)
    const description = cursor.bytes(cursor.uint(4))
    cursor.bytes(8)
    const [version, machine] = [cursor.bytes(cursor.uint(4)), cursor.bytes(cursor.uint(4))]
    service.isCalled(machine, version)
    service.tell('description', description)
    service.find('service.jdwp_exposed', { en: `a debugger is taken: ${machine} ${version}`, ko: `디버거 연결이 수락됨: ${machine} ${version}` })
  },
}

const isAccepted = beginning('4e 00 ..')

export const rmi: Protocol = {
  name: 'rmiregistry',
  greeting: () => `JRMI${hex('0002 4b')}`,
  recognise: heard => (isAccepted(heard) && /^N\0[^]([\w.:-]{2,255})\0\0/.test(heard) ? 1 : 0),
  async examine(service) {
    const answer = await service.conversation.hear(withHead(3, head => new Cursor(head, 1).uint(2) + 4)) ?? ''
    const cursor = new Cursor(answer, 1)
    service.tell('seen as', cursor.bytes(cursor.uint(2)))
    service.find('service.rmi_exposed', { en: 'the wire of RMI (JRMI 2) is taken', ko: 'RMI 프로토콜(JRMI 2) 연결이 수락됨' })
  },
}

export const ajp: Protocol = {
  name: 'ajp13',
  // CPing; CPong comes back.
  greeting: () => hex('1234 0001 0a'),
  recognise: heard => (heard.startsWith(hex('4142 0001 09')) ? 1 : 0),
  examine(service) {
    service.find('service.ajp_exposed', { en: 'CPing is answered with CPong', ko: 'CPing에 CPong으로 응답함' })
    return Promise.resolve()
  },
}
