import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { UserReads } from './user-reads.js';
import { OwnPhone } from './users.dto.js';
import { UsersService } from './users.service.js';

/** What of their own people change themselves. */
@ApiTags('users')
@Controller('me/phone')
export class OwnPhoneController {
  constructor(
    private readonly reads: UserReads,
    private readonly users: UsersService,
  ) {}

  @Get()
  @Operation({ summary: 'Show where short messages go', permission: 'preferences:read', answer: OwnPhone })
  async get(@CurrentViewer() viewer: Viewer): Promise<OwnPhone> {
    const { phone } = await this.reads.get(viewer, viewer.userId);
    return { phone };
  }

  @Put()
  @Operation({ summary: 'Say where short messages are to go', permission: 'preferences:write', answer: OwnPhone })
  async put(@CurrentViewer() viewer: Viewer, @Body() { phone }: OwnPhone): Promise<OwnPhone> {
    await this.users.change(viewer, viewer.userId, { phone });
    return { phone };
  }
}
