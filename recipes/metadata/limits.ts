// What reading a stranger's file may cost. Metadata is text about a picture; past these numbers it is an attack or a mistake.

/**
 * Most text taken from one file, compressed or not, summed over all its chunks. The largest ComfyUI workflows people share
 * are a few hundred kB; 8 MiB leaves room and still inflates in well under a second.
 */
export const METADATA_TEXT_MAX_BYTES = 8 * 1024 * 1024
/** Most text entries taken from one file; real files carry one to five. */
export const METADATA_ENTRIES_MAX = 256
