// Reads the conformance vectors (tests/conformance/sigma, whose README says what they are). Not part of the engine's face.
import { readFileSync, readdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { CORE_SCHEMA, intCoreTag, load } from 'js-yaml'
import type { LogSource } from './index.ts'

export type Event = Record<string, unknown>

/** One firing: the name of a rule, or with what a correlation says of it. */
export type Firing = string | { name: string; value?: number; group?: Record<string, string> }

export type Step = { at?: number; logsource?: LogSource; event: Event; fires: Firing[] }

export type Vector = {
  id: string
  shows: string
  spec?: string
  decided?: string
  placeholders?: Record<string, string[]>
  /** A YAML stream of Sigma documents. */
  rules: string
  matches?: Event[]
  misses?: Event[]
  events?: Step[]
  refused?: { line: number; code: string }[]
  /** Names of the documents that load beside refused ones. */
  loads?: string[]
}

const FOLDER = resolve(import.meta.dirname, '../../../tests/conformance/sigma')

/** Digits that a double does not hold stay as they are written, so that engines are given them so. */
const SCHEMA = CORE_SCHEMA.withTags({
  ...intCoreTag,
  resolve: (source, ...more) => (/^-?\d{16,}$/.test(source) ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source) : intCoreTag.resolve(source, ...more)),
})

/** By topic, which is the name of the file. */
export function vectors(): Map<string, Vector[]> {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yml')).toSorted()
  return new Map(files.map((name) => [basename(name, '.yml'), (load(readFileSync(join(FOLDER, name), 'utf8'), { schema: SCHEMA }) as { vectors: Vector[] }).vectors]))
}
