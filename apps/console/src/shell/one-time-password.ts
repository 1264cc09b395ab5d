/** From sign-in to the change that follows it, in memory only: history entries and storages are written to disk by browsers. */
let kept: string | null = null
export function keepOneTimePassword(password: string): void { kept = password }
export const oneTimePassword = (): string | null => kept
export function forgetOneTimePassword(): void { kept = null }
