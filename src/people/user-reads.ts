import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { type Page, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { PeopleRepository, type PersonRow } from '../org/people.repository.js';
import type { UserListQuery } from './users.dto.js';

@Injectable()
export class UserReads {
  constructor(
    private readonly people: PeopleRepository,
    private readonly audit: AuditRecorder,
  ) {}

  async list({ tenantId }: Viewer, query: UserListQuery): Promise<Page<PersonRow>> {
    const { search, role, departmentId, isActive } = query;
    const filter = { search, role, departmentId, isActive };
    const listing = { scope: ['users', tenantId, filter], keys: ['text', 'id'] as const };
    const position = positionOf(query, listing);
    const [rows, total] = await Promise.all([
      this.people.list(tenantId, filter, position),
      position.page === undefined ? undefined : this.people.count(tenantId, filter),
    ]);
    const page = toPage(rows, position, { listing, keysOf: ({ nameSort, id }) => [nameSort, id], total });
    return { ...page, data: page.data.map(({ nameSort: _, ...row }): PersonRow => row) };
  }

  async get(viewer: Viewer, userId: string): Promise<PersonRow> {
    const person = await this.people.find(viewer.tenantId, userId);
    if (!person) throw Problem.notFound('user');
    if (person.id !== viewer.userId) {
      await this.audit.recordRead(viewer, { action: 'user.viewed', targetType: 'user', targetId: person.id });
    }
    return person;
  }
}
