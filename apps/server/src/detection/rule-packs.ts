// Packs of Sigma rules: checked when they are installed, read when they come into force, and kept in memory so that a stored copy that is damaged later, or a
// new thread, changes nothing of what is looked for. Defended by detection.integration.test.ts.
import { stat } from 'node:fs/promises'
import { HaechiError } from '../platform/errors.ts'
import type { Database } from '../platform/database.ts'
import type { Logger } from '../platform/log.ts'
import type { Pack, PackFile, PackKind, Packs } from '../platform/packs.ts'
import type { PackContent, PackText } from './rules.ts'
import { readPackAside, SearchFailed } from './searcher.ts'
import { packLicenses } from './store.ts'

const kind = 'sigma-rules'
export const ownPack = 'haechi-rules'

async function textsOf(files: readonly PackFile[]): Promise<PackText[]> {
  const texts: PackText[] = []
  for (const file of files) texts.push({ path: file.path, text: Buffer.from(await file.read()).toString('utf8') })
  return texts
}

export const sigmaRules: PackKind = {
  kind, extensions: ['.yml', '.yaml'],
  async validate(files) {
    try {
      const { rules, filters, rejected } = await readPackAside(await textsOf(files))
      return { accepted: rules.length + filters, rejected }
    } catch (error) {
      // Rules that end their thread would end detection's too.
      if (!(error instanceof SearchFailed)) throw error
      return { accepted: 0, rejected: [{ file: '', line: null, code: 'reading_failed', reason: error.message }] }
    }
  },
}

export type PackState = 'in_force' | 'source_missing' | 'damaged'
export type RulePack = Pack & { readonly license: string | null; readonly state: PackState }

export function openRulePacks({ packs, database, log }: { packs: Packs; database: Database; log: Logger }) {
  /** By pack and version. */
  const contents = new Map<string, PackContent>()
  /** What was last read of a pack, by its place. */
  const latest = new Map<string, string>()
  const damaged = new Set<string>()
  packs.register(sigmaRules)

  const placeOf = ({ tenantId, name }: Pick<Pack, 'tenantId' | 'name'>) => `${tenantId ?? '*'}/${name}`

  /** A tenant's own packs first, which stand for those of the same name for all. */
  async function chosen(tenantId: string): Promise<Pack[]> {
    const all = (await packs.list(tenantId)).filter((pack) => pack.kind === kind)
    const own = all.filter((pack) => pack.tenantId !== null)
    return [...own, ...all.filter((pack) => pack.tenantId === null && !own.some(({ name }) => name === pack.name))]
  }

  async function read(pack: Pack, license: string | null): Promise<PackContent | null> {
    const key = `${pack.name}@${pack.version}#${license ?? ''}`
    const known = contents.get(key)
    if (known !== undefined) return known
    try {
      const content = { key, name: pack.name, version: pack.version, license, files: await textsOf(await packs.files(pack)) }
      contents.set(key, content)
      damaged.delete(placeOf(pack))
      return content
    } catch (error) {
      if (!(error instanceof HaechiError) || error.code !== 'pack_damaged') throw error
      const before = contents.get(latest.get(placeOf(pack)) ?? '') ?? null
      damaged.add(placeOf(pack))
      log.error({ code: error.code, pack: pack.name, tenant: pack.tenantId, kept: before?.version ?? null }, error.message)
      return before
    }
  }

  return {
    /** What is in force for a tenant, the first pack before the others. Reads what was not read yet. */
    async inForce(tenantId: string): Promise<PackContent[]> {
      const licenses = await database.read(tenantId, packLicenses)
      const found: PackContent[] = []
      for (const pack of await chosen(tenantId)) {
        const content = await read(pack, licenses.get(placeOf(pack)) ?? null)
        if (content === null) continue
        latest.set(placeOf(pack), content.key)
        found.push(content)
      }
      return found
    },
    /** Forgets contents that nobody names any more. */
    keep(named: ReadonlySet<string>): void {
      for (const [place, key] of latest) if (!named.has(key)) latest.delete(place)
      for (const key of contents.keys()) if (!named.has(key)) contents.delete(key)
    },
    /** With tenantId null every pack of every tenant. */
    async list(tenantId: string | null): Promise<RulePack[]> {
      const all = (await packs.list(tenantId)).filter((pack) => pack.kind === kind)
      const licenses = tenantId === null ? await database.platform(packLicenses) : await database.read(tenantId, packLicenses)
      return await Promise.all(all.map(async (pack) => ({ ...pack, license: licenses.get(placeOf(pack)) ?? null, state: await stateOf(pack) })))
    },
  }

  async function stateOf(pack: Pack): Promise<PackState> {
    // The list of its files is read anew: it may have gone since.
    if (damaged.has(placeOf(pack)) || await packs.files(pack).then(() => false, () => true)) return 'damaged'
    return await stat(pack.source.path).then(() => 'in_force', () => 'source_missing')
  }
}
export type RulePacks = ReturnType<typeof openRulePacks>
export const packNameOf = (name: string, tenantId: string | null) => ({ kind, name, tenantId })
