import { Injectable } from '@nestjs/common';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { TenantsService } from '../org/tenants.service.js';
import { SegmentsRepository } from '../students/segments.repository.js';
import { type Filter, filterOf } from '../students/student-filter.js';
import { StudentsRepository } from '../students/students.repository.js';
import { type MissingValue, mostRecipients } from './messages.dto.js';
import type { Audience, MessageText } from './messages.repository.js';
import { type RecipientRow, RecipientsRepository } from './recipients.repository.js';
import { type Values, type Variable, variablesOf } from './template.js';
import { instantOf, type Wave, wavesOf } from './waves.js';

const kinds = ['userIds', 'filter', 'segmentId', 'departmentId', 'instructorId'] as const;

/** Whom a message goes to, and what its variables stand for with each of them. */
@Injectable()
export class Recipients {
  constructor(
    private readonly repository: RecipientsRepository,
    private readonly students: StudentsRepository,
    private readonly segments: SegmentsRepository,
    private readonly tenants: TenantsService,
  ) {}

  /** An audience as it is kept: one of its kinds, equal ids as equal text. @throws Problem 400 unless it is one */
  understand(audience: Audience): Audience {
    const given = kinds.filter((kind) => audience[kind] !== undefined);
    if (given.length !== 1) {
      const detail = `give exactly one of ${kinds.join(', ')}`;
      throw Problem.invalid([{ pointer: `/to${given[1] ? `/${given[1]}` : ''}`, code: 'field_required', detail }]);
    }
    const { userIds, filter } = audience;
    if (userIds) return { userIds: [...new Set(userIds.map((id) => id.toLowerCase()))] };
    if (filter) return { filter: filterOf(filter) };
    return { [given[0]!]: String(audience[given[0]!]).toLowerCase() };
  }

  /**
   * Who they are now, within what the viewer may see.
   * @throws Problem 403 for a student who means more than one, 404 for a segment, 422 for somebody who is not there, for
   *   nobody and for too many
   */
  async settle(viewer: Viewer, audience: Audience): Promise<string[]> {
    if (audience.userIds) return this.settleNamed(viewer, audience.userIds);
    if (viewer.role === 'student') {
      throw new Problem(403, 'audience_denied', { detail: 'Students write to their own instructor.' });
    }
    const filter = await this.filterOf(viewer, audience);
    const moment = await this.tenants.moment(viewer.tenantId);
    const ids = await this.students.listIds(viewer, filter, moment, mostRecipients + 1);
    if (ids.length > mostRecipients) {
      const detail = `A message goes to ${mostRecipients.toLocaleString('en')} people at most, and this means more.`;
      throw Problem.unprocessable('recipients_too_many', detail, '/to');
    }
    if (ids.length === 0) throw Problem.unprocessable('recipients_none', 'This means nobody.', '/to');
    return ids;
  }

  /** In the order in which their clocks show a time, `2026-03-09T07:30`. */
  async inWaves(
    tenantId: string,
    userIds: readonly string[],
    sendLocal: string,
  ): Promise<{ userIds: string[]; waves: Wave[] }> {
    return wavesOf(await this.repository.listZones(tenantId, userIds), sendLocal);
  }

  /** When the first clock of anybody in a tenant shows a time. */
  async firstInstant(tenantId: string, sendLocal: string): Promise<Date> {
    const zones = await this.repository.listAllZones(tenantId);
    return new Date(Math.min(...zones.map((timeZone) => instantOf(timeZone, sendLocal).getTime())));
  }

  /** Variables that stand for nothing with some of these people. @throws Problem 422 for what no variable can be about */
  async missing(viewer: Viewer, text: MessageText, userIds: readonly string[], now: Date): Promise<MissingValue[]> {
    const used = this.variablesOf(text);
    const { assignmentId } = text;
    if (assignmentId !== null && (await this.repository.findAssignmentTitle(viewer, assignmentId, now)) === null) {
      throw Problem.unprocessable('assignment_not_found', 'There is no such assignment.', '/assignmentId');
    }
    if (assignmentId === null || !used.includes('assignment.dueAt')) return [];
    const withoutValue = await this.repository.countWithoutDueDate(viewer.tenantId, userIds, assignmentId);
    return withoutValue === 0 ? [] : [{ variable: 'assignment.dueAt', withoutValue }];
  }

  /** @throws Problem 422 where one of them would read nothing in place of a variable */
  async refuseMissing(viewer: Viewer, text: MessageText, userIds: readonly string[], now: Date): Promise<void> {
    const [first] = await this.missing(viewer, text, userIds, now);
    if (!first) return;
    const detail = `${first.variable} stands for nothing with ${first.withoutValue} of the recipients.`;
    throw Problem.unprocessable('variable_without_value', detail, text.body.includes(first.variable) ? '/body' : '/subject'); // prettier-ignore
  }

  /** @throws Problem 422 for a variable that there is none of, and one of an assignment where there is none */
  variablesOf({ subject, body, assignmentId }: MessageText): Variable[] {
    const used = variablesOf({ subject, body });
    if (assignmentId !== null || !used.some((name) => name.startsWith('assignment.'))) return used;
    throw Problem.unprocessable(
      'assignment_required',
      'Say which assignment the variables are about.',
      '/assignmentId',
    );
  }

  /** Those of these people who are active, each with what the variables stand for; null where the text has none. */
  async values(
    sender: Viewer,
    text: MessageText,
    userIds: readonly string[],
    now: Date,
  ): Promise<{ userId: string; values: Values | null }[]> {
    const used = this.variablesOf(text);
    const { assignmentId } = text;
    const rows = await this.repository.list(sender.tenantId, userIds, assignmentId);
    if (used.length === 0) return rows.map(({ userId }) => ({ userId, values: null }));
    const of: Partial<Record<Variable, (row: RecipientRow) => string | null>> = {
      firstName: ({ name }) => name.trim().split(/\s+/)[0]!,
      name: ({ name }) => name.trim(),
      'assignment.dueAt': ({ dueAt }) => dueAt,
    };
    if (used.includes('sender.name')) {
      const name = await this.repository.findName(sender.tenantId, sender.userId);
      of['sender.name'] = () => name;
    }
    if (assignmentId !== null) {
      const title = await this.repository.findAssignmentTitle(sender, assignmentId, now);
      of['assignment.title'] = () => title;
    }
    return rows.map((row) => ({
      userId: row.userId,
      values: Object.fromEntries(used.map((name) => [name, of[name]?.(row) ?? null])),
    }));
  }

  private async settleNamed(viewer: Viewer, userIds: readonly string[]): Promise<string[]> {
    const reachable = await this.repository.listReachable(viewer, userIds);
    if (reachable.length === userIds.length) return reachable;
    const known = new Set(reachable);
    const missing = userIds.findIndex((id) => !known.has(id));
    const detail = 'There is no such person whom you could write to.';
    throw Problem.unprocessable('recipient_not_found', detail, `/to/userIds/${missing}`);
  }

  private async filterOf(viewer: Viewer, audience: Audience): Promise<Filter> {
    const { filter, segmentId, departmentId, instructorId } = audience;
    if (filter) return filter;
    if (segmentId === undefined) return filterOf({ departmentId, instructorId });
    const segment = await this.segments.find(viewer, segmentId);
    if (!segment) throw Problem.notFound('segment');
    return segment.filter;
  }
}
