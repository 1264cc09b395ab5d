// Whatever a real API answers, what stands in structuredContent is taken by the validator of the official client, which throws a call away otherwise.
import { readFileSync } from 'node:fs'
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv'
import type { Json, JsonObject } from '@haechi/mcp-wire'
import { readAnswer, readDocument, toTools } from '@haechi/openapi-tools'
import { expect, it } from 'vitest'
import { directorySpecs, drawn } from '../../specs.ts'
import { sample } from './sampling.ts'

/** Values turned to null, or into lists: what documents get wrong of their own answers. */
const spoilt = (value: Json, into: (member: Json) => Json): Json => JSON.parse(JSON.stringify(value), (key, member: Json) => (key !== '' && (key.length * 7 + JSON.stringify(member).length) % 4 === 0 ? into(member) : member)) as Json

it('answers of tools drawn from 150 specs, as declared and spoilt', { timeout: 240_000 }, async () => {
  let whole = 0
  let parts = 0
  for (const { name, file } of drawn(directorySpecs(), 150, (spec) => spec.name)) {
    const text = readFileSync(file, 'utf8')
    const read = text.length > 600_000 ? null : readDocument(text)
    if (read === null || !('document' in read)) continue
    const set = toTools(read.document)
    for (const tool of drawn(set.tools, 4, (one) => `${name} ${one.name}`)) {
      const { outputSchema } = set.definition(tool)
      const { operation } = tool
      const drawnValue = outputSchema === undefined ? undefined : sample(outputSchema, `${name} ${tool.name}`, { optional: 0.8, odd: true })
      if (outputSchema === undefined || drawnValue === undefined) continue
      const declared = operation.wrapped === null ? drawnValue : (drawnValue as JsonObject)['result']
      if (declared === undefined) continue
      const validate = new AjvJsonSchemaValidator().getValidator(outputSchema)
      for (const value of [declared, spoilt(declared, () => null), spoilt(declared, (member) => [member])]) {
        const { structuredContent, isError } = await readAnswer(operation, { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(value)) }, { outputSchema })
        expect(isError).toBeUndefined()
        const verdict = validate(structuredContent)
        expect(verdict.valid, `${name} ${tool.name}: ${verdict.errorMessage}`).toBe(true)
        if (value === declared) {
          expect(structuredContent, `${name} ${tool.name}`).toEqual(operation.wrapped === null ? value : { result: value })
          whole += 1
        } else parts += 1
      }
    }
  }
  console.log(`answers: ${whole} as declared and ${parts} spoilt, all valid; of those as declared nothing was left out`)
  expect(whole).toBeGreaterThan(200)
})
