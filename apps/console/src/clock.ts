// The only place that reads the browser's clock (tests/arch forbids it elsewhere): what the screens call now.
export const now = (): number => Date.now()
