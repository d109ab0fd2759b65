/** The little of Node.js that the tests use. */
declare module "node:test" {
  export function test(name: string, act: () => void | Promise<void>): void;
}
declare module "node:assert/strict" {
  export function equal(came: unknown, expected: unknown, message?: string): void;
  export function deepEqual(came: unknown, expected: unknown, message?: string): void;
  export function ok(value: unknown, message?: string): asserts value;
  export function throws(act: () => unknown, expected?: unknown): void;
}
/** Tell the listeners of the page that something happened in the browser; see globals.ts. */
declare function happened(name: string, event: unknown): void;
