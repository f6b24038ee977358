import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import { type AnalyticsScope, placePredicate } from './analytics-scope.js';
import type { QuestionFigures } from './questions.dto.js';

/** Of fewer answers a share says nothing of the question. */
const fewestJudged = 10;
/** Where questions without a rate are in the order. */
export const unrated = 101;

@Injectable()
export class QuestionsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Hardest first, up to one more than the limit. @returns null where there is no such module, and with `total` how many
   * questions there are
   */
  async list(
    viewer: Viewer,
    moduleId: string,
    scope: AnalyticsScope,
    { limit, offset, after }: Position,
  ): Promise<{ total: number; rows: QuestionFigures[] } | null> {
    const { sql, parameters } = placePredicate(viewer, scope);
    const module = `$${parameters.push(moduleId)}`;
    const from = `$${parameters.push(scope.from)}::date`;
    const to = `$${parameters.push(scope.to)}::date`;
    const [hardness, questionId] = [after?.[0] ?? null, after?.[1] ?? null].map(
      (value) => `$${parameters.push(value)}`,
    );
    return this.database.read().maybeOne<{ total: number; rows: QuestionFigures[] }>(
      `-- analytics.listQuestions
      with figure as materialized (
        select p.question_id, sum(p.answers) as answers,
          case when sum(p.judged) >= ${fewestJudged} then round(sum(p.correct) * 100.0 / sum(p.judged), 2) end as rate,
          round(sum(p.seconds_sum) / nullif(sum(p.seconds_count), 0), 2) as seconds
        from question_days p
        where p.tenant_id = $1 and p.module_id = ${module} and p.day between ${from} and ${to} and ${sql}
        group by p.question_id
      )
      select (select count(*) from figure) as total, (
        select coalesce(json_agg(json_build_object('questionId', f.question_id, 'answers', f.answers,
          'correctRate', f.rate, 'meanSeconds', f.seconds) order by coalesce(f.rate, ${unrated}), f.question_id), '[]')
        from (
          select * from figure
          where ${hardness}::numeric is null or (coalesce(rate, ${unrated}), question_id) > (${hardness}, ${questionId})
          order by coalesce(rate, ${unrated}), question_id
          limit $${parameters.push(limit + 1)} offset $${parameters.push(offset)}
        ) f
      ) as rows
      from modules m where m.tenant_id = $1 and m.id = ${module}`,
      parameters,
    );
  }
}
