import { addEventHandler, getState } from 'jest-circus';

/** What the runner leaves to others, which Jest's own does: an end to tests that do not end, and to processes. */
process.once('disconnect', () => process.exit());

/** How long a test, or what goes before or after it, may take where neither it nor its file says so. */
const limitMs = 30_000;
/** By what the runner keeps of each file. */
const limits = new WeakMap<object, number>();

jest.setTimeout = (ms) => {
  limits.set(getState(), ms);
  return jest;
};

addEventHandler((event, state) => {
  const { children, hooks } = state.currentDescribeBlock;
  const added = event.name === 'add_test' ? children.at(-1) : event.name === 'add_hook' ? hooks.at(-1) : undefined;
  if (!added || !('fn' in added) || !added.fn) return;
  const { fn, timeout } = added;
  added.fn = () => inTime(fn as () => unknown, timeout ?? limits.get(state) ?? limitMs);
});

async function inTime(work: () => unknown, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
