const began = performance.now();

const seconds = (from: number) => ((performance.now() - from) / 1000).toFixed(1);

/** One step of the cluster test, with the time that it took and since the start. */
export async function step<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const started = performance.now();
  try {
    const result = await work();
    process.stdout.write(`[${seconds(began)} s] ${what}: ${seconds(started)} s\n`);
    return result;
  } catch (error) {
    process.stdout.write(`[${seconds(began)} s] ${what}: failed after ${seconds(started)} s\n`);
    throw error;
  }
}
