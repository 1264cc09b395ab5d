// The history of a repository as texts to look through: each blob with the commit that brought it, at each path where HEAD has it, else once at the path it had
// there. Parents come before their children, and of unrelated commits the older first. Held against git in history.integration.test.ts.
import { GitProblem, openObjects } from './objects.ts'
import type { GitFiles, GitObject, Objects } from './objects.ts'

export type Commit = {
  readonly id: string
  readonly author: string
  readonly email: string
  /** Of authoring and of committing, milliseconds since 1970. */
  readonly authoredAt: number
  readonly committedAt: number
  readonly parents: readonly string[]
  readonly tree: string
  readonly subject: string
}

export type BlobPlace = {
  readonly id: string
  /** '' where no commit holds it. */
  readonly path: string
  /** The first that holds it, of those that branches and tags reach, else of the others; null: none does. */
  readonly commit: Commit | null
}

export type Repository = {
  readonly objects: Objects
  readonly commits: readonly Commit[]
  /** What no branch, tag or log of them reaches any more (amended, pushed over). Known when all blobs were told. */
  readonly unreached: readonly Commit[]
  /** Every blob, in the order of the commits; then those of commits that nothing reaches, then those of none. Once, and as it goes: trees are read when their blobs are asked for. */
  readonly blobs: IteratorObject<BlobPlace, void>
  /** Paths of the commit that HEAD names, and the blobs there: what is there now. A folder that it holds more than once counts at its first place. */
  readonly present: ReadonlyMap<string, string>
  /** What could not be read so far; the rest is whole. */
  readonly problems: readonly GitProblem[]
}

const longestPath = 4_096
const deepestTree = 512

/** `files` in the folder of the repository itself ('.git', or a bare one). Errors: GitProblem not_a_repository. */
export function readRepository(files: GitFiles): Repository {
  const text = (path: string): string | null => {
    const bytes = files.read(path, 0, 16 * 1_048_576)
    return bytes === null ? null : Buffer.from(bytes).toString('utf8')
  }
  if (text('HEAD') === null || (files.list('objects').length === 0 && text('objects/info/alternates') === null)) throw new GitProblem('not_a_repository', 'HEAD', 'there is no HEAD with objects beside it')
  const objects = openObjects(files, /^\s*objectformat\s*=\s*sha256\s*$/im.test(text('config') ?? '') ? 32 : 20)
  const problems: GitProblem[] = [...objects.problems]
  const read = (id: string): GitObject | null => {
    try {
      return objects.read(id)
    } catch (error) {
      if (!(error instanceof GitProblem)) throw error
      if (!problems.some(({ place }) => place === error.place)) problems.push(error)
      return null
    }
  }
  // Every commit is still told, but which of them is there now stands where only git reads it (gitformat-reftable(5)).
  if (/^\s*refstorage\s*=\s*reftable\b/im.test(text('config') ?? '')) problems.push(new GitProblem('refs_unsupported', 'reftable', 'branches are kept in reftables; "git refs migrate --ref-format=files" writes them as files'))
  const shallow = new Set((text('shallow') ?? '').split('\n'))
  const commits = inOrder(tips(files, text, objects.idBytes), read, shallow)
  const present = new Map<string, string>()
  const standing = new Map<string, string[]>()
  const looked = new Set<string>()
  const now = (tree: string, folder: string, depth: number): void => {
    if (looked.has(tree) || depth > deepestTree || folder.length > longestPath) return
    looked.add(tree)
    const object = read(tree)
    if (object?.type !== 'tree') return
    for (const { mode, name, id } of entries(object.bytes, objects.idBytes) ?? []) {
      const path = folder + name
      if (mode === '40000') now(id, `${path}/`, depth + 1)
      else if (mode !== '160000') {
        present.set(path, id)
        const places = standing.get(id)
        if (places === undefined) standing.set(id, [path])
        else places.push(path)
      }
    }
  }
  const head = headOf(text)
  const current = commits.find(({ id }) => id === head)
  if (current !== undefined) now(current.tree, '', 0)

  const unreached: Commit[] = []
  const seen = new Set<string>()
  function* walk(tree: string, folder: string, commit: Commit, depth: number): Generator<BlobPlace, void> {
    if (seen.has(tree) || depth > deepestTree || folder.length > longestPath) return
    seen.add(tree)
    const object = read(tree)
    if (object === null || object.type !== 'tree') return
    const all = entries(object.bytes, objects.idBytes)
    if (all === null) problems.push(new GitProblem('object_corrupt', tree, `the tree ${tree} is cut off`))
    for (const { mode, name, id } of all ?? []) {
      const path = folder + name
      if (mode === '40000') yield* walk(id, `${path}/`, commit, depth + 1)
      // 160000: another repository's commit.
      else if (mode !== '160000' && !seen.has(id)) {
        seen.add(id)
        for (const place of standing.get(id) ?? [path]) yield { id, path: place, commit }
      }
    }
  }
  function* everyBlob(): Generator<BlobPlace, void> {
    for (const commit of commits) yield* walk(commit.tree, '', commit, 0)
    const known = new Set(commits.map(({ id }) => id))
    const others = { commit: new Set<string>(), blob: new Set<string>() }
    for (const id of objects.ids()) {
      const type = seen.has(id) || known.has(id) ? null : read(id)?.type
      if (type === 'commit' || type === 'blob') others[type].add(id)
    }
    for (const commit of inOrder(others.commit, read, shallow)) {
      if (known.has(commit.id)) continue
      unreached.push(commit)
      yield* walk(commit.tree, '', commit, 0)
    }
    for (const id of others.blob) if (!seen.has(id)) yield { id, path: '', commit: null }
  }
  return { objects, commits, unreached, blobs: everyBlob(), present, problems }
}

/** Of a tree; null where it is cut off. */
function entries(bytes: Buffer, idBytes: number): { readonly mode: string; readonly name: string; readonly id: string }[] | null {
  const all: { readonly mode: string; readonly name: string; readonly id: string }[] = []
  for (let at = 0; at < bytes.length;) {
    const blank = bytes.indexOf(32, at)
    const end = bytes.indexOf(0, blank)
    if (blank === -1 || end === -1 || end + 1 + idBytes > bytes.length) return null
    all.push({ mode: bytes.toString('latin1', at, blank), name: bytes.toString('utf8', blank + 1, end), id: bytes.toString('hex', end + 1, end + 1 + idBytes) })
    at = end + 1 + idBytes
  }
  return all
}

/** The commit that HEAD names, directly or by its branch; null: none yet. */
function headOf(text: (path: string) => string | null): string | null {
  const head = text('HEAD')?.trim() ?? ''
  const branch = /^ref: (\S+)$/.exec(head)?.[1]
  if (branch === undefined) return head
  const loose = text(branch)?.trim()
  if (loose !== undefined) return loose
  return (text('packed-refs') ?? '').split('\n').find((line) => line.endsWith(` ${branch}`))?.split(' ')[0] ?? null
}

/** What branches, tags, stashes and HEAD name. */
function tips(files: GitFiles, text: (path: string) => string | null, idBytes: number): Set<string> {
  const id = new RegExp(`^[0-9a-f]{${idBytes * 2}}$`)
  const found = new Set<string>()
  const take = (written: string | null): void => {
    const named = written?.trim() ?? ''
    if (id.test(named)) found.add(named)
  }
  const below = (folder: string, depth: number): void => {
    if (depth > 32) return
    for (const name of files.list(folder)) {
      const path = `${folder}/${name}`
      const written = text(path)
      if (written === null) below(path, depth + 1)
      else take(written)
    }
  }
  for (const name of ['HEAD', 'ORIG_HEAD', 'FETCH_HEAD', 'MERGE_HEAD']) for (const line of (text(name) ?? '').split('\n')) take(line.split(/\s/)[0] ?? null)
  below('refs', 0)
  below('worktrees', 0)
  for (const line of (text('packed-refs') ?? '').split('\n')) take(line.replace(/^\^/, '').split(' ')[0] ?? null)
  // What a branch pointed to before somebody rewrote it is no longer reached by any name, but it is still there.
  const logs = (folder: string, depth: number): void => {
    if (depth > 32) return
    for (const name of files.list(folder)) {
      const written = text(`${folder}/${name}`)
      if (written === null) logs(`${folder}/${name}`, depth + 1)
      else for (const line of written.split('\n')) for (const each of line.split(' ', 2)) if (!/^0+$/.test(each)) take(each)
    }
  }
  logs('logs', 0)
  return found
}

function inOrder(start: ReadonlySet<string>, read: (id: string) => GitObject | null, shallow: ReadonlySet<string>): Commit[] {
  const commits = new Map<string, Commit | null>()
  const rank = new Map<string, number>()
  const order: Commit[] = []
  for (const tip of start) {
    const stack: { readonly id: string; next: number }[] = [{ id: tip, next: 0 }]
    while (stack.length > 0) {
      const top = stack.at(-1)!
      if (!commits.has(top.id)) commits.set(top.id, commitOf(top.id, read))
      const commit = commits.get(top.id) ?? null
      const parents = commit === null || shallow.has(commit.id) ? [] : commit.parents
      const parent = parents[top.next++]
      if (parent !== undefined) {
        if (!commits.has(parent)) stack.push({ id: parent, next: 0 })
        continue
      }
      stack.pop()
      if (commit === null || rank.has(commit.id)) continue
      // Clocks of people differ: a child is never before its parents.
      rank.set(commit.id, Math.max(commit.committedAt, ...parents.map((each) => (rank.get(each) ?? -Infinity) + 1)))
      order.push(commit)
    }
  }
  return order.map((commit, at) => ({ commit, at })).toSorted((a, b) => rank.get(a.commit.id)! - rank.get(b.commit.id)! || a.at - b.at).map(({ commit }) => commit)
}

/** null: no commit, or none that is there. A tag is what it names. */
function commitOf(id: string, read: (id: string) => GitObject | null): Commit | null {
  let object = read(id)
  for (let hops = 0; object?.type === 'tag' && hops < 8; hops++) {
    const named: string = /^object ([0-9a-f]+)$/m.exec(object.bytes.toString('latin1', 0, 200))?.[1] ?? ''
    object = named === '' ? null : read(named)
    if (object?.type === 'commit') return parsed(named, object)
  }
  return object?.type === 'commit' ? parsed(id, object) : null
}

function parsed(id: string, { bytes }: GitObject): Commit {
  const text = bytes.toString('utf8')
  const end = text.indexOf('\n\n')
  const head = end === -1 ? text : text.slice(0, end)
  const all = (name: string): string[] => [...head.matchAll(new RegExp(`^${name} (.*)$`, 'gm'))].map((found) => found[1]!)
  const person = (name: string): { author: string; email: string; at: number } => {
    const [, author = '', email = '', seconds = '0'] = /^(.*?) ?<([^>]*)> (\d{1,12})/.exec(all(name)[0] ?? '') ?? []
    return { author, email, at: Number(seconds) * 1_000 }
  }
  const author = person('author')
  return { id, author: author.author, email: author.email, authoredAt: author.at, committedAt: person('committer').at, parents: all('parent'), tree: all('tree')[0] ?? '', subject: end === -1 ? '' : (text.slice(end + 2).split('\n', 1)[0] ?? '').slice(0, 200) }
}
