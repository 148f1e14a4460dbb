'use client'
// What the prompt comes to, a moment behind the typing: tokens, weights, and what will not do what it looks like.
import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useMemo } from 'react'
import { analyzePrompt, type PromptAnalysis } from '#diffusion/prompt/analyze-prompt.ts'
import type { StudioModel } from './draft.ts'
import { fetchTokenizer } from './fetch-tokenizer.ts'

export interface AnalyzedPrompt {
  /** The text the analysis is of; typing may be ahead of it. */
  readonly text: string
  readonly analysis: PromptAnalysis
}

/** undefined until the model's tokenizer is here, and for an empty prompt. */
export function usePromptAnalysis(
  prompt: string,
  model: (StudioModel & { readonly hash: string }) | undefined,
  isNegative = false,
): AnalyzedPrompt | undefined {
  const tokenizer = useQuery({
    queryKey: ['tokenizer', model?.id, model?.hash],
    queryFn: () => (model === undefined ? null : fetchTokenizer(model)),
    enabled: model !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
  const text = useDeferredValue(prompt)
  const isFixed = model?.fixedSize ?? false
  return useMemo(() => {
    if (!tokenizer.data || text.trim() === '') return undefined
    // Graphs fixed to one size are fixed to one window of text as well.
    return { text, analysis: analyzePrompt(text, tokenizer.data, { isNegative, ...(isFixed && { chunksMax: 1 }) }) }
  }, [text, tokenizer.data, isNegative, isFixed])
}
