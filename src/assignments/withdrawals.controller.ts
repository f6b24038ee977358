import { Body, Controller, Post } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { Withdraw, Withdrawn } from './hand-outs.dto.js';
import { HandOutsService } from './hand-outs.service.js';

@ApiTags('assignments')
@Controller('assignments/:id/withdraw')
export class WithdrawalsController {
  constructor(private readonly handOuts: HandOutsService) {}

  @Post()
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Withdraw an assignment from students',
    description:
      'It counts for them as if it had never been given, until it is handed out to them again. One result per student.',
    permission: 'assignments:write',
    answer: Withdrawn,
    errors: [404, 409, 422],
  })
  create(@CurrentViewer() viewer: Viewer, @IdParam() id: string, @Body() body: Withdraw): Promise<Withdrawn> {
    return this.handOuts.withdraw(viewer, id, body);
  }
}
