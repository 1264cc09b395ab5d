// Runs a script on the Node 24 that the lock file pins, on a machine that may have only Node 18 or 20 and a fresh clone:
//   node bin/with-node24.mjs [--dev] SCRIPT [ARGUMENT...]
// Held by tests/e2e/with-node24.test.ts: node_modules is only ever changed by the holder of the install lock, and only while the
// stamp (written last) does not match the lock file; a stop signal reaches the script and its exit code or signal comes back.
// Plain JavaScript without dependencies: it has to run before anything is installed.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { basename, delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const lockFile = join(root, '.haechi-install.lock')
const stampFile = join(root, 'node_modules', '.haechi-install.json')
const windows = process.platform === 'win32'
const korean = (process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || '').startsWith('ko')
const major = Number(process.versions.node.split('.')[0])

const texts = {
  node_too_old: {
    en: (version) => `Haechi needs Node 18 or newer to start (it brings its own Node 24 for running); this is Node ${version}. Install Node 20 or newer from https://nodejs.org and try again`,
    ko: (version) => `Haechi를 시작하려면 Node 18 이상이 필요합니다(실행에는 자체 Node 24를 사용합니다). 현재 Node는 ${version}입니다. https://nodejs.org 에서 Node 20 이상을 설치한 뒤 다시 시도하십시오`,
  },
  script_missing: {
    en: () => 'Usage: node bin/with-node24.mjs [--dev] SCRIPT [ARGUMENT...]',
    ko: () => '사용법: node bin/with-node24.mjs [--dev] SCRIPT [ARGUMENT...]',
  },
  node24_missing: {
    en: (reason) => `There is no Node 24 to run Haechi on (${reason}). Install Node 24 from https://nodejs.org and start again with it on the PATH; or, if optional packages were left out, delete node_modules and start again`,
    ko: (reason) => `Haechi를 실행할 Node 24가 없습니다(${reason}). https://nodejs.org 에서 Node 24를 설치하고 PATH에 둔 뒤 다시 시작하십시오. 선택 패키지가 설치되지 않은 경우에는 node_modules를 지우고 다시 시작하십시오`,
  },
  install_failed: {
    en: (how, output) => `npm could not install what Haechi needs into ${join(root, 'node_modules')} (${how}). Check the network and the free disk space, then start again; nothing has to be cleaned up. npm said:\n${output}`,
    ko: (how, output) => `npm이 Haechi에 필요한 패키지를 ${join(root, 'node_modules')}에 설치하지 못했습니다(${how}). 네트워크와 디스크 여유 공간을 확인한 뒤 다시 시작하십시오. 따로 정리할 것은 없습니다. npm 출력:\n${output}`,
  },
  install_not_writable: {
    en: (reason) => `${root} is not writable by this user and what Haechi needs is not installed there yet (${reason}). Start once as the user who owns the folder, or copy it to a place of your own`,
    ko: (reason) => `현재 사용자는 ${root}에 쓸 수 없고, Haechi에 필요한 패키지도 아직 설치되어 있지 않습니다(${reason}). 폴더를 소유한 사용자로 한 번 시작하거나, 쓸 수 있는 곳에 복사하십시오`,
  },
  installing: {
    en: (dev) => `Installing what ${dev ? 'running and checking' : 'running'} Haechi needs (only when the lock file changed)`,
    ko: (dev) => `Haechi ${dev ? '실행과 검사' : '실행'}에 필요한 패키지를 설치합니다(잠금 파일이 바뀐 때에만)`,
  },
  installed: { en: (seconds) => `Installed in ${seconds} s`, ko: (seconds) => `${seconds}초 만에 설치했습니다` },
  waiting: {
    en: (pid) => `Another process (${pid}) is installing; waiting for it`,
    ko: (pid) => `다른 프로세스(${pid})가 설치하고 있습니다. 끝나기를 기다립니다`,
  },
}
const say = (code, ...params) => texts[code][korean ? 'ko' : 'en'](...params)

class Failure extends Error {
  constructor(code, ...params) {
    super(`haechi: ${code}: ${say(code, ...params)}`)
  }
}

// Signals. A Ctrl-C in a terminal goes to the whole foreground group, so the child has it already and a second one would look like
// an impatient user; everything else (a supervisor, npm, kill) reaches only this process and is passed on, once per kind.
let child
const heard = new Set()
const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP']
function onSignal(signal) {
  const again = heard.has(signal)
  heard.add(signal)
  if (child && !again && !(signal === 'SIGINT' && onTerminal)) child.kill(signal)
}

/** Starts `command` and resolves with how it ended; rejects only when it could not be started at all. */
function run(command, args, options, onStarted = () => {}) {
  return new Promise((done, failed) => {
    child = spawn(command, args, options)
    child.once('error', failed)
    child.once('spawn', onStarted)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) if (stream) stream.on('data', (text) => { output = (output + text).slice(-4000) })
    child.once('close', (code, signal) => done({ code, signal, output }))
  }).finally(() => { child = undefined })
}

/** Ends this process the way the child ended, so that a caller sees 130 or 143 for a signal and not a made-up code. */
function leave({ code, signal }) {
  for (const name of stopSignals) process.removeListener(name, onSignal)
  if (signal === null) process.exit(code)
  process.kill(process.pid, signal)
  // Only reached where the signal is blocked or unknown to the platform.
  setTimeout(() => process.exit(128 + (constants.signals[signal] || 0)), 1000)
}

// The install lock. It names the launcher and its npm, since a killed launcher leaves an npm that still writes, each as a pid together
// with the time it started, because a pid alone may have been given to another process.
function startTime(pid) {
  try {
    // Fields 3 and 22 of proc_pid_stat(5); the second field is the command and may hold spaces and parentheses. A zombie has ended:
    // in a container without an init nobody ever reaps it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? 'ended' : fields[19]
  } catch {
    return undefined
  }
}
const identify = (pid) => ({ pid, started: startTime(pid) })
function alive({ pid, started }) {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (error.code === 'ESRCH') return false
  }
  const now = startTime(pid)
  return now !== 'ended' && (now === undefined || started === undefined || now === started)
}
function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
const liveHolder = (file) => (readJson(file) || []).find(alive)
/** Takes `file` and returns undefined, or returns the live holder. A dead holder's file is removed only by the holder of `file.takeover`, else two takers could each remove the other's fresh lock. */
function take(file) {
  const mine = `${file}.${process.pid}`
  writeFileSync(mine, JSON.stringify([identify(process.pid)]))
  try {
    linkSync(mine, file)
    return undefined
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  } finally {
    rmSync(mine, { force: true })
  }
  const holder = liveHolder(file)
  if (holder) return holder
  const guard = `${file}.takeover`
  const busy = take(guard)
  if (busy) return busy
  try {
    if (!liveHolder(file)) rmSync(file, { force: true })
  } finally {
    rmSync(guard, { force: true })
  }
  return take(file)
}

function lockHash() {
  const hash = createHash('sha256')
  for (const file of ['package-lock.json', 'package.json']) hash.update(readFileSync(join(root, file)))
  return hash.digest('hex')
}
function satisfied(hash, dev) {
  const stamp = readJson(stampFile)
  return Boolean(stamp && stamp.hash === hash && (stamp.dev || !dev))
}

async function install(dev) {
  if (satisfied(lockHash(), dev)) return
  try {
    for (let told = false, holder; (holder = take(lockFile)); told = true) {
      if (!told) console.error(`haechi: ${say('waiting', holder.pid)}`)
      await new Promise((done) => setTimeout(done, 200))
      if (heard.size > 0) return
    }
  } catch (error) {
    if (['EACCES', 'EROFS', 'EPERM'].includes(error.code)) throw new Failure('install_not_writable', error.code)
    throw error
  }
  try {
    const hash = lockHash()
    if (!satisfied(hash, dev)) await npmCi(hash, dev || Boolean(readJson(stampFile)?.dev))
  } finally {
    rmSync(lockFile, { force: true })
  }
}

async function npmCi(hash, dev) {
  // The npm that runs this script, so that `npx npm@10 start` installs with npm 10; other package managers set the variable as well.
  const running = process.env.npm_execpath
  const [command, ...first] = running && basename(running) === 'npm-cli.js' ? [process.execPath, running] : ['npm']
  const args = [...first, 'ci', ...(dev ? ['--include=dev'] : ['--omit=dev']), '--include=optional', '--no-audit', '--no-fund', '--ignore-scripts', '--no-progress', '--loglevel=error']
  const before = process.hrtime.bigint()
  const seconds = () => Number((process.hrtime.bigint() - before) / 1_000_000_000n)
  const live = process.stderr.isTTY
  process.stderr.write(`haechi: ${say('installing', dev)} ...${live ? '' : '\n'}`)
  const ticking = live && setInterval(() => process.stderr.write(`\r\x1b[Khaechi: ${say('installing', dev)} ... ${seconds()} s`), 1000)
  let result
  try {
    result = await run(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], shell: windows && command === 'npm' }, () => {
      const both = `${lockFile}.${process.pid}`
      writeFileSync(both, JSON.stringify([process.pid, child.pid].map(identify)))
      renameSync(both, lockFile)
    })
  } catch (error) {
    throw new Failure('install_failed', error.code, `${command}: ${error.message}`)
  } finally {
    clearInterval(ticking)
    if (live) process.stderr.write('\r\x1b[K')
  }
  if (heard.size > 0) return
  if (result.code !== 0) throw new Failure('install_failed', result.signal || `exit code ${result.code}`, result.output.trim())
  writeFileSync(stampFile, `${JSON.stringify({ hash, dev })}\n`)
  console.error(`haechi: ${say('installed', seconds())}`)
}

/** The pinned Node first, because it is the one that is tested; the running one where the pinned one is missing or cannot run (musl). */
function nodes() {
  const folder = process.platform === 'darwin' ? `node-bin-darwin-${process.arch}` : `node-${windows ? 'win' : process.platform}-${process.arch}`
  const pinned = join(root, 'node_modules', folder, 'bin', windows ? 'node.exe' : 'node')
  return { pinned, candidates: [...(existsSync(pinned) ? [pinned] : []), ...(major >= 24 ? [process.execPath] : [])] }
}

async function main() {
  if (major < 18) throw new Failure('node_too_old', process.versions.node)
  const dev = process.argv[2] === '--dev'
  const [script, ...args] = process.argv.slice(dev ? 3 : 2)
  if (!script) throw new Failure('script_missing')
  for (const signal of stopSignals) process.on(signal, onSignal)
  await install(dev)
  if (heard.size > 0) return leave({ code: null, signal: [...heard][0] })
  const { pinned, candidates } = nodes()
  // Types are stripped and code is compiled once: a command starts in half the time. Where the folder cannot be written, Node does without.
  if (!dev) process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'compiled')
  const path = process.env.PATH
  let reason = `not at ${pinned}`
  for (const node of candidates) {
    process.env.PATH = [dirname(node), path].filter(Boolean).join(delimiter)
    try {
      return leave(await run(node, [resolve(root, script), ...args], { stdio: 'inherit' }))
    } catch (error) {
      reason = `${node}: ${error.code}`
    }
  }
  throw new Failure('node24_missing', reason)
}

main().catch((error) => {
  console.error(error instanceof Failure ? error.message : error)
  process.exit(1)
})
