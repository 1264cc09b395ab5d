// Writes src/vocabulary.ts: fragments of words by how often they stand in the texts and the code of this project, joined pair by pair (Sennrich, Haddow and Birch,
// "Neural machine translation of rare words with subword units", 2016). Run it by hand: node engines/secrets/vocabulary.generate.ts
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const MERGES = 2_000
const root = join(import.meta.dirname, '../..')
const counts = new Map<string, number>()
for (const path of execFileSync('git', ['-C', root, 'ls-files', '*.md', '*.ts', '*.svelte'], { encoding: 'utf8' }).trim().split('\n')) {
  if (path.endsWith('vocabulary.ts')) continue
  const text = readFileSync(join(root, path), 'utf8').replaceAll(/([a-z])(?=[A-Z])/g, '$1 ').toLowerCase()
  for (const [word] of text.matchAll(/[a-z]{2,24}/g)) counts.set(word, (counts.get(word) ?? 0) + 1)
}
let words = [...counts].filter(([, count]) => count > 1).map(([word, count]) => ({ parts: word.split(''), count: Math.sqrt(count) }))
const found: string[] = []
while (found.length < MERGES) {
  const pairs = new Map<string, number>()
  for (const { parts, count } of words) for (let at = 1; at < parts.length; at += 1) {
    const pair = `${parts[at - 1]} ${parts[at]}`
    pairs.set(pair, (pairs.get(pair) ?? 0) + count)
  }
  const [best] = [...pairs].reduce((one, other) => (other[1] > one[1] || (other[1] === one[1] && other[0] < one[0]) ? other : one), ['', 0] as [string, number])
  if (best === '') break
  const [left, right] = best.split(' ') as [string, string]
  for (const word of words) {
    const { parts } = word
    for (let at = 1; at < parts.length; at += 1) if (parts[at - 1] === left && parts[at] === right) parts.splice(at - 1, 2, left + right)
  }
  words = words.filter(({ parts }) => parts.length > 1)
  found.push(left + right)
}
const lines: string[] = []
for (const fragment of found.toSorted()) {
  if (lines.length === 0 || lines.at(-1)!.length + fragment.length > 150) lines.push(fragment)
  else lines[lines.length - 1] += ` ${fragment}`
}
writeFileSync(join(import.meta.dirname, 'src/vocabulary.ts'), `// Fragments of words of this project's own texts, written by vocabulary.generate.ts.\nexport const vocabulary = \`\n${lines.join('\n')}\n\`\n`)
