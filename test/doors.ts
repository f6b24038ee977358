import { Controller, Get, Module, Post } from '@nestjs/common';
import { Operation } from '../src/http/operation.js';
import { CurrentViewer, type Viewer } from '../src/http/viewer.js';

/** Routes that do nothing but let in, or not. */
@Controller('doors')
class DoorsController {
  @Get('open')
  @Operation({ summary: 'For everybody', public: true })
  open(): object {
    return {};
  }

  @Get('signed-in')
  @Operation({ summary: 'For every viewer' })
  signedIn(@CurrentViewer() viewer: Viewer): object {
    return viewer;
  }

  /** As a write: nothing is written, but the guard cannot know. */
  @Post('signed-in')
  @Operation({ summary: 'For every viewer who writes' })
  write(@CurrentViewer() viewer: Viewer): object {
    return viewer;
  }

  /** Nothing said at all. */
  @Get('forgotten')
  forgotten(): object {
    return {};
  }

  @Get('rosters')
  @Operation({ summary: 'For some', permission: 'rosters:write' })
  rosters(): object {
    return {};
  }

  @Post('rosters')
  @Operation({ summary: 'For some who write', permission: 'rosters:write' })
  writeRosters(): object {
    return {};
  }
}

@Module({ controllers: [DoorsController] })
export class DoorsModule {}
