// The helper functions of expressions (docs.projectdiscovery.io/templates/reference/helper-functions). Each takes its arguments evaluated and answers with a value or
// throws an EvaluationError. Defended by dsl/functions.test.ts, a table of documented cases for each.
import type { Bytes } from '../model.ts'
import { cryptography } from './cryptography.ts'
import { encodings } from './encodings.ts'
import { random } from './random.ts'
import { text } from './text.ts'
import { times } from './times.ts'
import { versions } from './versions.ts'
import type { HelperFunction } from './helper-function.ts'

/** Known by name, so that a template that asks for one is told what it lacks. */
const unsupported: Readonly<Record<string, string>> = {
  jarm: 'it opens ten TLS connections of its own',
  resolve: 'it asks a resolver by itself; a dns block does so within the scope',
  public_ip: 'it asks a server of the internet for the own address',
  llm_prompt: 'it asks a language model of the internet',
  generate_dotnet_gadget: 'it writes serialized .NET objects that run commands',
  cookie_unsign: 'it tries a list of known secrets',
  wappalyzer: 'it needs a database of technologies',
}

const byName = new Map<string, HelperFunction | string>()
for (const table of [text, encodings, cryptography, random, times, versions])
  for (const [name, one] of Object.entries(table)) {
    byName.set(name, one)
    byName.set(name.replaceAll('_', ''), one)
  }
for (const [name, reason] of Object.entries(unsupported)) {
  byName.set(name, reason)
  byName.set(name.replaceAll('_', ''), reason)
}

/** The function; a text says why it is not to be had here; undefined: there is none of this name. */
export const helperFunction = (name: Bytes): HelperFunction | string | undefined => byName.get(name)

/** All names, those of functions that are not to be had included. */
export const functionNames: readonly string[] = [...byName.keys()]
