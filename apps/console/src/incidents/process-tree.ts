// What started what, as rows to draw: parents above children, the way to every process with an alert marked, quiet siblings folded.
// Holds for any input: a guid that is missing, doubled or its own ancestor never hides a process. Defended by process-tree.test.ts.
import type { ProcessNode } from '../../../server/src/incidents/wire.ts'

/** A row of the drawing. `rails[i]` says whether the line of the ancestor at depth i goes on below; `last`: no sibling follows. */
export type TreeRow =
  | { type: 'host'; key: string; host: string | null }
  | { type: 'process'; key: string; node: ProcessNode; depth: number; rails: boolean[]; last: boolean; onBadPath: boolean; children: number }
  | { type: 'folded'; key: string; depth: number; rails: boolean[]; last: boolean; count: number; parentKey: string }

type Branch = { key: string; node: ProcessNode; children: Branch[]; onBadPath: boolean; size: number }

/** Quiet siblings (no alert on or below them) beyond this many are folded into one row. */
const quietShown = 2

/** `opened` has the keys of parents whose folded children are shown. */
export function treeRows(processes: readonly ProcessNode[], opened: ReadonlySet<string> = new Set()): TreeRow[] {
  const rows: TreeRow[] = []
  const hosts = new Map<string | null, ProcessNode[]>()
  for (const node of processes) {
    const list = hosts.get(node.host)
    if (list === undefined) hosts.set(node.host, [node])
    else list.push(node)
  }
  for (const [host, nodes] of hosts) {
    rows.push({ type: 'host', key: `host:${host ?? ''}`, host })
    emit(grow(nodes, host ?? ''), 0, [], `host:${host ?? ''}`)
  }
  return rows

  function emit(branches: Branch[], depth: number, rails: boolean[], parentKey: string): void {
    const quiet = branches.filter((branch) => !branch.onBadPath)
    const fold = !opened.has(parentKey) && quiet.length > quietShown && quiet.length < branches.length
    const shown = fold ? branches.filter((branch) => branch.onBadPath) : branches
    shown.forEach((branch, index) => {
      const last = index === shown.length - 1 && !fold
      rows.push({ type: 'process', key: branch.key, node: branch.node, depth, rails, last, onBadPath: branch.onBadPath, children: branch.children.length })
      emit(branch.children, depth + 1, [...rails, !last], branch.key)
    })
    if (fold) rows.push({ type: 'folded', key: `fold:${parentKey}`, depth, rails, last: true, count: quiet.reduce((sum, branch) => sum + branch.size, 0), parentKey })
  }
}

function grow(nodes: readonly ProcessNode[], host: string): Branch[] {
  const ordered = nodes.map((node, index) => ({ node, index })).sort((a, b) => Date.parse(a.node.at) - Date.parse(b.node.at) || a.index - b.index)
  const branches = ordered.map(({ node, index }): Branch => ({ key: `${host}/${node.guid}/${index}`, node, children: [], onBadPath: false, size: 1 }))
  const byGuid = new Map<string, Branch>()
  for (const branch of branches) if (!byGuid.has(branch.node.guid)) byGuid.set(branch.node.guid, branch)
  const parents = new Map<Branch, Branch>()
  const roots: Branch[] = []
  for (const branch of branches) {
    const parent = branch.node.parent_guid === null ? undefined : byGuid.get(branch.node.parent_guid)
    if (parent === undefined || descends(parent, branch, parents)) roots.push(branch)
    else {
      parents.set(branch, parent)
      parent.children.push(branch)
    }
  }
  for (const branch of branches) {
    if (branch.node.bad) for (let at: Branch | undefined = branch; at !== undefined && !at.onBadPath; at = parents.get(at)) at.onBadPath = true
    for (let at = parents.get(branch); at !== undefined; at = parents.get(at)) at.size++
  }
  return roots
}

function descends(branch: Branch, from: Branch, parents: ReadonlyMap<Branch, Branch>): boolean {
  for (let at: Branch | undefined = branch; at !== undefined; at = parents.get(at)) if (at === from) return true
  return false
}

/** `C:\Windows\System32\cmd.exe` and `/usr/bin/bash` by their last part. */
export function imageName(image: string | null): string {
  if (image === null || image === '') return '?'
  return image.slice(Math.max(image.lastIndexOf('\\'), image.lastIndexOf('/')) + 1) || image
}
