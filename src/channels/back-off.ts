const firstSeconds = 60;
const longestSeconds = 7_200;
const longestPauseSeconds = 1_800;

/**
 * How long a delivery waits after a passing fault: twice as long each time, by chance a quarter more or less so that what
 * failed together does not come back together.
 * @param attempts so far, from 1
 * @param chance from 0 to 1
 * @param askedSeconds for which the other side wants to be left alone, heard for so long as the longest pause
 */
export function backOffSeconds(attempts: number, chance: number, askedSeconds = 0): number {
  const seconds = Math.min(longestSeconds, firstSeconds * 2 ** (attempts - 1)) * (0.75 + chance / 2);
  return Math.max(seconds, Math.min(askedSeconds, longestSeconds));
}

/** How long a channel that takes nothing is left alone. @param faults pauses in a row, from 1 */
export function pauseSeconds(faults: number): number {
  return Math.min(longestPauseSeconds, firstSeconds * 2 ** (faults - 1));
}
