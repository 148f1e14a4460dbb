'use client'
// What the prompt comes to, a moment behind the typing: tokens, weights, and what will not do what it looks like.
import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useMemo } from 'react'
import type { Draft, StudioModel } from '#app/draft/draft.ts'
import { useLoraNames } from '#app/models/use-networks.ts'
import { type AnalyzeOptions, analyzePrompt, type PromptAnalysis } from '#diffusion/prompt/analyze-prompt.ts'
import { fetchTokenizer } from './fetch-tokenizer.ts'

export interface AnalyzedPrompt {
  /** The text the analysis is of; typing may be ahead of it. */
  readonly text: string
  readonly analysis: PromptAnalysis
}

type Options = Pick<AnalyzeOptions, 'isNegative' | 'weighting' | 'seed' | 'steps'>

/** How the draft's prompts are read: by its weights, with the choices its seed draws. */
export function readingOf(draft: Draft, model: StudioModel | undefined): Options {
  return {
    weighting: draft.weighting ?? 'a1111',
    ...(draft.seed !== null && { seed: draft.seed }),
    ...(model !== undefined && { steps: draft.steps ?? model.defaults.steps }),
  }
}

/** undefined until the model's tokenizer is here, and for an empty prompt. */
export function usePromptAnalysis(
  prompt: string,
  model: (StudioModel & { readonly hash: string }) | undefined,
  { isNegative = false, weighting = 'a1111', seed, steps }: Options,
): AnalyzedPrompt | undefined {
  const tokenizer = useQuery({
    queryKey: ['tokenizer', model?.id, model?.hash],
    queryFn: () => (model === undefined ? null : fetchTokenizer(model)),
    enabled: model !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
  const text = useDeferredValue(prompt)
  const networks = useLoraNames()
  const textWindows = model?.textWindows ?? undefined
  return useMemo(() => {
    if (!tokenizer.data || text.trim() === '') return undefined
    const options = {
      isNegative,
      weighting,
      ...(seed !== undefined && { seed }),
      ...(steps !== undefined && { steps }),
      networks,
      ...(textWindows !== undefined && { chunksMax: textWindows }),
    }
    return { text, analysis: analyzePrompt(text, tokenizer.data, options) }
  }, [text, tokenizer.data, isNegative, weighting, seed, steps, networks, textWindows])
}
