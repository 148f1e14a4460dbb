// Where a browser keeps model files: by SHA-256, so that two releases share what they share. A file shorter than its manifest says
// is a download that can go on. Records are small JSON notes beside them. Implementations: opfs-store.ts, memory-store.ts.

export interface WeightWriter {
  /** Bytes already there; the next write goes behind them. */
  readonly position: number
  /** @throws DeviceError `quota-exceeded` where there is no room; nothing of the chunk is kept then. */
  write(chunk: Uint8Array<ArrayBuffer>): void
  /** Makes what was written last beyond a crash. Always called, once. */
  close(): void
}

export interface WeightStore {
  /** Whether anything outlives this page. */
  readonly keeps: boolean
  /**
   * Runs `work` while no other tab writes or removes the file; waits for them first.
   * @throws DOMException AbortError when `signal` ends the waiting.
   */
  exclusive<Result>(sha256: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result>
  /** Which files somebody is writing right now. */
  busy(): Promise<ReadonlySet<string>>
  /** Bytes of a file that are there; 0 where none are. */
  size(sha256: string): Promise<number>
  append(sha256: string): Promise<WeightWriter>
  /** The file as it is, whole or not; null where there is none. Does not check the hash: read-weights.ts does. */
  read(sha256: string): Promise<Uint8Array<ArrayBuffer> | null>
  remove(sha256: string): Promise<void>
  /** Every JSON note whose name starts so. A note that cannot be read is left out. */
  records(prefix: string): Promise<ReadonlyMap<string, unknown>>
  writeRecord(name: string, value: unknown): Promise<void>
  removeRecord(name: string): Promise<void>
}
