import { Injectable } from '@nestjs/common';
import { wilsonInterval } from '../assignments/intervals.js';
import { Cache } from '../cache/cache.js';
import { JsonBytes } from '../http/answer.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { addDays } from '../org/local-day.js';
import { TenantsService } from '../org/tenants.service.js';
import { scopeKey, scopeTags } from '../students/student-reads.js';
import { analyticsSeconds } from './analytics-scope.js';
import { type Difference, differenceOfMeans, differenceOfShares } from './effect-intervals.js';
import {
  contactActions,
  type EffectFigure,
  type InterventionCases,
  type InterventionEffect,
  type InterventionEffectsQuery,
  type InterventionEffectsResponse,
} from './intervention-effects.dto.js';
import {
  type CaseFigures,
  type EffectFigures,
  type EffectsAsked,
  InterventionEffectsRepository,
} from './intervention-effects.repository.js';

const usualDays = 180;
const mostDays = 731;
/** Of fewer students nothing is told but how many contacts there were. */
const fewestShown = 5;
/** With fewer students on a side nothing can be said. */
const fewestCompared = 10;

const caveat =
  'People chose whom to contact, and may have known more than the score says: a difference from those whom nobody ' +
  'contacted need not be what the contact did. Comparing within band and week leaves out that high scores tend to fall ' +
  'by themselves; it does not leave out other reasons. Who had no score at the end is not in the figures.';

@Injectable()
export class InterventionEffectsService {
  constructor(
    private readonly effects: InterventionEffectsRepository,
    private readonly tenants: TenantsService,
    private readonly cache: Cache,
  ) {}

  /** @throws Problem 400 for a period that ends before it begins, or is longer than two years */
  async show(viewer: Viewer, query: InterventionEffectsQuery): Promise<JsonBytes> {
    const { today, now } = await this.tenants.moment(viewer.tenantId);
    const asked = askedBy(query, today);
    const key = `analytics.interventions ${scopeKey(viewer)} ${JSON.stringify(asked)}`;
    const options = { tags: scopeTags(viewer), lifetimeSeconds: analyticsSeconds, day: today };
    return this.cache.bytes(key, options, async (): Promise<InterventionEffectsResponse> => {
      const [figures, cases] = await Promise.all([
        this.effects.listEffects(viewer, asked),
        this.effects.countCases(viewer, asked, today),
      ]);
      const { from, to, followUpDays, action } = asked;
      const actions = action === undefined ? (['all', ...contactActions] as const) : [action];
      return {
        from,
        to,
        followUpDays,
        asOf: now.toISOString(),
        pending: cases.pending,
        effects: actions.map((one) => effectOf(one, figures)),
        cases: casesOf(cases),
        caveat,
      };
    });
  }
}

type Action = InterventionEffect['action'];

function askedBy(query: InterventionEffectsQuery, today: string): EffectsAsked & { readonly action?: Action } {
  const followUpDays = Number(query.followUpDays);
  const lastDay = addDays(today, -1 - followUpDays);
  const to = query.to ?? (query.from === undefined ? lastDay : today);
  const from = query.from ?? addDays(to, 1 - usualDays);
  const refuse = (detail: string): never => {
    throw Problem.invalid([{ pointer: '/query/from', code: 'value_invalid', detail }]);
  };
  if (from > to) refuse('must not lie after the last day');
  if (addDays(from, mostDays) <= to) refuse(`must not lie more than ${mostDays - 1} days before the last day`);
  const { action, departmentId, instructorId } = query;
  return {
    from,
    to,
    lastDay,
    followUpDays,
    action,
    departmentId: departmentId?.toLowerCase(),
    instructorId: instructorId?.toLowerCase(),
  };
}

const silence = { scoreChange: null, leftAtRiskBands: null, active: null } as const;

function effectOf(action: Action, figures: readonly EffectFigures[]): InterventionEffect {
  const found = figures.find((one) => one.action === action);
  const { contacts = 0, people = 0, students = 0, others = 0 } = found ?? {};
  if (!found || people < fewestShown) {
    const unknown = { n: null, withoutBaseline: null, withoutOutcome: null, unmatched: null };
    return { action, contacts, ...unknown, students: null, others: null, insufficientData: true, ...silence };
  }
  const { n, withoutBaseline, withoutOutcome } = found;
  const unmatched = contacts - withoutBaseline - withoutOutcome - n;
  const insufficientData = Math.min(students, others) < fewestCompared;
  const counts = {
    action,
    contacts,
    n,
    withoutBaseline,
    withoutOutcome,
    unmatched,
    students,
    others,
    insufficientData,
  };
  if (insufficientData) return { ...counts, ...silence };
  const scoreChange = differenceOfMeans({
    contacted: found.change,
    others: found.otherChange,
    squares: found.squares,
    students: Math.min(students, others),
  });
  const active = differenceOfShares(
    { share: found.active, size: found.size },
    { share: found.otherActive, size: found.otherSize },
  );
  return {
    ...counts,
    scoreChange: shown(scoreChange, 1),
    leftAtRiskBands: leavingOf(found),
    active: shown(active, 100),
  };
}

function leavingOf({
  atRiskStudents,
  atRiskOthers,
  left,
  otherLeft,
  atRiskSize,
  otherAtRiskSize,
}: EffectFigures): EffectFigure | null {
  if (Math.min(atRiskStudents, atRiskOthers) < fewestCompared) return null;
  const others = { share: otherLeft!, size: otherAtRiskSize! };
  return shown(differenceOfShares({ share: left!, size: atRiskSize! }, others), 100);
}

function casesOf(cases: CaseFigures): InterventionCases {
  const { flagged, flaggedStudents, wronglyFlagged, contactedStudents, medianDaysToContact } = cases;
  const interval = flaggedStudents < fewestShown ? null : wilsonInterval(wronglyFlagged / flagged, flagged);
  return {
    opened: cases.opened,
    contacted: cases.contacted,
    medianDaysToContact: contactedStudents < fewestShown ? null : medianDaysToContact,
    due: cases.due,
    contactedInTime: cases.contactedInTime,
    closed: cases.closed,
    closedItself: cases.closedItself,
    reopened: cases.reopened,
    dismissals: {
      excused_absence: 0,
      data_wrong: 0,
      already_supported: 0,
      not_at_risk: 0,
      other: 0,
      ...cases.dismissals,
    },
    wronglyFlagged: {
      flagged,
      dismissed: wronglyFlagged,
      rate: interval && rounded((100 * wronglyFlagged) / flagged),
      low: interval && rounded(100 * interval.low),
      high: interval && rounded(100 * interval.high),
    },
  };
}

/** @param unit what one is shown as */
function shown(difference: Difference, unit: number): EffectFigure {
  const { contacted, others, low, high } = difference;
  return {
    contacted: rounded(contacted * unit),
    others: rounded(others * unit),
    difference: rounded(difference.difference * unit),
    low: rounded(low * unit),
    high: rounded(high * unit),
  };
}

/** Two decimals; not -0. */
const rounded = (value: number): number => Math.round(value * 100) / 100 + 0;
