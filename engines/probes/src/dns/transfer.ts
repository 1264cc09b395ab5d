// Zone transfer (AXFR, RFC 5936). The other side may send for ever, records of other zones, or answers to other questions: a transfer ends at its own bounds, keeps
// what belongs to the zone, and says whether it is whole. Defended by transfer.test.ts.
import type { Bytes } from '../bytes.ts'
import type { DnsQuery, DnsRecord } from '../dns-message.ts'
import type { ProbeFault, ProbeRun } from '../model.ts'
import { NetworkError } from '../network.ts'
import { canonicalName, isWithin } from './names.ts'
import { answerTo, questionFor, serverAt } from './server.ts'
import { DnsStream } from './stream.ts'

export type Transfer = {
  /** `cut`: records came, but not all, or more than is taken. `empty`: the server agreed and sent nothing but the SOA record. */
  readonly status: 'whole' | 'cut' | 'empty' | 'refused' | 'failed'
  readonly records: readonly DnsRecord[]
  /** Records of other zones, not kept. */
  readonly foreign: number
  readonly fault: ProbeFault | null
}

const mostRecords = 100_000
const mostBytes = 16_777_216
const longestMs = 60_000

/** `server`: 'ADDRESS' or 'ADDRESS:PORT'. Throws only NetworkError `cancelled`. */
export async function transferZone(zone: Bytes, server: string, run: ProbeRun): Promise<Transfer> {
  const place = `${zone} AXFR @${server}`
  const records: DnsRecord[] = []
  let foreign = 0
  let begun = false
  const end = (status: Transfer['status'], fault: ProbeFault | null = null): Transfer => ({ status, records, foreign, fault })
  const apex = canonicalName(zone)
  const query: DnsQuery = { id: run.random() & 0xffff, name: zone === '' ? '.' : zone, type: 'AXFR', class: 'IN', recursion: false, authenticData: false }
  const until = run.now() + longestMs
  let stream: DnsStream | null = null
  try {
    stream = await DnsStream.open(serverAt(server, 53), false, run)
    await stream.send(questionFor(query, server))
    for (let bytes = 0; ;) {
      const data = await stream.receive()
      bytes += data.length
      const { message } = answerTo(query, data, server, begun)
      if (message.rcode !== 0) return end(begun ? 'cut' : 'refused', begun ? { place, fault: 'protocol_error', message: { en: `the server ends with return code ${message.rcode}`, ko: `서버가 응답 코드 ${message.rcode}(으)로 전송을 끝냄` } } : null)
      for (const record of message.answer) {
        const name = canonicalName(record.name)
        if (!begun && (record.type !== 'SOA' || name !== apex)) return end('failed', { place, fault: 'protocol_error', message: { en: 'the transfer does not begin with the SOA record of the zone', ko: '영역의 SOA 레코드로 시작하지 않는 전송' } })
        if (begun && record.type === 'SOA' && name === apex) return end(records.length > 1 ? 'whole' : 'empty')
        begun = true
        if (isWithin(name, apex)) records.push(record)
        else foreign++
      }
      if (!begun) return end('refused')
      if (records.length + foreign > mostRecords || bytes > mostBytes || run.now() > until) return end('cut', { place, fault: 'budget_exceeded', message: { en: `the transfer was ended after ${records.length + foreign} records and ${bytes} bytes`, ko: `레코드 ${records.length + foreign}개, ${bytes}바이트를 받고 전송을 중단함` } })
    }
  } catch (error) {
    if (!(error instanceof NetworkError) || error.fault === 'cancelled') throw error
    // Servers that refuse often just hang up.
    if (!begun && error.fault === 'closed') return end('refused')
    return end(records.length > 0 ? 'cut' : 'failed', { place, fault: error.fault, message: error.text })
  } finally {
    stream?.close()
  }
}
