import type { Command } from '../command.ts'
import { probeDns } from './probe-dns.ts'
import { probeHttp } from './probe-http.ts'
import { probeTls } from './probe-tls.ts'

export const probeCommands: readonly Command[] = [probeDns, probeHttp, probeTls]
