/** What an administrator decides about the engine. */
export interface EngineSettings {
  /** Bytes that stay free in a pool of so many bytes. */
  readonly reserveOf: (total: bigint) => bigint;
  /** How many times the usable bytes of a pool may be promised; 1 promises nothing twice. */
  readonly overcommit: number;
  /** How long a deleted volume is kept, milliseconds; 0 removes it at once. */
  readonly retentionMs: number;
  /** Where imports come from and exports go to; undefined refuses both. */
  readonly transferDirectory: string | undefined;
}

export const defaultEngineSettings: EngineSettings = {
  reserveOf: () => 0n,
  overcommit: 1,
  retentionMs: 0,
  transferDirectory: undefined,
};
