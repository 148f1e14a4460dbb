// Some vocabularies have one id for every word they do not hold; what it stands for never reaches the picture.

/** No language's word. A vocabulary of pieces spells it out; one of whole words answers with its id for unknown words. */
const NONSENSE = 'qxzjvkwqpxj'

/** The id every unknown word gets, or undefined for vocabularies that can spell anything. */
export function unknownWordId(tokenizer: { tokenize(text: string): number[] }): number | undefined {
  const ids = tokenizer.tokenize(NONSENSE)
  return ids.length === 1 ? ids[0] : undefined
}
