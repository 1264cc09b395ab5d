// All public templates: each is read or refused with a code, what is called runnable compiles in every piece, and a cache gives the same.
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { corpusFiles, isTemplateFile, missingTemplates } from '../../../tests/templates-corpus.ts'
import { fromCache, toCache } from './cache.ts'
import { readLibrary } from './library.ts'
import { compileOperators, defaultParts } from './operators.ts'
import { createReader } from './read.ts'

test.skipIf(missingTemplates !== false)(`the public templates${missingTemplates === false ? '' : `: ${missingTemplates}`}`, { timeout: 120_000 }, () => {
  const files = corpusFiles()!
  const contents = new Map(files.map(({ path, content }) => [path, content]))
  const templates = files.filter(({ path }) => isTemplateFile(path))
  expect(templates).toHaveLength(12_534)
  const library = readLibrary(templates, { payloadFile: (path) => contents.get(path) ?? null })

  const verdicts = [...library.templates.map(({ support }) => (support.status === 'runnable' ? 'runnable' : `parsed ${support.problem.code}`)), ...library.refused.map(({ problem }) => `refused ${problem.code}`)]
  const counts = Object.fromEntries([...Map.groupBy(verdicts, (verdict) => verdict)].map(([verdict, same]) => [verdict, same.length]))
  expect(verdicts).toHaveLength(12_534)
  expect(counts).toMatchInlineSnapshot(`
    {
      "parsed function_unsupported": 19,
      "parsed needs_browser": 221,
      "parsed needs_code": 930,
      "parsed needs_file": 1,
      "parsed needs_fuzzing": 55,
      "parsed needs_javascript": 118,
      "parsed needs_out_of_band": 471,
      "parsed needs_template": 1,
      "refused expression_invalid": 1,
      "refused flow_invalid": 4,
      "refused matcher_invalid": 1,
      "refused regex_invalid": 1,
      "runnable": 10711,
    }
  `)
  expect(counts['runnable']! / 12_534).toBeGreaterThanOrEqual(0.84)
  expect(library.refused.map(({ file, problem }) => `${file} ${problem.code} ${problem.place}`)).toMatchInlineSnapshot(`
    [
      "cloud/kubernetes/network-policies/k8s-missing-network-policies.yaml expression_invalid code[0].extractors[0].dsl[0]",
      "code/linux/audit/home-env-permission.yaml regex_invalid code[0].matchers[1].regex[0]",
      "code/linux/audit/suid-sgid.yaml matcher_invalid code[0].matchers[0].type",
      "http/cves/2021/CVE-2021-34427.yaml flow_invalid flow line 1",
      "http/cves/2024/CVE-2024-51567.yaml flow_invalid flow line 1",
      "http/exposures/tokens/slack/slack-webhook-token.yaml flow_invalid flow line 1",
      "http/vulnerabilities/other/theia-lfi-to-rce.yaml flow_invalid flow line 1",
    ]
  `)

  // By the parts that run them, not by those that judged them.
  for (const { blocks, support } of library.templates) if (support.status === 'runnable') for (const block of blocks) compileOperators(block, defaultParts[block.protocol])

  const signatures = library.templates.map(({ signature }) => (signature === null ? 'unsigned' : signature.state))
  expect(Object.fromEntries([...Map.groupBy(signatures, (state) => state)].map(([state, same]) => [state, same.length]))).toMatchInlineSnapshot(`
    {
      "unknown_signer": 7,
      "unsigned": 206,
      "verified": 12314,
    }
  `)

  const bytes = Buffer.from([...toCache(library)].join(''))
  expect(isDeepStrictEqual(fromCache(bytes), library)).toBe(true)
})

const notFull = process.env['HAECHI_TEST_FULL'] === '1' ? missingTemplates : 'HAECHI_TEST_FULL is not 1'

test.skipIf(notFull !== false)(`public templates, bent, are read or refused with a code, each within two seconds${notFull === false ? '' : `: ${notFull}`}`, { timeout: 600_000 }, () => {
  const files = corpusFiles()!.filter(({ path, content }) => isTemplateFile(path) && content.length < 50_000)
  const read = createReader({})
  const token = fc.constantFrom('\n', ':', '- ', '{{', '}}', '&a ', '*a', '[', ']', '{', '}', '"', '|', '\t', '!!binary ', '<<: ', '(', '\\', '\0', '5', 'null', '\u00ff', '(a+)+$', '{{repeat("a",9999999)}}', '\u00c2\u00a7', 'a{1000}')
  const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), length: fc.nat(40), put: fc.oneof(token, fc.constant('')), rest: fc.boolean() })
  fc.assert(fc.property(fc.nat(files.length - 1), fc.array(edit, { minLength: 1, maxLength: 5 }), (number, edits) => {
    const { path, content } = files[number]!
    const bent = edits.reduce((text, { at, length, put, rest }) => {
      const from = Math.floor(at * text.length)
      return text.slice(0, from) + put + (rest && length === 0 ? '' : text.slice(from + length))
    }, Buffer.from(content).toString('latin1'))
    const started = performance.now()
    const result = read(path, Buffer.from(bent, 'latin1'))
    expect(performance.now() - started).toBeLessThan(15_000)
    expect('refusal' in result ? result.refusal.reason : result.template.id).not.toBe('')
  }), { numRuns: 30_000 })
})
