// Bytes as base64, for what travels as text. Small ones: the text is built in memory.

export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}
