import { mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openCallLog, sizesOf } from './call-log.ts'
import type { CallRecord } from './call-log.ts'

const record = (tool: string): CallRecord => ({ time: '2026-11-22T12:00:00.000Z', tool, operation: 'GET /x', status: 'ok', http_status: 200, ms: 1.5, caller: 'anonymous', error: null, arguments: { q: 3 } })
const linesOf = (file: string): string[] => readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.stringify((JSON.parse(line) as { tool?: string; lost?: number }).tool ?? JSON.parse(line)))

function place(): string {
  const folder = mkdtempSync(join(tmpdir(), 'haechi-log-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'calls.ndjson')
}

test('a line a call, appended to what is there, for its owner only; a file that is moved away is begun anew', async () => {
  const file = place()
  for (const part of [['a', 'b'], ['c']]) {
    const log = openCallLog(file, (error) => { throw error })
    for (const tool of part) log.write(record(tool))
    await log.close()
  }
  expect(linesOf(file)).toEqual(['"a"', '"b"', '"c"'])
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)
  const log = openCallLog(file, (error) => { throw error })
  renameSync(file, `${file}.1`)
  log.write(record('d'))
  await log.close()
  expect(linesOf(file)).toEqual(['"d"'])
})

test('a disk that is full is said once, costs lines and no call; what was lost is counted when there is room again', async () => {
  const file = place()
  const said: string[] = []
  let full = true
  const log = openCallLog(file, ({ code, params }) => said.push(`${code} ${params['reason']}`), async (...given) => {
    if (full) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    await appendFile(...given)
  })
  for (const tool of ['a', 'b', 'c']) {
    log.write(record(tool))
    await log.close()
  }
  full = false
  log.write(record('d'))
  await log.close()
  full = true
  log.write(record('e'))
  await log.close()
  expect(said).toEqual(['mcp_log_failed ENOSPC', 'mcp_log_failed ENOSPC'])
  expect(linesOf(file)).toEqual(['{"lost":3}', '"d"'])
})

test('a disk that does not come to an end holds no more than a bounded number of lines', async () => {
  const stuck = Promise.withResolvers<void>()
  let bytes = 0
  const log = openCallLog('/nowhere', () => undefined, async (_, text) => {
    bytes += (text as string).length
    await stuck.promise
  })
  for (let n = 0; n < 100_000; n++) log.write(record('x'.repeat(100)))
  stuck.resolve()
  await log.close()
  expect(bytes).toBeLessThan(10_000_000)
})

test('of arguments names and sizes are kept, cut to what a line may hold', () => {
  expect(sizesOf({ name: '해치', count: 12, list: [1, 2], none: undefined })).toEqual({ name: 4, count: 2, list: 5, none: 0 })
  const many = sizesOf(Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`${at}${'n'.repeat(100)}`, at])))
  expect(JSON.stringify(many).length).toBeLessThan(10_000)
})
