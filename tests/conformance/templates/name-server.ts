// A name server on loopback that has what it is told.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { decode, encode } from 'dns-packet'
import type { Answer } from 'dns-packet'

/** `zone`: by 'name TYPE'. What is not there does not exist (NXDOMAIN). */
export async function nameServer(zone: Readonly<Record<string, readonly Answer[]>>): Promise<{ readonly address: string; readonly asked: string[] } & AsyncDisposable> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (message, from) => {
    const { id, questions } = decode(message)
    const [question] = questions ?? []
    if (question === undefined) return
    asked.push(`${question.name} ${question.type}`)
    const answers = zone[`${question.name} ${question.type}`]
    socket.send(encode({ type: 'response', id: id ?? 0, questions: [question], answers: [...answers ?? []], flags: 0x0180 | (answers === undefined ? 3 : 0) }), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { address: `127.0.0.1:${socket.address().port}`, asked, [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())) }
}
