'use client'
// Hooks over this browser's device pictures: those the person in front of it may see, what is happening to them, and who they belong to.
import { useMemo } from 'react'
import { useStore } from 'zustand'
import { useOnline } from '#app/offline/use-online.ts'
import { useMe } from '#app/session/use-session.ts'
import type { GenerationDto } from '#contracts/generation.ts'
import type { Activity } from './activity.ts'
import { type DevicePicture, hasPictures, isOpen, toGeneration } from './device-picture.ts'
import type { DevicePictureList } from './device-pictures.ts'
import { lastOwner } from './owner.ts'
import { devicePictures, deviceRunner } from './this-device.ts'

/** The person signed in, or who was when the server last answered; null: nobody; undefined: not known yet. */
export function useOwnerId(): string | null | undefined {
  const me = useMe()
  const online = useOnline()
  if (me !== undefined) return me?.id ?? null
  return online ? undefined : (lastOwner()?.id ?? null)
}

export function useDevicePictureList(): DevicePictureList {
  return useStore(devicePictures.list)
}

/** Newest first. What was made before anyone signed in belongs to whoever uses this browser. */
export function useDevicePictures(): readonly DevicePicture[] {
  const { pictures } = useDevicePictureList()
  const ownerId = useOwnerId()
  return useMemo(
    () =>
      ownerId === undefined
        ? []
        : pictures.filter((picture) => picture.ownerId === null || picture.ownerId === ownerId),
    [pictures, ownerId],
  )
}

/** Device pictures in the shape of generations, newest first. */
export function useDeviceGenerations(): readonly GenerationDto[] {
  const { urls } = useDevicePictureList()
  const pictures = useDevicePictures()
  return useMemo(() => pictures.map((picture) => toGeneration(picture, urls)), [pictures, urls])
}

/** Those with finished pictures and nothing under way. */
export function useFinishedDeviceGenerations(): readonly GenerationDto[] {
  const finished = new Set(
    useDevicePictures()
      .filter((picture) => hasPictures(picture) && !isOpen(picture))
      .map(({ id }) => id),
  )
  return useDeviceGenerations().filter(({ id }) => finished.has(id))
}

export function useActivity(pictureId: string): Activity | undefined {
  return useStore(deviceRunner().activities, (activities) => activities.get(pictureId))
}
