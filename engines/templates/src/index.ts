export type * from './model.ts'
export { NetworkError } from './model.ts'
export { TemplateError } from './problem.ts'
export { readable } from './bytes.ts'
