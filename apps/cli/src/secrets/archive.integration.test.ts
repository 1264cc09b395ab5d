import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { isPacked, newBudget, unpacked } from './archive.ts'

const home = mkdtempSync(join(tmpdir(), 'haechi-archive-'))
afterAll(() => { rmSync(home, { recursive: true, force: true }) })

async function all(path: string, bytes: Buffer, budget = newBudget()): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {}
  for await (const member of unpacked(path, bytes, budget)) found[member.path] = 'reason' in member ? `(${member.reason})` : member.bytes.toString()
  return found
}

function tar(files: Readonly<Record<string, string>>): Buffer {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(home, name), content)
  return execFileSync('tar', ['-cf', '-', '-C', home, ...Object.keys(files)], { maxBuffer: 64 * 1_048_576 })
}
function zip(files: Readonly<Record<string, string>>): Buffer {
  const archive = join(home, `z${Object.keys(files).length}${Object.keys(files)[0]}.zip`)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(home, name), content)
  execFileSync('python3', ['-c', 'import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:\n  for name in sys.argv[3:]: z.write(sys.argv[2] + "/" + name, name)', archive, home, ...Object.keys(files)])
  return readFileSync(archive)
}

describe('unpacked', () => {
  it('gives what is in archives, and in archives within them', async () => {
    const inner = tar({ 'a.env': 'one', '긴 이름.txt': 'two' })
    expect(await all('backup.tar', inner)).toEqual({ 'backup.tar!/a.env': 'one', 'backup.tar!/긴 이름.txt': 'two' })
    expect(await all('backup.tgz', gzipSync(inner))).toEqual({ 'backup.tgz!/backup.tar!/a.env': 'one', 'backup.tgz!/backup.tar!/긴 이름.txt': 'two' })
    expect(await all('b.tar.zst', zstdCompressSync(inner))).toMatchObject({ 'b.tar.zst!/b.tar!/a.env': 'one' })
    writeFileSync(join(home, 'inner.tar'), inner)
    expect(await all('c.jar', zip({ 'x.properties': 'three' }))).toEqual({ 'c.jar!/x.properties': 'three' })
  })

  it('reads on behind a name that leads elsewhere, and takes a text for none whatever its name', async () => {
    const archive = join(home, 'odd.zip')
    execFileSync('python3', ['-c', 'import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], "w") as z:\n  for name in ("../a", "/b", "c"): z.writestr(name, name)', archive])
    expect(await all('odd.zip', readFileSync(archive))).toEqual({ 'odd.zip!/../a': '../a', 'odd.zip!//b': '/b', 'odd.zip!/c': 'c' })
    expect(['messages.pt.br', 'site.js.br'].map((path) => isPacked(path, path.endsWith('js.br') ? brotliCompressSync('text of a script') : Buffer.from('olá')))).toEqual([false, true])
  })

  it('ends at its depth, and at its budget', async () => {
    let nested = Buffer.from('secret')
    for (let depth = 0; depth < 8; depth++) nested = gzipSync(nested)
    expect(Object.values(await all('deep.gz', nested))).toEqual(['(too_deep)'])
    expect(await all('bomb.gz', gzipSync(Buffer.alloc(30_000_000)), { bytes: 1_000_000, members: 10 })).toEqual({ 'bomb.gz': '(too_large)' })
    expect(Object.values(await all('many.tar', tar({ p: '1', q: '2', r: '3' }), { bytes: 1_000, members: 2 }))).toEqual(['1', '2', '(too_large)'])
  })

  it('tells what is broken and throws for nothing', async () => {
    const whole = [gzipSync('text'), zip({ one: '1', two: '2' }), tar({ three: '3', four: '4' })]
    await fc.assert(fc.asyncProperty(fc.constantFrom(...whole), fc.nat(), fc.nat(255), fc.boolean(), async (bytes, at, byte, cut) => {
      const changed = Buffer.from(cut ? bytes.subarray(0, at % bytes.length) : bytes)
      if (changed.length > 0) changed[at % changed.length] = byte
      if (isPacked('x', changed)) for await (const member of unpacked('x', changed, newBudget())) expect(member.path).toMatch(/^x/)
    }), { numRuns: 300 })
  })
})
