// The metrics of each version, their values and which of them a vector must have. Names and values are those of the specifications:
// 2.0 (FIRST, "A Complete Guide to CVSS 2.0", 2.4 and 3.2), 3.0 and 3.1 (specification documents, table 15), 4.0 (specification document, table 23).
export type CvssVersion = '2.0' | '3.0' | '3.1' | '4.0'

type Group = 'base' | 'temporal' | 'environmental' | 'supplemental'
export type Metric = { readonly values: readonly string[]; readonly group: Group; readonly required: boolean }
export type Metrics = ReadonlyMap<string, Metric>

/** `AV:N,A,L` a word. The value of a metric that is not stated is that of `absent`. */
function group(name: Group, required: boolean, words: string): [string, Metric][] {
  return words.split(' ').map((word) => {
    const [metric = '', values = ''] = word.split(':')
    return [metric, { values: values.split(','), group: name, required }]
  })
}

const two: Metrics = new Map([
  ...group('base', true, 'AV:L,A,N AC:H,M,L Au:M,S,N C:N,P,C I:N,P,C A:N,P,C'),
  ...group('temporal', false, 'E:U,POC,F,H,ND RL:OF,TF,W,U,ND RC:UC,UR,C,ND'),
  ...group('environmental', false, 'CDP:N,L,LM,MH,H,ND TD:N,L,M,H,ND CR:L,M,H,ND IR:L,M,H,ND AR:L,M,H,ND'),
])

const three: Metrics = new Map([
  ...group('base', true, 'AV:N,A,L,P AC:L,H PR:N,L,H UI:N,R S:U,C C:H,L,N I:H,L,N A:H,L,N'),
  ...group('temporal', false, 'E:X,H,F,P,U RL:X,U,W,T,O RC:X,C,R,U'),
  ...group('environmental', false, 'CR:X,H,M,L IR:X,H,M,L AR:X,H,M,L MAV:X,N,A,L,P MAC:X,L,H MPR:X,N,L,H MUI:X,N,R MS:X,U,C MC:X,N,L,H MI:X,N,L,H MA:X,N,L,H'),
])

const four: Metrics = new Map([
  ...group('base', true, 'AV:N,A,L,P AC:L,H AT:N,P PR:N,L,H UI:N,P,A VC:H,L,N VI:H,L,N VA:H,L,N SC:H,L,N SI:H,L,N SA:H,L,N'),
  ...group('temporal', false, 'E:X,A,P,U'),
  ...group('environmental', false, 'CR:X,H,M,L IR:X,H,M,L AR:X,H,M,L MAV:X,N,A,L,P MAC:X,L,H MAT:X,N,P MPR:X,N,L,H MUI:X,N,P,A MVC:X,N,L,H MVI:X,N,L,H MVA:X,N,L,H MSC:X,N,L,H MSI:X,N,L,H,S MSA:X,N,L,H,S'),
  ...group('supplemental', false, 'S:X,N,P AU:X,N,Y R:X,A,U,I V:X,D,C RE:X,L,M,H U:X,Clear,Green,Amber,Red'),
])

export const metricsOf: Readonly<Record<CvssVersion, Metrics>> = { '2.0': two, '3.0': three, '3.1': three, '4.0': four }
/** How each version writes "not defined". */
export const absent: Readonly<Record<CvssVersion, string>> = { '2.0': 'ND', '3.0': 'X', '3.1': 'X', '4.0': 'X' }
