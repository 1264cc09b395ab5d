// npm run conformance:mcp: the official suite against our server on loopback. Prints the counts last; exit code 1 on any miss.
import { startFixture } from './mcp/fixture.ts'
import { revisions, runSuite } from './mcp/suite.ts'

const fixture = await startFixture()
const lines: string[] = []
try {
  for (const revision of revisions) {
    const scenarios = await runSuite(fixture.url, revision)
    for (const { name, scored, checks, misses } of scenarios) {
      console.log(`${misses.length === 0 ? 'ok  ' : 'MISS'} ${revision} ${name} (${checks} checks${scored ? '' : ', not scored'})`)
      for (const miss of misses) console.log(`       ${miss}`)
      if (misses.length > 0) process.exitCode = 1
    }
    const count = (of: boolean) => `${scenarios.filter(({ scored, misses }) => scored === of && misses.length === 0).length}/${scenarios.filter(({ scored }) => scored === of).length}`
    lines.push(`${revision}: ${count(true)} scored, ${count(false)} not scored, ${scenarios.reduce((sum, { checks }) => sum + checks, 0)} checks`)
  }
} finally {
  fixture.close()
}
console.log(`\n${lines.join('\n')}`)
