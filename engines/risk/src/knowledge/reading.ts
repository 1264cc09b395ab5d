// What every feed reader gives: entries, and for what it did not take the place, the code and the reason. A reader never throws on content, and one bad entry costs no other.
export type FeedKind = 'kev' | 'epss' | 'nvd' | 'vulnrichment' | 'attack' | 'osv' | 'debian'

export type RejectionCode =
  // the feed as a whole
  | 'feed_wrong_type' | 'feed_truncated' | 'feed_too_large'
  // one entry
  | 'entry_not_json' | 'entry_too_large' | 'entry_malformed' | 'entry_duplicate' | 'cve_invalid' | 'cpe_invalid' | 'value_invalid' | 'version_invalid'

export type Rejection = {
  /** `line 12`, `entry 7`, `header`. */
  readonly place: string
  readonly code: RejectionCode
  /** In English; never the whole content. */
  readonly reason: string
}

export type FeedReading = {
  readonly kind: FeedKind
  readonly taken: number
  /** At most `mostRejections`; the rest is counted. */
  readonly rejected: readonly Rejection[]
  readonly rejections: number
  /** False where the feed ended early, was no such feed, or more than one entry in a hundred could not be read: what is not in it is then not known to be absent. */
  readonly complete: boolean
  /** What the feed says of itself: a version, a date. */
  readonly stated: string | null
}

export const mostRejections = 100
/** In characters. */
export const longestEntry = 8 * 1024 * 1024

/** Ends the reading of one entry. Thrown and caught inside the knowledge. */
export class EntryProblem extends Error {
  readonly code: RejectionCode
  constructor(code: RejectionCode, reason: string) {
    super(reason)
    this.code = code
  }
}

/** Gathers what becomes a FeedReading. */
export class Tally {
  taken = 0
  rejections = 0
  whole = true
  stated: string | null = null
  readonly rejected: Rejection[] = []

  reject(place: string, code: RejectionCode, reason: string): void {
    this.rejections += 1
    if (this.rejected.length < mostRejections) this.rejected.push({ place, code, reason })
  }

  done(kind: FeedKind): FeedReading {
    return { kind, taken: this.taken, rejected: this.rejected, rejections: this.rejections, complete: this.whole && this.rejections * 100 <= this.taken, stated: this.stated }
  }
}
