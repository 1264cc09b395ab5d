// What is wrong in the lab, planted one by one in hosts.ts, and what only looks wrong.
import type { Severity } from '@haechi/risk'

export type Planted = { readonly asset: string; readonly check: string; readonly severity: Severity; /** Part of the place, where an asset has several. */ readonly place?: string }

const planted = (asset: string, ...checks: readonly (readonly [check: string, severity: Severity, place?: string])[]): Planted[] => checks.map(([check, severity, place]) => ({ asset, check, severity, ...(place === undefined ? {} : { place }) }))

export const plantedFaults: readonly Planted[] = [
  ...planted('open.lab.example',
    ['service.redis_without_password', 'critical', 'tcp/6379'], ['service.mysql_without_password', 'critical', 'tcp/3306'], ['service.postgres_without_password', 'critical', 'tcp/5432'], ['service.vnc_without_password', 'critical', 'tcp/5900'],
    ['service.memcached_without_password', 'high', 'tcp/11211'], ['service.mqtt_anonymous', 'medium', 'tcp/1883'], ['service.ftp_anonymous', 'medium', 'tcp/21'], ['service.rsync_without_password', 'medium', 'tcp/873'],
    ['service.ldap_anonymous_read', 'medium', 'tcp/389'], ['service.smb_version_1', 'medium', 'tcp/445'], ['service.snmp_public', 'medium', 'udp/161']),
  ...planted('lab.example', ['dns.zone_transfer', 'medium'], ['dns.spf_permissive', 'medium'], ['dns.dmarc_policy_none', 'low'], ['dns.dnssec_missing', 'info'], ['dns.wildcard', 'info']),
  ...planted('cloud.lab.example', ['dns.takeover', 'high']),
  ...planted('shop.lab.example', ['dns.dangling_cname', 'low']),
  ...planted('old.lab.example', ['dns.dangling_mx', 'low']),
  ...planted('parked.lab.example', ['dns.dangling_ns', 'medium']),
  ...planted('lame.lab.example', ['dns.lame_delegation', 'low']),
  ...planted('inward.lab.example', ['dns.private_address', 'info']),
  ...planted('private.lab.example', ['dns.private_address', 'info']),
  ...planted('stale.example', ['dns.dnssec_expired', 'low']),
  ...planted('203.0.113.54', ['dns.open_recursion', 'medium']),
  ...planted('git.lab.example', ['web.git_exposed', 'high', '/.git/HEAD']),
  ...planted('env.lab.example', ['web.env_exposed', 'high', '/.env']),
  ...planted('backup.lab.example', ['web.database_exposed', 'high', '/backup.sql']),
  ...planted('key.lab.example', ['web.private_key_exposed', 'critical', '/server.key']),
  ...planted('cors.lab.example', ['web.cors_credentials', 'medium']),
  ...planted('files.lab.example', ['web.directory_listing', 'low', '/public/']),
  ...planted('panel.lab.example', ['web.server_status', 'low'], ['web.trace_enabled', 'low']),
  ...planted('api.lab.example', ['web.mcp_without_authentication', 'medium', '/mcp'], ['web.graphql_introspection', 'low', '/graphql'], ['web.openapi_exposed', 'info', '/openapi.json']),
  ...planted('bucket.lab.example', ['web.bucket_listing', 'high']),
  ...planted('legacy.lab.example',
    ['tls.old_version', 'low', 'tcp/443'], ['tls.suite_without_encryption', 'medium', 'tcp/443'], ['tls.suite_without_authentication', 'medium', 'tcp/443'], ['tls.certificate_weak_key', 'medium', 'tcp/443'], ['tls.certificate_self_signed', 'low', 'tcp/443'],
    ['tls.certificate_expired', 'medium', 'tcp/8443'], ['tls.certificate_name_mismatch', 'low', 'tcp/9443'], ['service.ssh_weak_algorithms', 'low', 'tcp/22']),
]

/** Other names of one asset: what a scan that was given an address may tell of instead. */
export const addressOf: Readonly<Record<string, string>> = { 'open.lab.example': '203.0.113.20', 'legacy.lab.example': '203.0.113.30', 'panel.lab.example': '203.0.113.81', 'api.lab.example': '203.0.113.90' }

/** Findings of high or critical severity that follow from what is planted: the same thing, seen by another part. */
export const follows: readonly Planted[] = planted('key.lab.example', ['generic-private-key', 'high', '/server.key'])
