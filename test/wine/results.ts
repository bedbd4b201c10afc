/** What came of the tests in each file. */
export type Results = Readonly<Record<string, FileResult>>;

export interface FileResult {
  passed: number;
  skipped: number;
  readonly failures: string[];
}
