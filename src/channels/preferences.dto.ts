import { ApiProperty } from '@nestjs/swagger';
import { IdList, Nested, OneOf, OneOfList, Text } from '../http/fields.js';
import { type ChannelName, channelNames } from './channel.js';
import { type Digest, digests } from './choices.js';

export const mostMuted = 200;
const time = /^([01]\d|2[0-3]):[0-5]\d$/;

export class ChoiceOfChannels {
  @OneOfList(channelNames, {
    min: 0,
    max: channelNames.length,
    description:
      'Beside the application, which always has it. Where the organisation has no such channel it is left out',
  })
  readonly channels: ChannelName[];

  @OneOf(digests, {
    description: 'At once, or together with others at 08:00, daily or on Mondays. What is urgent goes at once',
  })
  readonly digest: Digest;
}

export class ChoicesOfChannels {
  @Nested(() => ChoiceOfChannels, { description: 'What other people write' })
  readonly messages: ChoiceOfChannels;

  @Nested(() => ChoiceOfChannels, { description: 'New, due, overdue and graded work' })
  readonly assignments: ChoiceOfChannels;

  @Nested(() => ChoiceOfChannels, { description: 'Students who have come to be at risk' })
  readonly risk: ChoiceOfChannels;

  @Nested(() => ChoiceOfChannels, { description: 'Achievements' })
  readonly progress: ChoiceOfChannels;

  @Nested(() => ChoiceOfChannels, { description: 'Files that are ready' })
  readonly reports: ChoiceOfChannels;

  @Nested(() => ChoiceOfChannels, { description: 'What concerns the running of the system' })
  readonly system: ChoiceOfChannels;
}

export class ChoosePreferences {
  @Text({ max: 64, nullable: true, description: 'IANA name; null: that of the organisation', example: 'Europe/London' })
  readonly timeZone: string | null;

  @Text({
    max: 5,
    pattern: time,
    nullable: true,
    description: 'HH:MM from which on nothing goes by any channel, unless it is urgent; null: at no time',
    example: '21:30',
  })
  readonly quietFrom: string | null;

  @Text({
    max: 5,
    pattern: time,
    nullable: true,
    description: 'HH:MM until which it is so; what is before `quietFrom` is on the next day',
    example: '07:00',
  })
  readonly quietTo: string | null;

  @Nested(() => ChoicesOfChannels, { description: 'By category' })
  readonly categories: ChoicesOfChannels;

  @IdList({
    min: 0,
    max: mostMuted,
    description: 'Whose messages come to their conversations and are told of in no other way',
  })
  readonly mutedSenderIds: string[];

  @IdList({ min: 0, max: mostMuted, description: 'Conversations, the same' })
  readonly mutedThreadIds: string[];
}

export class PreferencesResponse extends ChoosePreferences {
  @ApiProperty({ type: 'integer', format: 'int32', minimum: 0, description: '0: nothing has been chosen yet' })
  version: number;
}
