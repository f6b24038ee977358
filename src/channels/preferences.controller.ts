import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { defaults } from './choices.js';
import { ChoosePreferences, PreferencesResponse } from './preferences.dto.js';
import { PreferencesService } from './preferences.service.js';

const example = {
  timeZone: 'Europe/London',
  quietFrom: '21:30',
  quietTo: '07:00',
  categories: defaults.instructor,
  mutedSenderIds: [],
  mutedThreadIds: [],
  version: 2,
};

@ApiTags('channels')
@Controller('me/preferences')
export class PreferencesController {
  constructor(private readonly preferences: PreferencesService) {}

  @Get()
  @Operation({
    summary: 'Show how one wants to be told of things',
    description: 'Whoever has chosen nothing has what their role has.',
    permission: 'preferences:read',
    answer: PreferencesResponse,
    example,
    errors: [404],
  })
  get(@CurrentViewer() viewer: Viewer): Promise<PreferencesResponse> {
    return this.preferences.get(viewer);
  }

  @Put()
  @Operation({
    summary: 'Choose how one wants to be told of things',
    description:
      'All of it. The tray of notifications and the conversations in the application have everything, whatever is ' +
      'chosen; a message of a muted sender or conversation comes to that alone, and counts there as unread. What waits ' +
      'to be sent goes by what is chosen when its time comes.',
    permission: 'preferences:write',
    answer: PreferencesResponse,
    example,
    errors: [404, 412, 422],
  })
  choose(
    @CurrentViewer() viewer: Viewer,
    @Body() body: ChoosePreferences,
    @IfMatch() version: number | undefined,
  ): Promise<PreferencesResponse> {
    return this.preferences.choose(viewer, body, version);
  }
}
