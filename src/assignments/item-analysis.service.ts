import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { fisherInterval, wilsonInterval } from './intervals.js';
import type { AssignmentAnalysis, ItemStatistics, ModuleAnalysis } from './item-analysis.dto.js';
import { type ItemFigures, ItemAnalysisRepository } from './item-analysis.repository.js';

/** Of fewer students one could tell who had what. */
const fewestShown = 5;
/** Of fewer nothing can be said of the item. */
const fewestJudged = 10;
const mostItems = 500;

/** "Poor items, to be rejected or improved": R. L. Ebel and D. A. Frisbie, Essentials of Educational Measurement. */
const leastDiscrimination = 0.2;
const easy = 0.95;
const hard = 0.2;

@Injectable()
export class ItemAnalysisService {
  constructor(
    private readonly items: ItemAnalysisRepository,
    private readonly clock: Clock,
  ) {}

  async ofAssignment(viewer: Viewer, assignmentId: string): Promise<AssignmentAnalysis> {
    const found = await this.items.ofAssignment(viewer, assignmentId, this.clock.now());
    if (!found) throw Problem.notFound('assignment');
    const items = found.items.map(({ moduleId, code, title, ...figures }) => ({
      moduleId,
      code,
      title,
      ...statisticsOf(figures),
    }));
    return { assignmentId, students: found.students, items };
  }

  async ofModule(viewer: Viewer, moduleId: string): Promise<ModuleAnalysis> {
    const found = await this.items.ofModule(viewer, moduleId, mostItems);
    if (!found) throw Problem.notFound('module');
    const items = found.items.map(({ questionId, ...figures }) => ({ questionId, ...statisticsOf(figures) }));
    return { moduleId, students: found.students, items };
  }
}

const nothing = {
  difficulty: null,
  difficultyLow: null,
  difficultyHigh: null,
  discrimination: null,
  discriminationLow: null,
  discriminationHigh: null,
  meanTimeSeconds: null,
  medianTimeSeconds: null,
} as const;

/** What of the figures there are students enough for, with intervals and flags. */
function statisticsOf(figures: ItemFigures): ItemStatistics {
  const { n, difficulty, discrimination, compared, meanTimeSeconds, medianTimeSeconds } = figures;
  if (n < fewestShown) return { n, ...nothing, flags: [], reason: 'tooFewStudents' };
  const times = { meanTimeSeconds, medianTimeSeconds };
  if (n < fewestJudged) return { n, ...nothing, ...times, flags: [], reason: 'tooFewStudents' };
  const share = wilsonInterval(difficulty!, n);
  const isJudged = discrimination !== null && compared >= fewestJudged;
  const correlation = isJudged ? fisherInterval(discrimination, compared) : null;
  const flags: ItemStatistics['flags'] = [];
  if (difficulty! > easy) flags.push('tooEasy');
  if (difficulty! < hard) flags.push('tooHard');
  if (correlation && correlation.high < leastDiscrimination) flags.push('notDiscriminating');
  return {
    n,
    difficulty: rounded(difficulty),
    difficultyLow: rounded(share.low),
    difficultyHigh: rounded(share.high),
    discrimination: isJudged ? rounded(discrimination) : null,
    discriminationLow: rounded(correlation?.low ?? null),
    discriminationHigh: rounded(correlation?.high ?? null),
    ...times,
    flags,
    reason: isJudged
      ? null
      : compared === 0
        ? 'noOtherItems'
        : compared < fewestJudged
          ? 'tooFewStudents'
          : 'noVariation',
  };
}

const rounded = (value: number | null): number | null => (value === null ? null : Math.round(value * 10_000) / 10_000);
