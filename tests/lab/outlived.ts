// The command line with a clock of its own: `outlived.ts WORD WORDS ...` runs `haechi WORDS` in the last two seconds of the lab's scope, which end with the first line
// that has WORD, however long that takes.
import type { Out } from '../../apps/cli/src/context.ts'
import { run } from '../../apps/cli/src/program.ts'

const [word = '', ...words] = process.argv.slice(2)
const end = Date.UTC(2100) - 1
const began = performance.now()
let over: number | null = null
const outOf = (stream: NodeJS.WriteStream): Out => ({
  write(text) {
    if (text.includes(word)) over ??= performance.now()
    stream.write(text)
  },
  terminal: false, width: () => Infinity,
})
process.exitCode = await run(words, {
  out: outOf(process.stdout), err: outOf(process.stderr), input: process.stdin, environment: process.env, clock: { now: () => (over === null ? end - 2_000 + Math.min(1_900, performance.now() - began) : end + 1 + performance.now() - over) }, stop: new AbortController().signal,
})
