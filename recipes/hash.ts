// A recipe's identity: SHA-256 of its canonical JSON, the same wherever it is computed.
import type { Recipe } from '#contracts/recipe.ts'

/** Canonical JSON (RFC 8785 for the values a recipe holds): keys sorted, no white space, undefined left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner
    return Object.fromEntries(
      Object.entries(inner)
        .filter(([, field]) => field !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    )
  })
}

/** SHA-256 of the canonical form, 64 lower-case hexadecimal digits. */
export async function recipeHash(recipe: Recipe): Promise<string> {
  return sha256Hex(new TextEncoder().encode(canonicalJson(recipe)))
}

/** SHA-256 through Web Crypto, which Node and every browser carry. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
