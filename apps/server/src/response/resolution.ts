// From the names that a client gives to the things that are meant. A name that fits several is never guessed at, and the same thing named twice is one target.
// Defended by response.integration.test.ts.
import type { IncidentBrief } from './ledger.ts'
import type { AssetFacts } from './policy.ts'
import { accountRail, blockRail, fold, readTarget } from './targets.ts'
import type { Network } from './targets.ts'
import type { Reason } from './texts.ts'
import type { ActionType } from './wire.ts'

export type TargetAsset = {
  readonly id: string; readonly kind: string; readonly name: string
  readonly siteId?: string | null; readonly class?: string | null; readonly tags?: readonly string[]; readonly criticality?: string
}
/** What this context needs of the asset graph: the asset that a name stands for, or the candidates where it fits several. */
export interface AssetsPort {
  resolve(tenantId: string, name: string, kind?: 'host' | 'user'): Promise<{ asset: TargetAsset | null; candidates: readonly TargetAsset[] }>
}

/** `effect` is the same for the same thing, whatever it was called. `problem`: why it can be no target. */
export type Resolved = AssetFacts & {
  readonly text: string; readonly effect: string; readonly host: string | null; readonly assetId: string | null
  readonly names: readonly string[]; readonly network: Network | null; readonly candidates: readonly string[]; readonly problem: Reason | null
}

type Found = { asset: TargetAsset | null; candidates: readonly TargetAsset[]; known: boolean }
const atOnce = 8
const nothing = { siteId: null, class: null, tags: [], criticality: null }
const factsOf = (asset: TargetAsset | null): AssetFacts =>
  (asset === null ? nothing : { siteId: asset.siteId ?? null, class: asset.class ?? null, tags: asset.tags ?? [], criticality: asset.criticality ?? null })

/** In the order given, each thing once. */
export async function resolveTargets(
  assets: AssetsPort, tenantId: string, action: ActionType, texts: readonly string[],
  incident: Pick<IncidentBrief, 'hosts' | 'users'> | null, managed: readonly Network[],
): Promise<Resolved[]> {
  const hosts = new Map<string, Promise<Found>>()
  const host = (name: string): Promise<Found> => {
    const known = hosts.get(fold(name))
    if (known !== undefined) return known
    const found = find('host', name, incident?.hosts ?? [])
    hosts.set(fold(name), found)
    return found
  }
  const find = async (kind: 'host' | 'user', name: string, ofIncident: readonly string[]): Promise<Found> => {
    const { asset, candidates } = await assets.resolve(tenantId, name, kind)
    if (asset !== null) return asset.kind === kind ? { asset, candidates: [], known: true } : { asset: null, candidates: [], known: false }
    // A host of the incident may be so new that the graph does not have it yet.
    return { asset: null, candidates, known: ofIncident.some((one) => fold(one) === fold(name)) }
  }

  const one = async (text: string): Promise<Resolved[]> => {
    const bad = (problem: Reason, candidates: readonly string[] = []): Resolved =>
      ({ ...nothing, text, effect: `${action} ? ${text}`, host: null, assetId: null, names: [text], network: null, candidates, problem })
    const target = readTarget(action, text)
    if (target === null) return [bad('target_malformed')]
    /** The host that it is about, then `make` with the name by which its effect is known. */
    const onHost = async (name: string, make: (key: string, host: string) => Pick<Resolved, 'text' | 'effect' | 'names'>): Promise<Resolved> => {
      const { asset, candidates, known } = await host(name)
      if (candidates.length > 1) return bad('target_ambiguous', candidates.map((each) => each.name))
      if (!known) return bad('unknown_target')
      return { ...factsOf(asset), host: asset?.name ?? name, assetId: asset?.id ?? null, network: null, candidates: [], problem: null, ...make(asset?.id ?? `name:${fold(name)}`, asset?.name ?? name) }
    }
    if (target.kind === 'host') return [await onHost(target.name, (key, name) => ({ text, effect: `${action} ${key}`, names: [...new Set([target.name, name, key])] }))]
    if (target.kind === 'network') {
      return [{ ...nothing, text, effect: `${action} ${target.text}`, host: null, assetId: null, names: [target.text], network: target.network, candidates: [], problem: blockRail(target.network, managed) }]
    }
    if (target.kind === 'file') return [await onHost(target.host, (key, name) => ({ text, effect: `${action} ${key}:${target.file}`, names: [target.host, name, key] }))]
    if (target.kind === 'hash') {
      const affected = incident?.hosts ?? []
      if (affected.length === 0) return [bad('unknown_target')]
      return Promise.all(affected.map((name) => onHost(name, (key, full) => ({ text: `${full}:${target.sha256}`, effect: `${action} ${key}:${target.sha256}`, names: [name, full, key] }))))
    }
    if (accountRail(target.name) !== null) return [bad('target_protected')]
    const { asset, candidates, known } = await find('user', target.name, incident?.users ?? [])
    if (candidates.length > 1) return [bad('target_ambiguous', candidates.map((each) => each.name))]
    if (known) {
      return [{
        ...factsOf(asset), text, effect: `${action} ${asset?.id ?? `name:${fold(target.name)}`}`, host: null, assetId: asset?.id ?? null,
        names: [...new Set([target.name, asset?.name ?? target.name, asset?.id ?? target.name])], network: null, candidates: [], problem: null,
      }]
    }
    // An account of a machine itself: it is enough to know the machine.
    const slash = target.name.lastIndexOf('\\')
    if (slash < 0) return [bad('unknown_target')]
    return [await onHost(target.name.slice(0, slash), (key) => ({ text, effect: `${action} ${key}\\${fold(target.name.slice(slash + 1))}`, names: [target.name] }))]
  }

  const unique = [...new Set(texts)]
  const resolved: Resolved[] = []
  for (let at = 0; at < unique.length; at += atOnce) resolved.push(...(await Promise.all(unique.slice(at, at + atOnce).map(one))).flat())
  const seen = new Set<string>()
  return resolved.filter(({ effect }) => !seen.has(effect) && seen.add(effect))
}
