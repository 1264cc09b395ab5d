// The load of the benches: 1 kB Windows process creations, each with a sequence number of its own, and a way to send them that costs little itself.
import { Agent, request } from 'node:http'
import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'

const size = 1_000
const digits = 12

/** One line of exactly 1,000 bytes with its line feed. `@@` marks where the sequence number and the host number go. */
function template(): { bytes: Buffer; sequenceAt: number; hostAt: number } {
  const event = {
    Channel: 'Microsoft-Windows-Sysmon/Operational', EventID: 1, UtcTime: '2026-11-21 09:30:15.123', Hostname: 'WS-HHHH.corp.example', RecordNumber: `#${'N'.repeat(digits)}`,
    Image: 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe', CommandLine: 'powershell.exe -NoProfile -ExecutionPolicy Bypass -File C:\\ProgramData\\corp\\inventory.ps1 -Site seoul',
    ParentImage: 'C:\\Windows\\System32\\svchost.exe', ParentCommandLine: 'C:\\Windows\\system32\\svchost.exe -k netsvcs -p -s Schedule', User: 'CORP\\svc-inventory', IntegrityLevel: 'High',
    ProcessId: 4711, ParentProcessId: 812, ProcessGuid: '{747f3d96-2c4a-5f5b-0000-0010a7b20300}', Hashes: 'SHA256=9F914D42706FE215501044ACD85A32D58AAEF1419D404FDDFA5D3B48F66CCD9F', Pad: '',
  }
  event.Pad = 'x'.repeat(size - 1 - Buffer.byteLength(JSON.stringify(event)))
  const bytes = Buffer.from(`${JSON.stringify(event)}\n`)
  return { bytes, sequenceAt: bytes.indexOf('N'.repeat(digits)), hostAt: bytes.indexOf('HHHH') }
}
const line = template()

/** NDJSON of `count` events whose sequence numbers start at `first`. */
export function events(first: number, count: number): Buffer {
  const body = Buffer.allocUnsafe(count * size)
  for (let i = 0; i < count; i++) {
    line.bytes.copy(body, i * size)
    body.write(String(first + i).padStart(digits, '0'), i * size + line.sequenceAt, 'latin1')
    body.write(String((first + i) % 1_000).padStart(4, '0'), i * size + line.hostAt, 'latin1')
  }
  return body
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

/** As shippers do: what a cut connection leaves open is sent again, under its Idempotency-Key. */
export async function postAgain(url: string, body: Buffer, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  for (let tries = 0; ; tries++) {
    try {
      return await post(url, body, headers)
    } catch (error) {
      if (tries === 3) throw error
      console.log(`sent again: ${(error as Error).message}`)
    }
  }
}

export function post(url: string, body: Buffer, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: 'POST', agent, headers: { ...headers, 'content-length': body.length } }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => { text += chunk.toString() })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
    })
    sending.on('error', reject)
    sending.end(body)
  })
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
}

function familyOf(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      parents.set(Number(name), Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1]))
    } catch {
      // It ended while we looked.
    }
  }
  return [...parents.keys()].filter((id) => {
    for (let up: number | undefined = id; up !== undefined && up > 1; up = parents.get(up)) if (up === pid) return true
    return false
  })
}

/** MiB in memory of a process and all below it, by command. */
export function memory(pid: number): Record<string, number> {
  const found: Record<string, number> = {}
  for (const id of familyOf(pid)) {
    try {
      const status = readFileSync(`/proc/${id}/status`, 'utf8')
      const command = readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0').slice(0, 2).map((part) => part.split('/').at(-1)).join(' ')
      found[command] = (found[command] ?? 0) + Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024
    } catch {
      // It ended while we looked.
    }
  }
  return Object.fromEntries(Object.entries(found).map(([command, mib]) => [command, Math.round(mib)]))
}

/** Seconds of processor time of a process and all below it, by thread: what an event costs, whatever else the machine does. */
export function processorTime(pid: number): Record<string, number> {
  const found: Record<string, number> = {}
  for (const id of familyOf(pid)) {
    try {
      const command = readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0').slice(0, 2).map((part) => part.split('/').at(-1)).join(' ')
      for (const task of readdirSync(`/proc/${id}/task`)) {
        const [, thread = '', rest = ''] = /\((.*)\) (.*)/.exec(readFileSync(`/proc/${id}/task/${task}/stat`, 'latin1')) ?? []
        const fields = rest.split(' ')
        const name = command.startsWith('postgres') ? 'postgres' : `${command} ${thread}`
        found[name] = (found[name] ?? 0) + (Number(fields[11]) + Number(fields[12])) / 100
      }
    } catch {
      // It ended while we looked.
    }
  }
  return found
}

export const machine = (): string => `${cpus().length} x ${cpus()[0]?.model ?? '?'}, Node ${process.version}`
