import { addDays } from '../org/local-day.js';
import type { Evidence, Work } from './explanation.repository.js';
import type { EvidenceWork } from './risk.dto.js';
import type { AsOf } from './risk.repository.js';

/** The rows behind a factor. */
export interface Behind {
  readonly work: EvidenceWork[];
  readonly days: string[];
}

const mostWork = 20;

/** What there is behind a factor, by its name; nothing behind one of an earlier release. */
export function evidenceOf(factor: string, evidence: Evidence, asOf: AsOf): Behind {
  const { work, lastActiveOn } = evidence;
  const missed = work.filter(({ isDue, isDone }) => isDue && !isDone).sort((a, b) => b.weight - a.weight);
  const scored = work.filter(({ score }) => score !== null);
  switch (factor) {
    case 'activeDays':
      return { work: [], days: windowOf(evidence, asOf) };
    case 'daysSinceActive':
      return { work: [], days: lastActiveOn === null ? [] : [lastActiveOn] };
    case 'meanScore':
      return { work: shown(latestFirst(scored)), days: scored.length > 0 ? [] : [...evidence.scoredDays] };
    case 'lowestScore': {
      const lowest = Math.min(...scored.map(({ score }) => score!));
      return { work: shown(scored.filter(({ score }) => score === lowest)), days: [] };
    }
    case 'missedShare':
      return { work: shown(missed), days: [] };
    case 'missedAndQuiet':
      return { work: shown(missed), days: missed.length > 0 ? windowOf(evidence, asOf) : [] };
    case 'nothingHandedIn':
      return { work: shown(work.some(({ lead }) => lead !== null) ? [] : missed), days: [] };
    case 'handInLead':
      return { work: shown(latestFirst(work.filter(({ lead }) => lead !== null))), days: [] };
    default:
      return { work: [], days: [] };
  }
}

/** The 28 days end with the evening before while the student has not been active on a day that is not over. */
function windowOf({ activeDays }: Evidence, { day, isOver }: AsOf): string[] {
  const end = isOver || activeDays[0] === day ? day : addDays(day, -1);
  const begin = addDays(end, -27);
  return activeDays.filter((one) => one >= begin);
}

function latestFirst(work: readonly Work[]): Work[] {
  return work.toReversed();
}

function shown(work: readonly Work[]): EvidenceWork[] {
  return work.slice(0, mostWork).map(({ assignmentId, title, dueAt, weight, score, lead }) => ({
    assignmentId,
    title,
    dueAt,
    weight,
    score,
    leadDays: lead,
  }));
}
