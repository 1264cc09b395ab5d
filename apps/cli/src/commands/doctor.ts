// Looks at the machine, the data directory and the server, and changes none of them. Every line says ok, warn or fail, and what is not ok says
// what to do. Defended by doctor.test.ts.
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { accessSync, constants, existsSync, readFileSync, readdirSync, realpathSync, statSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { readConfig } from '@haechi/server/config'
import type { Config } from '@haechi/server/config'
import { resolveDataDirectory } from '@haechi/server/data-directory'
import { describe, HaechiError } from '@haechi/server/errors'
import { readControlFile, ServerProblem } from '../client.ts'
import { command, connectionOptions } from '../command.ts'
import type { ConnectionOptions, Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { byteSize, padEnd, widthOf } from '../layout.ts'
import type { TextKey } from '../texts.ts'

type Grade = 'ok' | 'warn' | 'fail'
type Params = Readonly<Record<string, string>>
type Finding = { readonly check: TextKey; readonly grade: Grade; readonly text: string; /** What to do about it. */ readonly advice?: string }

const gigabyte = 1e9
const day = 86_400_000

export const doctor = command({
  path: ['doctor'], about: 'doctor', details: 'doctor_details', options: { ...connectionOptions, config: { value: 'FILE', about: 'option_config' } },
  examples: [{ line: 'haechi doctor', about: 'example_doctor' }, { line: 'haechi doctor --data /srv/haechi --json', about: 'example_doctor_json' }],
  async run(context, { options }) {
    const findings: Finding[] = []
    for await (const finding of examine(context, options, options.config)) {
      findings.push(finding)
      if (context.json) context.out.write(`${JSON.stringify({ check: finding.check.replace('check_', ''), status: finding.grade, message: finding.text, ...(finding.advice === undefined ? {} : { advice: finding.advice }) })}\n`)
      else for (const line of lines(context, finding)) context.out.write(`${line}\n`)
    }
    const failed = findings.filter(({ grade }) => grade === 'fail').length
    const warned = findings.filter(({ grade }) => grade === 'warn').length
    if (!context.json) context.out.write(`\n${context.text(failed > 0 ? 'doctor_failed' : warned > 0 ? 'doctor_warned' : 'doctor_ok', { failed: String(failed), warned: String(warned) })}\n`)
    return failed > 0 ? exitCodes.failed : exitCodes.ok
  },
})

function lines({ text, out }: Context, { check, grade, text: message, advice }: Finding): string[] {
  const mark = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' }[grade]
  const color = { ok: '32', warn: '33', fail: '31' }[grade]
  const title = padEnd(text(check), 22)
  return [`${out.terminal ? `\x1b[${color}m${mark}\x1b[0m` : mark}  ${title}  ${message}`, ...(advice === undefined ? [] : [`${' '.repeat(6 + Math.max(22, widthOf(title)))}  -> ${advice}`])]
}

async function* examine(context: Context, options: ConnectionOptions, configFile: string | undefined): AsyncGenerator<Finding> {
  const { text, environment, language } = context
  const finding = (check: TextKey, grade: Grade, key: TextKey, params: Params = {}, advice?: TextKey): Finding =>
    ({ check, grade, text: text(key, params), ...(advice === undefined ? {} : { advice: text(advice, params) }) })
  const coded = (check: TextKey, error: unknown, grade: Grade = 'fail'): Finding =>
    ({ check, grade, text: error instanceof HaechiError ? `${error.code}: ${describe(error.code, error.params, language)}` : (error as Error).message })

  const major = Number(process.versions.node.split('.')[0])
  yield major >= 24 ? finding('check_node', 'ok', 'doctor_node', { version: process.versions.node }) : finding('check_node', 'fail', 'doctor_node', { version: process.versions.node }, 'doctor_node_advice')
  yield clockFinding(context.clock.now())

  if (options.url !== undefined || (options.data === undefined && (environment['HAECHI_URL'] ?? '') !== '')) {
    // A remote server's machine cannot be looked at from here.
    yield await readiness(undefined)
    return
  }
  let config: Config | undefined
  try {
    config = readConfig(options.data === undefined ? {} : { data: options.data }, environment, configFile)
    yield finding('check_config', 'ok', existsSync(configFile ?? join(config.data, 'haechi.yaml')) ? 'doctor_config_file' : 'doctor_config_none', { file: configFile ?? join(config.data, 'haechi.yaml') })
  } catch (error) {
    yield coded('check_config', error)
  }
  const directory = config?.data ?? resolveDataDirectory(options.data ?? environment['HAECHI_DATA'], environment)
  yield* directoryFindings(directory)
  yield* keyFindings(join(directory, 'keys', 'master.key'))

  let running: string | undefined
  try {
    running = readControlFile(directory).url
  } catch (error) {
    if (!(error instanceof HaechiError) || error.code !== 'server_not_running') {
      yield coded('check_server', error)
      return
    }
    yield finding('check_server', 'ok', 'doctor_not_running', { directory })
  }
  if (running !== undefined) yield await readiness(running)
  else if (config !== undefined) yield await portFinding(config.host, config.port)
  if (running === undefined && config !== undefined && config.database_url !== '') yield finding('check_database', 'warn', 'doctor_database_unknown', {}, 'doctor_database_advice')
  const issued = join(directory, 'tls', 'server.pem')
  if (config !== undefined && config.tls_cert !== '') yield* certificateFindings(config.tls_cert, config.tls_key, 'doctor_certificate_advice')
  else if (existsSync(issued)) yield* certificateFindings(issued, join(directory, 'tls', 'server.key'), 'doctor_certificate_renew_advice')
  yield encryptionFinding(directory)

  function clockFinding(now: number): Finding {
    // The machine that built or unpacked this program was not in the future.
    const installed = statSync(new URL(import.meta.url)).mtimeMs
    const time = new Date(now).toISOString()
    if (now < installed - day) return finding('check_clock', 'fail', 'doctor_clock_past', { time }, 'doctor_clock_advice')
    const synchronized = existsSync('/run/systemd/timesync/synchronized') || existsSync('/var/lib/chrony/drift') || existsSync('/run/chrony') || existsSync('/var/lib/ntp/ntp.drift')
    return synchronized || process.platform !== 'linux' ? finding('check_clock', 'ok', 'doctor_clock', { time }) : finding('check_clock', 'warn', 'doctor_clock_alone', { time }, 'doctor_clock_advice')
  }

  function* directoryFindings(folder: string): Generator<Finding> {
    let at = folder
    while (!existsSync(at) && dirname(at) !== at) at = dirname(at)
    try {
      accessSync(at, constants.W_OK | constants.X_OK)
      if (at !== folder) yield finding('check_data', 'ok', 'doctor_data_new', { directory: folder })
      else {
        const { mode } = statSync(folder)
        if (!statSync(folder).isDirectory()) yield finding('check_data', 'fail', 'doctor_data_file', { directory: folder }, 'doctor_data_advice')
        else if ((mode & 0o002) !== 0) yield finding('check_data', 'fail', 'doctor_data_shared', { directory: folder, mode: octal(mode) }, 'doctor_data_mode_advice')
        else yield (mode & 0o070) === 0 ? finding('check_data', 'ok', 'doctor_data', { directory: folder }) : finding('check_data', 'warn', 'doctor_data_shared', { directory: folder, mode: octal(mode) }, 'doctor_data_mode_advice')
      }
      const { bavail, bsize, blocks, files, ffree } = statfsSync(at)
      const [free, share] = [bavail * bsize, bavail / Math.max(1, blocks)]
      const grade: Grade = free < gigabyte || (files > 0 && ffree < 1_000) ? 'fail' : free < 10 * gigabyte || share < 0.05 ? 'warn' : 'ok'
      const params = { free: byteSize(free), share: `${Math.round(share * 100)}%`, directory: at }
      yield grade === 'ok' ? finding('check_space', grade, 'doctor_space', params) : finding('check_space', grade, 'doctor_space', params, 'doctor_space_advice')
    } catch (error) {
      yield finding('check_data', 'fail', 'doctor_data_denied', { directory: at, reason: (error as NodeJS.ErrnoException).code ?? '' }, 'doctor_data_advice')
    }
  }

  function* keyFindings(file: string): Generator<Finding> {
    try {
      const { mode } = statSync(file)
      if (Buffer.from(readFileSync(file, 'utf8').trim(), 'base64').length !== 32) yield finding('check_key', 'fail', 'doctor_key_damaged', { file }, 'doctor_key_damaged_advice')
      else yield process.platform === 'win32' || (mode & 0o077) === 0 ? finding('check_key', 'ok', 'doctor_key', { file }) : finding('check_key', 'fail', 'doctor_key_exposed', { file, mode: octal(mode) }, 'doctor_key_advice')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') yield finding('check_key', 'ok', 'doctor_key_none', { file })
      else yield finding('check_key', 'fail', 'doctor_data_denied', { directory: file, reason: code ?? '' }, 'doctor_data_advice')
    }
  }

  async function readiness(url: string | undefined): Promise<Finding> {
    const server = context.server(options)
    try {
      await server.call('GET', '/readyz', { stop: context.stop })
      return finding('check_server', 'ok', 'doctor_ready', { url: url ?? options.url ?? environment['HAECHI_URL'] ?? '' })
    } catch (error) {
      const checks = error instanceof ServerProblem ? error.body['checks'] : undefined
      if (typeof checks !== 'object' || checks === null) return { ...coded('check_server', error), advice: text('doctor_server_advice') }
      const bad = Object.entries(checks as Record<string, string>).filter(([, result]) => result !== 'ok').map(([name, result]) => `${name}: ${result}`).join(', ')
      return finding('check_server', 'fail', 'doctor_not_ready', { checks: bad }, 'doctor_server_advice')
    }
  }

  async function portFinding(host: string, port: number): Promise<Finding> {
    const address = `${host}:${port}`
    const probe = createServer()
    const failed = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      probe.once('error', resolve)
      probe.listen({ host, port, exclusive: true }, () => resolve(undefined))
    })
    if (failed !== undefined) return finding('check_port', 'fail', 'doctor_port_taken', { address, reason: failed.code ?? '' }, 'doctor_port_advice')
    await new Promise((resolve) => { probe.close(resolve) })
    return finding('check_port', 'ok', 'doctor_port', { address })
  }

  function* certificateFindings(file: string, keyFile: string, advice: TextKey): Generator<Finding> {
    try {
      const certificate = new X509Certificate(readFileSync(file))
      const days = Math.floor((Date.parse(certificate.validTo) - context.clock.now()) / day)
      const params = { file, days: String(days), until: new Date(Date.parse(certificate.validTo)).toISOString().slice(0, 10) }
      if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(keyFile)))) yield finding('check_certificate', 'fail', 'doctor_certificate_key', { file, key: keyFile }, advice)
      else if (days < 0) yield finding('check_certificate', 'fail', 'doctor_certificate_expired', params, advice)
      else yield days < 30 ? finding('check_certificate', 'warn', 'doctor_certificate', params, advice) : finding('check_certificate', 'ok', 'doctor_certificate', params)
    } catch (error) {
      yield finding('check_certificate', 'fail', 'doctor_certificate_unreadable', { file, reason: (error as NodeJS.ErrnoException).code ?? (error as Error).message }, advice)
    }
  }

  /** Log segments are encrypted by Haechi; the event store relies on the disk. */
  function encryptionFinding(folder: string): Finding {
    let at = folder
    while (!existsSync(at) && dirname(at) !== at) at = dirname(at)
    const encrypted = process.platform === 'linux' ? onEncryptedDisk(at) : null
    if (encrypted === true) return finding('check_encryption', 'ok', 'doctor_encrypted')
    return finding('check_encryption', 'warn', encrypted === false ? 'doctor_not_encrypted' : 'doctor_encryption_unknown', {}, 'doctor_encryption_advice')
  }
}

const octal = (mode: number) => (mode & 0o777).toString(8).padStart(4, '0')

/** Whether the block device below `path`, or one below that, is dm-crypt; null where it cannot be told. */
function onEncryptedDisk(path: string): boolean | null {
  try {
    const { dev } = statSync(path, { bigint: true })
    // The encoding of dev_t in glibc's <sys/sysmacros.h>.
    const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n)
    const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n)
    const device = realpathSync(`/sys/dev/block/${major}:${minor}`)
    return cryptBelow(device)
  } catch {
    return null
  }
}

function cryptBelow(device: string): boolean {
  const uuid = join(device, 'dm/uuid')
  if (existsSync(uuid) && readFileSync(uuid, 'utf8').startsWith('CRYPT-')) return true
  const below = join(device, 'slaves')
  return existsSync(below) && readdirSync(below).some((name) => cryptBelow(realpathSync(join(below, name))))
}
