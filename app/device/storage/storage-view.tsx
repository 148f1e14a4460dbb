'use client'
// Models, pictures, the offline copy, and how much room there is: each with its size, each removable.
import { OfflineCopy } from './offline-section.tsx'
import { Room } from './room-section.tsx'
import { StoredModels } from './stored-models.tsx'
import { StoredPictures } from './stored-pictures.tsx'

export function StorageView() {
  return (
    <>
      <StoredModels />
      <StoredPictures />
      <OfflineCopy />
      <Room />
    </>
  )
}
