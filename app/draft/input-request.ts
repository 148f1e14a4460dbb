'use client'
// "Use as input" may be pressed on any page; the Studio takes the request up when it is shown.
import { useEffect, useEffectEvent } from 'react'
import { create } from 'zustand'

const useRequest = create<{ readonly url: string | null }>(() => ({ url: null }))

/** Asks the Studio to start from the picture at `url`. */
export function requestInput(url: string): void {
  useRequest.setState({ url })
}

export function useInputRequest(take: (url: string) => void): void {
  const { url } = useRequest()
  const takeUp = useEffectEvent(take)
  useEffect(() => {
    if (url === null) return
    useRequest.setState({ url: null })
    takeUp(url)
  }, [url])
}
