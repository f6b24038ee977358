import { riskBands } from '../students/risk-bands.js';
import type { TimelineRow } from './timeline.repository.js';

const said = (value: unknown): string => String(value).replaceAll('_', ' ');

/** One plain sentence about an entry; who did it stands beside it. */
export function titleOf({ band, kind, details }: Pick<TimelineRow, 'band' | 'kind' | 'details'>): string {
  if (band) {
    const { from, to, score } = band;
    if (from === null) return `The risk was ${to} at the first score (${score})`;
    const places: readonly string[] = riskBands;
    return `The risk ${places.indexOf(to) > places.indexOf(from) ? 'rose' : 'fell'} from ${from} to ${to} (${score})`;
  }
  switch (kind!) {
    case 'opened':
      return details?.['origin'] === 'flag' ? 'A case was opened from a flag' : 'A case was opened by hand';
    case 'contacted':
      return `The student was contacted: ${said(details?.['action'])}`;
    case 'note':
      return 'A note was written';
    case 'changed':
      return 'The case was changed';
    case 'snoozed':
      return details?.['until'] ? `The case sleeps until ${said(details['until'])}` : 'The case was woken up';
    case 'resolved':
      return `The case was resolved: ${said(details?.['outcome'])}`;
    case 'dismissed':
      return `The case was dismissed: ${said(details?.['reason'])}`;
    case 'reopened':
      return 'The case was reopened';
    case 'closed_itself': {
      const evenings = details?.['evenings'] as readonly { readonly score: number }[] | undefined;
      const scores = evenings?.map(({ score }) => score).join(' and ') ?? '';
      return `The case closed itself: no longer at risk on two evenings in a row (${scores})`;
    }
  }
}
