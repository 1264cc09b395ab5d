import { HaechiError } from '@haechi/server/errors'

export const unreadableFile = (file: string, error: unknown): HaechiError => new HaechiError('file_unreadable', { file, reason: (error as NodeJS.ErrnoException).code ?? '' }, { cause: error })
