import type { Target, Value } from '../model.ts'
import { baseOf } from './address.ts'

/** BaseURL, RootURL, Hostname, Host, Port, Path, File, Scheme, Input, FQDN, RDN, DN, SD and TLD of a target, as Nuclei names them. */
export const targetValues = (target: Target): ReadonlyMap<string, Value> => baseOf(target).values
