/** One tenant after the other; one that fails does not hold up the others. @throws AggregateError once all had theirs */
export async function forEachTenant(
  tenantIds: readonly string[],
  signal: AbortSignal,
  work: (tenantId: string) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const tenantId of tenantIds) {
    try {
      signal.throwIfAborted();
      await work(tenantId);
    } catch (error) {
      signal.throwIfAborted();
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} tenants: ${String(failures[0])}`);
}
