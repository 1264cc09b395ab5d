import type { Body, Operation, Parameter } from './model.ts'

/** An operation of an API at https://api.example/v1, as a document would have given it. */
export function operation(over: Partial<Operation> = {}): Operation {
  const { method = 'GET', path = '/things' } = over
  return {
    key: `${method} ${path}`, method, path, at: '#', operationId: null, summary: '', description: '', tags: [], deprecated: false, servers: ['https://api.example/v1'],
    parameters: [], body: null, security: [], answers: [{ status: '200', mediaTypes: ['application/json'] }], wrapped: null, ...over,
  }
}

/** With what OpenAPI takes for granted in each place. */
export function parameter(name: string, place: Parameter['in'], over: Partial<Parameter> = {}): Parameter {
  const form = place === 'query' || place === 'cookie'
  return { argument: name, name, in: place, required: place === 'path', style: form ? 'form' : 'simple', explode: form, allowReserved: false, content: null, ...over }
}

export function body(kind: Body['kind'], mediaType: string, over: Partial<Body> = {}): Body {
  return { argument: 'body', required: false, mediaType, kind, parts: [], ...over }
}
