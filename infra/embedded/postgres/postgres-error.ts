// What keeps the embedded database from running, in words for the person at the terminal: the machine's doing, not a bug.

export class PostgresError extends Error {
  override readonly name = 'PostgresError'
  /** Whoever shows it shows the message alone. */
  readonly isForPeople = true
}
