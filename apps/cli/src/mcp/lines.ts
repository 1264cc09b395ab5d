// The line of a place in a document, for those who have to change it. JSON is read to the letter; of YAML the block style, which documents are written in:
// what stands in braces is at the line where these begin. Defended by lines.test.ts (drawn documents, each place looked up in what was written).

/** Lines from 1 by JSON pointer ('#/paths/~1users/get'); of what is not found, that of the nearest thing around it. */
export function linesOf(text: string, pointers: Iterable<string>): ReadonlyMap<string, number> {
  const places = /^\s*[{[]/.test(text.slice(0, 1_000)) ? linesOfJson(text) : linesOfYaml(text)
  const found = new Map<string, number>()
  for (const pointer of pointers) {
    let at = pointer.startsWith('#') ? decoded(pointer) : ''
    while (!places.has(at) && at !== '') at = at.slice(0, at.lastIndexOf('/'))
    found.set(pointer, places.get(at) ?? 1)
  }
  return found
}

/** Deeper places are not asked for: an operation stands at paths, its path and its method. */
const deepest = 4
const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')

function decoded(pointer: string): string {
  try {
    return decodeURIComponent(pointer.slice(1))
  } catch {
    return pointer.slice(1)
  }
}

function linesOfJson(text: string): Map<string, number> {
  const found = new Map([['', 1]])
  const path: (string | number)[] = []
  let line = 1
  let key: string | null = null
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '\n') line++
    else if (char === '"') {
      const from = at
      while (++at < text.length && text[at] !== '"') if (text[at] === '\\') at++
      if (path.length <= deepest) key = nameOf(text.slice(from, at + 1))
    } else if (char === ':' && key !== null) {
      if (path.length > 0 && path.length <= deepest) {
        path[path.length - 1] = key
        const pointer = path.map((part) => `/${escaped(String(part))}`).join('')
        // A name that is there twice means the last one, as JSON.parse has it.
        found.set(pointer, line)
      }
      key = null
    } else if (char === '{') path.push('')
    else if (char === '[') path.push(0)
    else if (char === '}' || char === ']') path.pop()
    else if (char === ',') {
      const index = path[path.length - 1]
      if (typeof index === 'number') path[path.length - 1] = index + 1
    }
  }
  return found
}

function nameOf(quoted: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch {
    return quoted.slice(1, -1)
  }
}

const yamlKey = /^( *)(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^\s#"'{}[\],&*!|>%@`-][^\n]*?|-[^\s][^\n]*?)) *:(?: |$)/

function linesOfYaml(text: string): Map<string, number> {
  const found = new Map([['', 1]])
  const path: { readonly indent: number; readonly pointer: string }[] = []
  let number = 0
  for (const line of text.split(/\r?\n/)) {
    number++
    const indent = line.search(/[^ ]/)
    if (indent === -1) continue
    // What looks like a name in a text over several lines stands deeper than the text's own name, where nothing is looked for.
    const [, , double, single, plain] = yamlKey.exec(line) ?? []
    const name = double === undefined ? single?.replaceAll("''", "'") ?? plain : nameOf(`"${double}"`)
    if (name === undefined) continue
    while ((path.at(-1)?.indent ?? -1) >= indent) path.pop()
    const pointer = `${path.at(-1)?.pointer ?? ''}/${escaped(name)}`
    path.push({ indent, pointer })
    if (path.length <= deepest) found.set(pointer, number)
  }
  return found
}
