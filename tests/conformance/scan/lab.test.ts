// The lab itself: its hosts answer, and it ends with whoever holds it.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { up } from '../../lab/lab.ts'
import { missingNamespaces } from '../../lab/network.ts'

const own = readlinkSync('/proc/self/ns/net')
/** Processes of this machine that see another network than this one does. */
const apart = (): string[] => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).flatMap((pid) => {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === own ? [] : [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`]
  } catch {
    return []
  }
})
const interfaces = (): string => readFileSync('/proc/net/dev', 'utf8').split('\n').map((line) => line.split(':')[0]).join()

test.skipIf(missingNamespaces !== false)(`hosts answer by name, and nothing outside is reached (${missingNamespaces || 'namespaces'})`, async () => {
  await using lab = await up(['names', 'web'])
  const site = await lab.exec(['curl', '-s', '--max-time', '5', 'http://git.lab.example/.git/HEAD'])
  expect(site.stdout).toBe('ref: refs/heads/main\n')
  const outside = await lab.exec(['curl', '-s', '--max-time', '5', 'http://192.0.2.1/'])
  expect(outside.code).toBe(7)
  await lab.kill('web')
  const dead = await lab.exec(['curl', '-s', '--connect-timeout', '1', 'http://203.0.113.80/'])
  expect([7, 28]).toContain(dead.code)
})

test.skipIf(missingNamespaces !== false)('nothing is left when the process that holds it is killed', async () => {
  const before = { apart: new Set(apart()), interfaces: interfaces() }
  const holder = spawn(process.execPath, [fileURLToPath(new URL('../../lab/up.ts', import.meta.url)), 'sleep', '600'], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: holder.stdout })) if (line.startsWith('up in')) break
  const theirs = (): string[] => apart().filter((each) => !before.apart.has(each))
  expect(theirs().length).toBeGreaterThan(20)
  holder.kill('SIGKILL')
  await expect.poll(theirs).toEqual([])
  expect(interfaces()).toBe(before.interfaces)
})
