// All public templates: each is read or refused with a code, what is called runnable compiles in every piece, and a cache gives the same.
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { corpusFiles, isTemplateFile, missingTemplates } from '../../../tests/templates-corpus.ts'
import { fromCache, toCache } from './cache.ts'
import { readLibrary } from './library.ts'
import { compileOperators, defaultParts } from './operators.ts'

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
