// The thread's side of scan-connects.ts.
import { parentPort } from 'node:worker_threads'
import { connectPorts, withHandles, withSockets } from './scan-connecting.ts'
import type { FromThread, ToThread } from './scan-connects.ts'

const port = parentPort!
const running = new Map<number, AbortController>()
const opener = withHandles() ?? withSockets
// Refused connects are no errors here; where they came from is of no interest.
Error.stackTraceLimit = 0

port.on('message', (message: ToThread) => {
  const { id, connecting } = message
  if (connecting === null) {
    running.get(id)?.abort()
    return
  }
  const stop = new AbortController()
  running.set(id, stop)
  void connectPorts(opener, connecting, stop.signal).then((connected) => {
    running.delete(id)
    const answer: FromThread = { id, connected }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    port.postMessage(answer)
  })
})
