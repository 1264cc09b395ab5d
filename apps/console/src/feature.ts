import type { ReactNode } from 'react'
import type { AnyRoute } from '@tanstack/react-router'
import type { Permission } from '../../server/src/access/wire.ts'

/** A text that the shell shows before the feature's own catalogue is loaded. */
export type Label = { readonly en: string; readonly ko: string }

/** `foot`: below all rooms, beside the tenant. */
export type NavGroup = 'now' | 'defend' | 'surface' | 'apis' | 'prove' | 'foot'
export type NavEntry = {
  readonly group: NavGroup
  /** A path of a registered route. */
  readonly to: string
  readonly label: Label
  readonly icon: ReactNode
  /** Not offered to who lacks it. */
  readonly permission?: Permission
  /** The second key of `g …`. */
  readonly key?: string
  /** A number beside the entry, e.g. what waits. Called in React: it may use hooks. */
  readonly useCount?: () => number | undefined
}

/** What a feature folder gives to the shell: its routes are typed on their own in router.tsx. */
export type Feature = { readonly nav: readonly NavEntry[]; readonly routes: readonly AnyRoute[] }
