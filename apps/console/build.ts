// Builds the console where its sources or the lock file changed, and names the build in `current`. Any number may run at once: each builds aside
// and moves into place; a build is never changed after that. Usage: node apps/console/build.ts [FOLDER], by default dist beside this file; the
// folder is printed. Defended by tests/console/serving.test.ts.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { glob, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const source = import.meta.dirname
const keptMs = 7 * 24 * 3_600_000

async function sourceHash(): Promise<string> {
  const files = ['../../package-lock.json', 'index.html', 'vite.config.ts', 'build.ts']
  for await (const file of glob('{src,public}/**/*.*', { cwd: source })) if (!/\.test\.tsx?$/.test(file)) files.push(file)
  const hash = createHash('sha256')
  for (const file of files.toSorted()) hash.update(`${file}\n`).update(await readFile(join(source, file))).update('\n')
  return hash.digest('hex').slice(0, 20)
}

/** Beside each text its brotli and gzip, so that the server compresses nothing. */
async function compress(folder: string): Promise<void> {
  for (const name of await readdir(join(folder, 'assets'))) {
    if (!/\.(js|css|svg)$/.test(name)) continue
    const file = join(folder, 'assets', name)
    const bytes = await readFile(file)
    await writeFile(`${file}.br`, await promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }))
    await writeFile(`${file}.gz`, await promisify(gzip)(bytes, { level: 8 }))
  }
}

async function build(output: string): Promise<void> {
  const hash = await sourceHash()
  const folder = join(output, hash)
  await mkdir(output, { recursive: true })
  if (!existsSync(folder)) {
    const { build } = await import('vite')
    const aside = join(output, `.building-${process.pid}`)
    try {
      await build({ configFile: join(source, 'vite.config.ts'), logLevel: 'error', build: { outDir: aside, emptyOutDir: true } })
      await compress(aside)
      // Another process may have been quicker with the same.
      await rename(aside, folder).catch((error: unknown) => { if (!existsSync(folder)) throw error })
    } finally {
      await rm(aside, { recursive: true, force: true })
    }
  }
  await writeFile(join(output, `.current-${process.pid}`), hash)
  await rename(join(output, `.current-${process.pid}`), join(output, 'current'))
  for (const name of await readdir(output)) {
    if (name === hash || name === 'current') continue
    const { mtimeMs } = await stat(join(output, name)).catch(() => ({ mtimeMs: Infinity }))
    if (performance.timeOrigin - mtimeMs > keptMs) await rm(join(output, name), { recursive: true, force: true })
  }
}

if (import.meta.main) {
  try {
    setPriority(10)
  } catch { /* Only a courtesy to the server beside it. */ }
  const [wanted = join(source, 'dist')] = process.argv.slice(2)
  const output = resolve(wanted)
  await build(output)
  console.log(output)
}
