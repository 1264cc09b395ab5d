/** What may be scanned in the lab. Its names end with it: none of them is anybody's (RFC 2606, RFC 5737, RFC 3849). */
export const scopeText = `targets: ['203.0.113.0/24', '198.51.100.0/24', '2001:db8::/32', lab.example, '*.lab.example', hostile.example, '*.hostile.example', clean.example, '*.clean.example', signed.example, '*.signed.example', stale.example, '*.stale.example']
owner: The lab
until: 2099-12-31
`
