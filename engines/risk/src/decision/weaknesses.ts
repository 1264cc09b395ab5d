// Findings without a CVE get a decision of the same shape: each kind of weakness answers the questions of the BOD 26-04 table by a rule that is written down here, with its reason.
// `exploited` stands for "in KEV": that attackers use exactly this, as a matter of course. Defended by weaknesses.test.ts, which names the band of each kind, reached and not.
import type { ControlKind } from './controls.ts'
import type { Severity } from './model.ts'

type Rule = {
  readonly exploited: boolean
  /** null: as measured. A kind that is only found from outside is reached by its nature; one that being reached makes no worse is judged as though it were not. */
  readonly exposed: boolean | null
  readonly automatable: boolean
  readonly total: boolean
  readonly cwe: readonly string[]
  /** ATT&CK Enterprise. */
  readonly techniques: readonly string[]
  readonly controls: readonly ControlKind[]
  readonly why: string
}

const rule = (answers: string, cwe: readonly string[], techniques: readonly string[], controls: readonly ControlKind[], why: string): Rule => ({
  exploited: answers.includes('exploited'), exposed: answers.includes('outside') ? true : answers.includes('anywhere') ? false : null, automatable: answers.includes('automatable'), total: answers.includes('total'), cwe, techniques, controls, why,
})

const rules = {
  exposed_credential: rule('automatable total', ['CWE-798', 'CWE-522'], ['T1552', 'T1078'], ['secret_management', 'password_management', 'vulnerability_check'], 'whoever finds it can try it; that it still works is not known'),
  valid_credential: rule('exploited automatable total', ['CWE-798', 'CWE-522'], ['T1552', 'T1078'], ['secret_management', 'password_management', 'incident_response', 'vulnerability_check'], 'it works, and somebody else may have used it before us: look for that too'),
  default_login: rule('automatable total', ['CWE-1392', 'CWE-521'], ['T1078.001'], ['password_management', 'authentication', 'vulnerability_check'], 'lists of default logins are tried by machines'),
  missing_authentication: rule('automatable total', ['CWE-306'], ['T1190'], ['authentication', 'access_control', 'vulnerability_check'], 'nothing has to be broken to use it'),
  subdomain_takeover: rule('outside automatable total', ['CWE-350'], ['T1584.001'], ['exposure_inventory', 'public_server', 'vulnerability_check'], 'anybody can claim the name and speak as its owner'),
  compromise_sign: rule('exploited automatable total', ['CWE-506'], ['T1505.003'], ['incident_response', 'malware_control'], 'somebody is or was inside: this is an incident'),
  sensitive_data: rule('automatable', ['CWE-200', 'CWE-538'], ['T1213', 'T1530'], ['data_leakage', 'access_control', 'public_server', 'vulnerability_check'], 'it is read by asking for it, but gives no control of the system'),
  exposed_service: rule('automatable', ['CWE-668'], ['T1133', 'T1190'], ['network_access', 'remote_access', 'exposure_inventory'], 'a service for inside that can be guessed at and attacked from wherever it is reached'),
  exposed_panel: rule('', ['CWE-668'], ['T1133'], ['network_access', 'access_control', 'exposure_inventory'], 'a login page of an administration gives nothing by itself'),
  end_of_life: rule('total', ['CWE-1104'], ['T1190'], ['patch_management', 'exposure_inventory', 'vulnerability_check'], 'what is found in it from now on stays open'),
  weak_cryptography: rule('', ['CWE-326', 'CWE-327'], ['T1557'], ['cryptography', 'vulnerability_check'], 'an attacker has to sit between the parties'),
  invalid_certificate: rule('', ['CWE-295', 'CWE-298'], ['T1557'], ['cryptography', 'public_server'], 'people learn to pass warnings; an attacker has to sit between the parties'),
  hardening: rule('anywhere', ['CWE-693'], [], ['secure_configuration', 'public_server'], 'a missing layer, no hole: being reached makes it no worse'),
  information: rule('anywhere', ['CWE-200'], ['T1592'], ['exposure_inventory'], 'something that an attacker may know, no hole'),
} as const satisfies Readonly<Record<string, Rule>>

/** `vulnerability` and `misconfiguration` are judged by CVE, CVSS or stated severity; the others by their own rule. */
export type Weakness = 'vulnerability' | 'misconfiguration' | keyof typeof rules
export const weaknesses: readonly Weakness[] = ['vulnerability', 'misconfiguration', ...(Object.keys(rules) as (keyof typeof rules)[])]

const bySeverity: Readonly<Record<Severity, Pick<Rule, 'exposed' | 'automatable' | 'total'>>> = {
  critical: { exposed: null, automatable: true, total: true },
  high: { exposed: null, automatable: true, total: false },
  medium: { exposed: null, automatable: false, total: false },
  low: { exposed: false, automatable: false, total: false },
  info: { exposed: false, automatable: false, total: false },
}

/** A severity that nobody stated counts as high. */
export function ruleFor(weakness: Weakness, severity: Severity | null): Rule {
  if (weakness !== 'vulnerability' && weakness !== 'misconfiguration') return rules[weakness]
  const controls: readonly ControlKind[] = weakness === 'vulnerability' ? ['vulnerability_check', 'secure_development'] : ['secure_configuration', 'vulnerability_check']
  return { exploited: false, ...bySeverity[severity ?? 'high'], cwe: weakness === 'vulnerability' ? [] : ['CWE-16'], techniques: severity === 'info' || severity === 'low' ? [] : ['T1190'], controls, why: `its finder states the severity ${severity ?? 'not; high is assumed'}` }
}
