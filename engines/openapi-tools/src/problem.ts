import type { SecurityScheme } from './model.ts'

export type CallProblemCode =
  // of the arguments
  | 'arguments_invalid' | 'argument_missing' | 'argument_unsuitable' | 'argument_not_unicode' | 'argument_name_forbidden' | 'arguments_too_deep' | 'arguments_too_large'
  | 'path_traversal' | 'path_segment_empty' | 'header_invalid' | 'header_forbidden' | 'cookie_invalid' | 'file_invalid' | 'argument_collides' | 'url_too_long'
  // of the credentials; they name the schemes and never a value
  | 'credentials_missing' | 'credential_invalid'
  // of the document, or of how the tool was set up
  | 'server_missing' | 'server_invalid' | 'path_invalid' | 'url_outside_server'

/**
 * Why a call was not sent. Thrown by buildRequest before anything leaves; callTool turns it into a result with isError.
 * The message is English for the model that made the call: what is wrong with which argument, and what would be right. It never holds a credential.
 */
export class CallProblem extends Error {
  override readonly name = 'CallProblem'
  readonly code: CallProblemCode
  /** The argument, header or scheme it is about; '' where it is about the whole call. */
  readonly place: string

  constructor(code: CallProblemCode, place: string, reason: string) {
    super(reason)
    this.code = code
    this.place = place
  }
}

export function credentialsMissing(alternatives: readonly (readonly SecurityScheme[])[]): CallProblem {
  const schemes = alternatives.map((all) => all.map(({ id }) => id).join(' and ')).filter((all) => all !== '').join(', or ')
  return new CallProblem('credentials_missing', schemes, `The API asks for credentials that have not been set up (${schemes}). Whoever runs this server has to add them; they cannot be given as arguments.`)
}
