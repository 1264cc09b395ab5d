/** What the server says of a failure (RFC 9457), or that it could not be asked (`code` 'unreachable', status 0). `detail` is in the language of the request. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: string
  readonly detail: string
  /** Whether the same request may work later. */
  readonly retry: boolean
  readonly params: Readonly<Record<string, string | number>>
  readonly errors: readonly { readonly code: string; readonly place: string; readonly detail: string }[]
  /** The whole answer, e.g. the deciding record of a 409. */
  readonly body: Readonly<Record<string, unknown>>

  constructor(status: number, body: Readonly<Record<string, unknown>>, options?: ErrorOptions) {
    super(`${String(body['code'])}: ${String(body['detail'])}`, options)
    this.status = status
    this.code = typeof body['code'] === 'string' ? body['code'] : 'internal'
    this.detail = typeof body['detail'] === 'string' ? body['detail'] : ''
    this.retry = body['retry'] === true
    this.params = (body['params'] ?? {}) as ApiError['params']
    this.errors = (Array.isArray(body['errors']) ? body['errors'] : []) as ApiError['errors']
    this.body = body
  }
}

export const unreachable = (cause: unknown): ApiError => new ApiError(0, { code: 'unreachable', detail: '', retry: true }, { cause })
