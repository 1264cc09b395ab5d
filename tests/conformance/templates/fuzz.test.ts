// Mutated templates against answers as nobody sends them: nothing is thrown but what is typed, nothing goes on without end, memory stays what it is.
import { fork } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { missingTemplates } from '../../templates-corpus.ts'
import type { Counts, Defect, Fuzz, Told } from './fuzzing.ts'

const full = process.env['HAECHI_TEST_FULL'] === '1'
const mutations = full ? 100_000 : 3_000
const seed = Number(process.env['HAECHI_FUZZ_SEED'] ?? (full ? randomInt(2 ** 31) : 20_261_122))
const heapMegabytes = 300
/** Of the process: its heap, the archive of the templates beside it, code. */
const mostMegabytes = 700
/** Of one mutation, of which almost all take a millisecond or two; generous, for a busy machine. */
const mostMilliseconds = 60_000

type Fuzzed = { readonly counts: Counts; readonly defects: readonly Defect[] }

/** Rejects where the process does not come back from a mutation, or ends. */
function fuzzed(given: Fuzz): Promise<Fuzzed> {
  const { promise, resolve, reject } = Promise.withResolvers<Fuzzed>()
  const child = fork(fileURLToPath(new URL('fuzzing.ts', import.meta.url)), { execArgv: [`--max-old-space-size=${heapMegabytes}`], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  const defects: Defect[] = []
  let said = ''
  let number = given.from
  const stuck = (): void => {
    reject(new Error(`mutation ${number} of seed ${given.seed} does not come back`))
    child.kill('SIGKILL')
  }
  let timer = setTimeout(stuck, mostMilliseconds)
  child.stderr!.on('data', (text: Buffer) => { said = (said + text.toString()).slice(-4_000) })
  child.on('message', (told: Told) => {
    clearTimeout(timer)
    if (told.kind === 'about') {
      number = told.number
      timer = setTimeout(stuck, mostMilliseconds)
    } else if (told.kind === 'defect') {
      defects.push(told.defect)
      timer = setTimeout(stuck, mostMilliseconds)
    } else {
      resolve({ counts: told.counts, defects })
      child.kill()
    }
  })
  child.on('exit', (code, signal) => {
    clearTimeout(timer)
    reject(new Error(`mutation ${number} of seed ${given.seed} ended the process: ${code ?? signal}\n${said}`))
  })
  child.send(given)
  return promise
}

test.skipIf(missingTemplates !== false)(`${mutations} mutations of seed ${seed}${missingTemplates === false ? '' : ` (${missingTemplates})`}`, async () => {
  const { counts, defects } = await fuzzed({ seed, from: Number(process.env['HAECHI_FUZZ_FROM'] ?? 0), to: Number(process.env['HAECHI_FUZZ_TO'] ?? mutations), sample: full ? 3_000 : 400 })
  if (process.env['HAECHI_SHOW'] === '1') console.log(JSON.stringify(counts, null, 1))
  expect(defects.map(({ number, error, template }) => `mutation ${number} of seed ${seed}: ${error}\n${JSON.stringify(template).slice(0, 1_500)}`)).toEqual([])
  expect(counts.peakMegabytes).toBeLessThan(mostMegabytes)
  // Not only what is refused at once.
  expect(counts.ran).toBeGreaterThan(counts.refused / 4)
  expect(counts.matches).toBeGreaterThan(0)
})
