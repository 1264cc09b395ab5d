// Whether a scan may begin: the machine's own addresses need no proof, others a scope of their owner, which outputs repeat. Defended by
// tests/e2e/templates.test.ts and commands/scan.integration.test.ts.
import { readFile } from 'node:fs/promises'
import { HaechiError } from '@haechi/server/errors'
import { readScope } from '@haechi/server/scan-network'
import type { ScanNetwork, Scope } from '@haechi/server/scan-network'
import type { Context } from '../context.ts'
import { safe } from '../layout.ts'
import { unreadableFile } from '../unreadable-file.ts'

/** Errors: file_unreadable, scan_scope_invalid. */
export async function scopeOf(file: string): Promise<Scope> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw unreadableFile(file, error)
  }
  return readScope(text, file)
}

/** A name that leads nowhere costs only itself (`instead` tells what else it may be good for); a target without its owner's consent ends everything before anything is sent. */
export async function permitted<T extends { readonly host: string; readonly input: string }>(context: Context, network: ScanNetwork, targets: readonly T[], instead: (target: T) => Promise<boolean> = () => Promise.resolve(false)): Promise<{ readonly targets: readonly T[]; readonly own: boolean; readonly refused: number }> {
  const reached: T[] = []
  let own = true
  let refused = 0
  for (const target of targets) {
    try {
      own = (await network.permit(target.host)).own && own
      reached.push(target)
    } catch (error) {
      if (!(error instanceof HaechiError) || error.code !== 'scan_target_unresolved') throw error
      if (await instead(target)) continue
      refused++
      context.report(error, target.input)
    }
  }
  return { targets: reached, own, refused }
}

/** As outputs repeat it. */
export const scopeAnswer = (scope: Scope | null): { readonly scope?: { readonly owner: string; readonly until: string; readonly targets: readonly string[] } } =>
  (scope === null ? {} : { scope: { owner: scope.owner, until: new Date(scope.until).toISOString(), targets: scope.targets } })

export function showScope(context: Context, scope: Scope): void {
  const { owner, targets, until } = scope
  const end = new Date(until).toISOString()
  if (context.json) context.err.write(`${JSON.stringify(scopeAnswer(scope))}\n`)
  else context.err.write(`${safe(context.text('scan_scope', { owner, until: end, targets: targets.slice(0, 10).join(', ') + (targets.length > 10 ? ', …' : '') }))}\n`)
}
