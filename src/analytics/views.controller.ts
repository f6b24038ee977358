import { Controller, Get, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { ViewResponse } from './views.dto.js';
import { ViewsService } from './views.service.js';

@ApiTags('analytics')
@Controller('views')
export class ViewsController {
  constructor(private readonly views: ViewsService) {}

  @Get()
  @Operation({
    summary: 'Say how old the figures are that are made in the background',
    description:
      'The materialised views of the installation, in the order they are refreshed, every quarter of an hour.',
    permission: 'views:read',
    answer: ViewResponse,
    shape: 'list',
  })
  list(): Promise<ViewResponse[]> {
    return this.views.list();
  }

  @Post('refresh')
  @Operation({
    summary: 'Have the views refreshed now',
    description: 'All of them, by the next worker that is free. `GET /views` tells when it is done.',
    permission: 'views:write',
    status: 202,
    answer: ViewResponse,
    shape: 'list',
  })
  async refresh(@CurrentViewer() viewer: Viewer): Promise<ViewResponse[]> {
    await this.views.ask(viewer);
    return this.views.list();
  }
}
