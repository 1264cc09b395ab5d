// The kinds of control that a finding is evidence for, in our own words, and where frameworks ask for them: identifiers only, as facts
// (ISMS-P: KISA's public notice; ISO/IEC 27001:2022 Annex A; NIST CSF 2.0, public domain). Texts of frameworks are not here.
type Reference = { readonly ismsP: readonly string[]; readonly iso27001: readonly string[]; readonly csf2: readonly string[] }

export const controlKinds = {
  patch_management: { ismsP: ['2.10.8'], iso27001: ['A.8.8'], csf2: ['PR.PS-02'] },
  vulnerability_check: { ismsP: ['2.11.2'], iso27001: ['A.8.8'], csf2: ['ID.RA-01'] },
  exposure_inventory: { ismsP: ['1.2.1', '2.1.3'], iso27001: ['A.5.9'], csf2: ['ID.AM-01', 'ID.AM-02'] },
  network_access: { ismsP: ['2.6.1'], iso27001: ['A.8.20', 'A.8.22'], csf2: ['PR.IR-01'] },
  access_control: { ismsP: ['2.6.2', '2.6.3'], iso27001: ['A.5.15', 'A.8.3'], csf2: ['PR.AA-05'] },
  remote_access: { ismsP: ['2.6.6'], iso27001: ['A.6.7', 'A.8.20'], csf2: ['PR.AA-05'] },
  authentication: { ismsP: ['2.5.3'], iso27001: ['A.8.5'], csf2: ['PR.AA-03'] },
  password_management: { ismsP: ['2.5.4'], iso27001: ['A.5.17'], csf2: ['PR.AA-01'] },
  cryptography: { ismsP: ['2.7.1'], iso27001: ['A.8.24'], csf2: ['PR.DS-02'] },
  secret_management: { ismsP: ['2.7.2'], iso27001: ['A.5.17', 'A.8.24'], csf2: ['PR.AA-01'] },
  public_server: { ismsP: ['2.10.3'], iso27001: ['A.8.9', 'A.8.26'], csf2: ['PR.PS-01'] },
  secure_configuration: { ismsP: ['2.10.1'], iso27001: ['A.8.9'], csf2: ['PR.PS-01'] },
  secure_development: { ismsP: ['2.8.1', '2.8.2'], iso27001: ['A.8.26', 'A.8.28'], csf2: ['PR.PS-06'] },
  data_leakage: { ismsP: ['2.10.3'], iso27001: ['A.8.12'], csf2: ['PR.DS-01'] },
  malware_control: { ismsP: ['2.10.9'], iso27001: ['A.8.7'], csf2: ['DE.CM-09'] },
  logging: { ismsP: ['2.9.4', '2.9.5'], iso27001: ['A.8.15'], csf2: ['PR.PS-04'] },
  incident_response: { ismsP: ['2.11.5'], iso27001: ['A.5.26'], csf2: ['RS.MA-01'] },
} as const satisfies Readonly<Record<string, Reference>>

export type ControlKind = keyof typeof controlKinds
