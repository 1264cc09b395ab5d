import type { Out } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { run } from './program.ts'

function outOf(stream: NodeJS.WriteStream): Out {
  // Whoever reads may stop reading (`| head`); that is no failure.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(exitCodes.ok)
  })
  return { write: (text) => { stream.write(text) }, terminal: stream.isTTY, width: () => (stream.isTTY ? stream.columns : Infinity) }
}

const stop = new AbortController()
const oneRequest = 1_000
let heard: number | undefined
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // Whoever asks twice does not want to wait. A signal to the whole group comes twice by itself, here and through the launcher, and is one.
    if (heard !== undefined && performance.now() - heard > oneRequest) process.exit(exitCodes.interrupted)
    heard ??= performance.now()
    stop.abort()
  })
}

const exitCode = await run(process.argv.slice(2), {
  out: outOf(process.stdout), err: outOf(process.stderr), input: process.stdin, environment: process.env, clock: { now: () => Date.now() }, stop: stop.signal,
})
// What a part left open must not keep the process: everything that had to be written is.
process.exitCode = exitCode
if (heard !== undefined) process.exit()
