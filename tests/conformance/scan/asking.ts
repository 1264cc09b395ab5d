// Probes of ours, run beside the hosts of the lab.
import { fileURLToPath } from 'node:url'
import type { PortReport, Service, TlsReport } from '@haechi/probes'
import type { Question } from '../../lab/ask.ts'
import type { Lab } from '../../lab/lab.ts'

const program = fileURLToPath(new URL('../../lab/ask.ts', import.meta.url))
type AnswerTo<Q extends Question> = Q['about'] extends 'ports' ? PortReport : Q['about'] extends 'tls' ? TlsReport : readonly Service[]

/** In one process, so that the first question pays for its start. `ms`: of the probe alone. */
export async function ask<Q extends Question>(lab: Lab, questions: readonly Q[]): Promise<readonly { readonly answer: AnswerTo<Q>; readonly ms: number }[]> {
  const { code, stdout, stderr } = await lab.exec([process.execPath, program], { input: JSON.stringify(questions) })
  if (code !== 0) throw new Error(`${program}: ${stderr}`)
  return stdout.trim().split('\n').map((line) => JSON.parse(line) as { answer: AnswerTo<Q>; ms: number })
}
