/** Small enough for the shortest statement timeout. */
const batchSize = 5_000;

/**
 * Deletes batch after batch until one is not full.
 * @param deleteBatch deletes at most so many rows, and says how many
 * @returns how many were deleted in all
 */
export async function deleteInBatches(
  signal: AbortSignal,
  deleteBatch: (limit: number) => Promise<number>,
): Promise<number> {
  for (let total = 0; ;) {
    signal.throwIfAborted();
    const count = await deleteBatch(batchSize);
    total += count;
    if (count < batchSize) return total;
  }
}
