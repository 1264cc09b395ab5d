import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RiskProblem } from '../problem.ts'
import { attributes, fits, includes, patternOf, plain, readCpe, writeCpe } from './name.ts'

describe('names', () => {
  test.each([
    ['cpe:2.3:a:apache:http_server:2.4.49:*:*:*:*:*:*:*', 'cpe:2.3:a:apache:http_server:2.4.49:*:*:*:*:*:*:*'], ['cpe:2.3:a:Apache:HTTP_Server', 'cpe:2.3:a:apache:http_server:*:*:*:*:*:*:*:*'],
    ['cpe:2.3:a:vendor:a\\:b\\\\c:1\\/2:-:*:*:*:*:*:*', 'cpe:2.3:a:vendor:a\\:b\\\\c:1\\/2:-:*:*:*:*:*:*'], ['cpe:/a:apache:http_server:2.4.49', 'cpe:2.3:a:apache:http_server:2.4.49:*:*:*:*:*:*:*'],
    ['cpe:/o:microsoft:windows_7::sp1', 'cpe:2.3:o:microsoft:windows_7:*:sp1:*:*:*:*:*:*'], ['cpe:/a:hp:insight_diagnostics:7.4.0.1570::~~online~win2003~x64~', 'cpe:2.3:a:hp:insight_diagnostics:7.4.0.1570:*:*:*:online:win2003:x64:*'],
    ['cpe:/a:foo%7ebar:big%24money:2010', 'cpe:2.3:a:foo\\~bar:big\\$money:2010:*:*:*:*:*:*:*'], ['cpe:/a:microsoft:internet_explorer:8.%02:sp%01', 'cpe:2.3:a:microsoft:internet_explorer:8.*:sp?:*:*:*:*:*:*'], ['cpe:/a:x:y:1.0-rc1', 'cpe:2.3:a:x:y:1.0-rc1:*:*:*:*:*:*:*'],
  ])('%s', (text, written) => {
    expect(writeCpe(readCpe(text))).toBe(written)
    expect(readCpe(writeCpe(readCpe(text)))).toEqual(readCpe(text))
  })

  test.each([
    ['', ''], ['openssh', ''], ['cpe:2.3:a:x', ''], [`cpe:2.3:a:${'b:'.repeat(12)}c`, ''], ['cpe:2.3:x:a:b', 'part'], ['cpe:2.3:a:a b:c', 'vendor'], ['cpe:2.3:a::c', 'vendor'], ['cpe:2.3:a:b:c*d', 'product'], ['cpe:2.3:a:b:c:1\\', 'version'], [`cpe:2.3:a:b:${'c'.repeat(3_000)}`, ''], ['cpe:/a:b:c:d:e:f:g:h', ''],
  ])('%j is refused', (text, place) => {
    expect(() => readCpe(text)).toThrow(expect.objectContaining({ code: 'cpe_invalid', place }))
  })

  test('any text is read or refused, in no time', () => {
    const started = performance.now()
    fc.assert(fc.property(fc.array(fc.constantFrom('cpe:2.3:', 'cpe:/', 'a', ':', '\\', '*', '?', '-', '~', '%', '%2', 'x', '.', ' ', '한'), { maxLength: 40 }).map((parts) => parts.join('')), (text) => {
      try {
        expect(readCpe(text)).toHaveLength(attributes.length)
      } catch (error) {
        expect(error).toBeInstanceOf(RiskProblem)
      }
    }), { numRuns: 2_000 })
    for (const flood of [`cpe:2.3:a:${'?'.repeat(2_000)}:b`, `cpe:2.3:a:b:${'\\.'.repeat(1_000)}*`, `cpe:2.3:a:b:${'?'.repeat(900)}x${'?'.repeat(900)}`]) {
      try {
        const pattern = patternOf(readCpe(flood)[2]!)
        if (pattern !== null) fits(pattern, 'x'.repeat(2_000))
      } catch (error) {
        expect(error).toBeInstanceOf(RiskProblem)
      }
    }
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})

describe('inclusion (NISTIR 7696, table 6-2)', () => {
  test.each([
    ['*', 'x', 'yes'], ['*', '-', 'yes'], ['*', '*', 'yes'], ['-', '-', 'yes'], ['-', 'x', 'no'], ['x', '-', 'no'], ['x', '*', 'unknown'], ['-', '*', 'unknown'], ['x', 'x', 'yes'], ['x', 'y', 'no'], ['1\\.0', '1.0', 'yes'], ['2.*', '2.4', 'yes'], ['2.*', '3.4', 'no'], ['*ix', 'unix', 'yes'], ['a?', 'ab', 'yes'], ['a?', 'abc', 'no'],
    ['a\\*', 'ab', 'no'], ['a\\*', 'a\\*', 'yes'], ['page_builder\\:*', 'page_builder\\:_pro', 'yes'], ['events_calendar*', 'events_calendar', 'yes'],
  ] as const)('%s and %s: %s', (criterion, product, expected) => {
    expect(includes(criterion, product)).toBe(expected)
  })

  test('a pattern is what a naive walk over signs says', () => {
    const naive = (pattern: string, text: string): boolean => {
      if (pattern === '') return text === ''
      if (pattern.startsWith('\\')) return text.startsWith(pattern[1]!) && naive(pattern.slice(2), text.slice(1))
      if (pattern.startsWith('*')) return naive(pattern.slice(1), text) || (text !== '' && naive(pattern, text.slice(1)))
      if (pattern.startsWith('?')) return naive(pattern.slice(1), text) || (text !== '' && naive(pattern.slice(1), text.slice(1)))
      return text.startsWith(pattern[0]!) && naive(pattern.slice(1), text.slice(1))
    }
    const inner = fc.array(fc.constantFrom('a', 'b', '.', '\\.', '\\*', '\\?', '+'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''))
    fc.assert(fc.property(fc.constantFrom('', '*', '?', '??'), inner, fc.constantFrom('', '*', '?'), fc.array(fc.constantFrom('a', 'b', '.', '*', '?', '+'), { maxLength: 6 }).map((parts) => parts.join('')), (front, middle, behind, text) => {
      const value = front + middle + behind
      const pattern = patternOf(value)
      expect(pattern === null ? plain(value) === text : fits(pattern, text)).toBe(naive(value, text))
    }), { numRuns: 3_000 })
  })
})
