import { Body, Controller, Post, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiConsumes, ApiTags } from '@nestjs/swagger';
import { NotStored } from '../http/idempotency.js';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { UserImportService } from './user-import.service.js';
import { userColumns, userFile } from './user-file.js';
import { ImportUsersQuery, ImportUsersResponse } from './user-imports.dto.js';

const example = `role,name,email,pid,department,instructor,joinedOn
instructor,Ada Okafor,a.okafor@example.org,P-7,dispatch,,2025-09-01
student,Kathleen Osei,k.osei@example.org,P-1042,dispatch,P-7,2026-09-01
`;

@ApiTags('users')
@Controller('users/imports')
export class UserImportsController {
  constructor(private readonly imports: UserImportService) {}

  // a file says what is to be, so sending it again is harmless, and it would have to be read before it could be compared
  @Post()
  @NotStored()
  @RouteConfig({ csvLimitBytes: userFile.maxBytes, deadlineSeconds: 60, rateLimit: 'expensive' })
  @ApiConsumes('text/csv')
  @ApiBody({ required: true, schema: { type: 'string', maxLength: userFile.maxBytes, example } })
  @Operation({
    summary: 'Import people from a CSV file',
    description:
      'Creates and changes people, who are known by pid or else by e-mail. UTF-8, comma or semicolon, up to ' +
      `${userFile.maxRows.toLocaleString('en')} rows and 8 MiB; the first row names the columns, of ` +
      `${userColumns.map((column) => `\`${column}\``).join(', ')}. \`role\`, \`name\` and one of pid and email must be ` +
      'there; `department` is a code, `instructor` an address or number, also of one in the same file. An empty cell ' +
      'leaves what is there. The same file again changes nothing, so an Idempotency-Key is not needed and has no effect.',
    permission: 'users:write',
    answer: ImportUsersResponse,
    errors: [413, 415, 422],
  })
  import(
    @CurrentViewer() viewer: Viewer,
    @Query() query: ImportUsersQuery,
    @Body() file: unknown,
  ): Promise<ImportUsersResponse> {
    return this.imports.import(viewer, file, query);
  }
}
