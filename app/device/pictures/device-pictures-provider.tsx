'use client'
// Mounted once beside the pages: reads what this browser holds, takes up pictures that a closed tab left behind, saves what waits
// for the history, and lets the tab's title say how far a picture is.
import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useEffectEvent, useMemo } from 'react'
import { useLiveSteps } from '#app/generations/live-updates.tsx'
import { useMe } from '#app/session/use-session.ts'
import { type DevicePicture, isOpen } from './device-picture.ts'
import { rememberOwner } from './owner.ts'
import { connectRunner, devicePictures, deviceRunner } from './this-device.ts'
import { TitleProgress } from './title-progress.tsx'
import { forgetDeviceFit } from './use-device-fit.ts'
import { useDevicePictureList, useDevicePictures, useOwnerId } from './use-device-pictures.ts'
import { useOutbox } from './use-outbox.ts'

interface DeviceActions {
  /** Begins a picture on this device; resolves when it has ended. */
  start(picture: DevicePicture): Promise<void>
  /** Into the history of whoever is signed in. */
  save(pictures: readonly DevicePicture[]): Promise<void>
}

const DeviceActionsContext = createContext<DeviceActions | null>(null)

export function useDeviceActions(): DeviceActions {
  const actions = useContext(DeviceActionsContext)
  if (actions === null) throw new TypeError('useDeviceActions is used outside <DevicePicturesProvider>')
  return actions
}

export function DevicePicturesProvider({ children }: { children: ReactNode }) {
  const live = useLiveSteps()
  const me = useMe()
  const ownerId = useOwnerId()
  const { loaded } = useDevicePictureList()
  const pictures = useDevicePictures()
  const flush = useOutbox(ownerId)
  const queryClient = useQueryClient()

  useEffect(() => {
    connectRunner({ live, onEnded: flush, onDeviceChanged: () => void forgetDeviceFit(queryClient) })
    void devicePictures.load()
  }, [live, flush, queryClient])

  useEffect(() => {
    if (me === undefined) return
    const guestId = rememberOwner(me)
    if (guestId !== null && me !== null) void adopt(guestId, me.id).then(flush)
  }, [me, flush])

  // Whichever tab holds a picture makes it; the others wait behind it and find it done, or take it over.
  const openIds = pictures.filter(isOpen).map(({ id }) => id)
  const takeAll = useEffectEvent(() => {
    for (const id of openIds) void deviceRunner().take(id)
  })
  const key = openIds.join(' ')
  useEffect(() => {
    if (loaded && key !== '') takeAll()
  }, [loaded, key])

  const actions = useMemo<DeviceActions>(
    () => ({
      start: (picture) => deviceRunner().start(picture),
      save: async (chosen) => {
        if (ownerId === null || ownerId === undefined) return
        for (const { id } of chosen)
          await devicePictures.update(id, (picture) => ({ ...picture, ownerId, keep: 'history', refusal: null }))
        flush()
      },
    }),
    [ownerId, flush],
  )
  return (
    <DeviceActionsContext value={actions}>
      <TitleProgress pictures={pictures} />
      {children}
    </DeviceActionsContext>
  )
}

/** What a guest made goes with them into the account they became. */
async function adopt(guestId: string, accountId: string): Promise<void> {
  await devicePictures.load()
  for (const { id, ownerId } of devicePictures.list.getState().pictures) {
    if (ownerId === guestId) await devicePictures.update(id, (picture) => ({ ...picture, ownerId: accountId }))
  }
}
