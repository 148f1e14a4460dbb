// The storage module's door: everything outside server/storage/ imports from here.
export { createStorage, type StorageConfig } from './create-storage.ts'
export {
  fittedInputKey,
  INPUTS_PREFIX,
  imageKey,
  inputKey,
  QUARANTINE_PREFIX,
  quarantineKey,
  USERS_PREFIX,
  userPrefixes,
} from './keys.ts'
export { PRESIGN_EXPIRY_MAX_S } from './presign.ts'
export type { Storage, StoredObject } from './storage.ts'
