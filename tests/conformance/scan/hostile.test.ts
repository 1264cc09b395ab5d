// `haechi scan` on hosts that want to hurt it, that die under it, and with a scope that ends under it: it ends in time, tells what it could not do, keeps what it has
// found, and goes nowhere that it may not go. All of them at once: they wait more than they work.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { up } from '../../lab/lab.ts'
import type { Lab } from '../../lab/lab.ts'
import { missingNamespaces } from '../../lab/network.ts'
import { haechi, linesOf, scopeFile, started } from './running.ts'
import type { ScanLine } from './running.ts'

const outlived = fileURLToPath(new URL('../../lab/outlived.ts', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'haechi-hostile-'))
const scope = scopeFile(scratch)
let lab: Lab

const grave = (lines: readonly ScanLine[]): string[] => lines.filter(({ severity }) => severity === 'high' || severity === 'critical').map(({ asset, weakness, place }) => `${asset} ${weakness} ${place}`)
type Totals = { readonly assets: Readonly<Record<string, number>>; readonly faults: number; readonly interrupted: boolean; readonly silent: readonly string[] }
const totalsOf = (stderr: string): Totals => (linesOf(stderr).findLast((line) => 'totals' in line) as unknown as { totals: Totals }).totals
const faultsOf = (stderr: string): { readonly asset: string; readonly place: string; readonly fault: string; readonly message: string }[] => linesOf(stderr).flatMap((line) => ('fault' in line ? [line.fault as never] : []))

if (missingNamespaces === false) beforeAll(async () => { lab = await up(['names', 'services', 'open', 'tarpit', 'honeypot', 'hostile']) })
afterAll(async () => {
  rmSync(scratch, { recursive: true, force: true })
  await lab?.[Symbol.asyncDispose]()
})

describe.skipIf(missingNamespaces !== false).concurrent(`a scan is bounded (${missingNamespaces || 'lab'})`, () => {
  test('by tarpits: silence, endless banners, a byte now and then', async () => {
    const { code, stdout, stderr, ms } = await haechi(lab, ['scan', '203.0.113.120', '--scope', scope, '--json'])
    console.log(`tarpit: ${Math.round(ms)} ms`)
    expect(code, stderr).toBe(0)
    expect(grave(linesOf(stdout))).toEqual([])
    expect(linesOf(stdout).filter(({ kind }) => kind === 'service').map(({ asset }) => asset)).toContain('203.0.113.120:21/tcp')
    expect(ms).toBeLessThan(90_000)
  })

  test('by a host on which every port is open', async () => {
    const { code, stdout, stderr, ms } = await haechi(lab, ['scan', '203.0.113.110', '--scope', scope, '--json'])
    console.log(`honeypot: ${Math.round(ms)} ms, ${JSON.stringify(totalsOf(stderr))}`)
    expect(code, stderr).toBe(0)
    expect(grave(linesOf(stdout))).toEqual([])
    expect(linesOf(stdout).find(({ kind }) => kind === 'host')?.details?.['behaviour']).toBe('open_everywhere')
    expect(ms).toBeLessThan(90_000)
  })

  test('by redirects without end, bombs, mazes, headers without end, huge certificates and answers of DNS that point to themselves; and it does not follow inward', async () => {
    // Whoever connects here was led from outside to this machine.
    const [program, ...words] = lab.command([process.execPath, '-e', 'require("node:net").createServer((socket) => { console.log("led inward"); socket.destroy() }).listen(8099, "127.0.0.1", () => console.log("listening"))'])
    const inward = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    const heard: string[] = []
    inward.stdout.on('data', (chunk) => { heard.push(String(chunk)) })
    await once(inward.stdout, 'data')
    const names = ['loop', 'bomb', 'maze', 'escape', 'away', 'headers'].map((name) => `${name}.hostile.example`)
    const file = join(scratch, 'escape.html')
    const [{ code, stdout, stderr, ms }, { code: shown, stdout: table }] = await Promise.all([
      haechi(lab, ['scan', 'hostile.example', ...names, '--scope', scope, '--json']),
      haechi(lab, ['scan', 'http://escape.hostile.example/', '--ports', '80', '--scope', scope, '--html', file]),
    ])
    const page = readFileSync(file, 'utf8')
    inward.kill('SIGKILL')
    console.log(`hostile: ${Math.round(ms)} ms, ${JSON.stringify(totalsOf(stderr))}`)
    expect([code, shown], stderr).toEqual([0, 0])
    expect(grave(linesOf(stdout))).toEqual([])
    expect(heard.join('')).toBe('listening\n')
    const faults = faultsOf(stderr)
    expect(faults.filter(({ asset }) => asset === 'loop.hostile.example').map(({ fault }) => fault)).toContain('budget_exceeded')
    expect(faults.filter(({ asset }) => asset === 'away.hostile.example').map(({ fault }) => fault)).toContain('out_of_scope')
    expect(linesOf(stdout).some(({ asset, kind }) => kind === 'site' && asset.includes('bomb.hostile.example'))).toBe(true)
    // Nothing of it moves the cursor of who looks.
    expect(table.match(/\p{Cc}/gu)?.filter((character) => character !== '\n') ?? []).toEqual([])
    // Nor does it become a part of the page.
    expect(page).toContain('escape.hostile.example')
    expect(page).not.toContain('<img src=x')
    expect(page).not.toMatch(/(?:src|href)=["']?https?:/i)
    expect(ms).toBeLessThan(120_000)
  })

  test('by Ctrl-C, and what was found until then is kept', async () => {
    const child = started(lab, ['scan', '203.0.113.20', '203.0.113.53', '203.0.113.110', '--scope', scope, '--json'])
    const seen: string[] = []
    const errors: string[] = []
    let interruptedAt: number | null = null
    child.stderr.on('data', (chunk) => { errors.push(String(chunk)) })
    for await (const line of createInterface({ input: child.stdout })) {
      seen.push(line)
      if (interruptedAt !== null || !line.includes('"kind":"service"')) continue
      interruptedAt = performance.now()
      child.kill('SIGINT')
    }
    if (child.exitCode === null) await once(child, 'close')
    const afterwards = performance.now() - (interruptedAt ?? 0)
    console.log(`after Ctrl-C: ${Math.round(afterwards)} ms`)
    expect(afterwards).toBeLessThan(10_000)
    expect(child.exitCode).toBe(130)
    expect(linesOf(seen.join('\n')).some(({ kind }) => kind === 'service')).toBe(true)
    expect(totalsOf(errors.join('')).interrupted).toBe(true)
  })

  test('by a scope that ends in mid-scan', async () => {
    // Which ends when the first ports are known: what speaks there is not asked any more.
    const { code, stdout, stderr, ms } = await lab.exec([process.execPath, outlived, '"kind":"host"', 'scan', '203.0.113.120', '--ports', '21,22,25,80,443,6379', '--scope', scope, '--json'])
    console.log(`scope that ends: ${Math.round(ms)} ms`)
    expect(code, stderr).toBe(0)
    expect(faultsOf(stderr).some(({ fault }) => fault === 'out_of_scope')).toBe(true)
    expect(linesOf(stdout).some(({ kind }) => kind === 'host')).toBe(true)
    expect(linesOf(stdout).filter(({ kind, details }) => kind === 'site' && details?.['status'] !== null)).toEqual([])
    expect(ms).toBeLessThan(60_000)
  })

  test('by a host that dies under it, and what was found until then is kept', async () => {
    const child = started(lab, ['scan', '203.0.113.10', '--scope', scope, '--json'])
    const seen: string[] = []
    const errors: string[] = []
    child.stderr.on('data', (chunk) => { errors.push(String(chunk)) })
    const start = performance.now()
    for await (const line of createInterface({ input: child.stdout })) {
      seen.push(line)
      if (line.includes('"kind":"service"')) await lab.kill('services')
    }
    if (child.exitCode === null) await once(child, 'close')
    console.log(`host that dies: ${Math.round(performance.now() - start)} ms`)
    expect(child.exitCode, errors.join('')).toBe(0)
    expect(linesOf(seen.join('\n')).some(({ kind }) => kind === 'service')).toBe(true)
    expect(totalsOf(errors.join('')).faults).toBeGreaterThan(0)
    expect(performance.now() - start).toBeLessThan(60_000)
  })
})
