import { ApiProperty } from '@nestjs/swagger';
import { Flag, Id, Nested, Text } from '../http/fields.js';

export class FirstAdministrator {
  @Text({ max: 200, description: 'Name of the person', example: 'Ada Okafor' })
  readonly name: string;

  @Text({
    max: 320,
    pattern: /^[^\s@]+@[^\s@]+$/,
    description: 'Where the invitation goes to',
    example: 'a.okafor@example.org',
  })
  readonly email: string;
}

export class CreateTenant {
  @Id({ optional: true, description: 'Made by the client, so that creating twice is creating once' })
  readonly id?: string;

  @Text({
    max: 63,
    pattern: /^[a-z0-9][a-z0-9-]*$/,
    description: 'By which its people sign in; it stays for ever',
    example: 'northern-academy',
  })
  readonly slug: string;

  @Text({ max: 200, description: 'Shown to its people, and in mails', example: 'Northern Academy' })
  readonly name: string;

  @Text({
    max: 64,
    optional: true,
    default: 'UTC',
    description: 'IANA name; days are cut in it',
    example: 'Europe/London',
  })
  readonly timeZone: string = 'UTC';

  @Nested(() => FirstAdministrator, { description: 'Who is invited by mail to run it' })
  readonly administrator: FirstAdministrator;
}

export class ChangeTenant {
  @Text({ max: 200, optional: true, description: 'Shown to its people, and in mails', example: 'Northern Academy' })
  readonly name?: string;

  @Flag({
    optional: true,
    description: 'False: nobody of it can sign in, and nothing of it is written',
    example: false,
  })
  readonly isActive?: boolean;
}

export class TenantResponse {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ example: 'northern-academy' })
  slug: string;
  @ApiProperty({ example: 'Northern Academy' })
  name: string;
  @ApiProperty({ example: 'Europe/London' })
  timeZone: string;
  @ApiProperty()
  isActive: boolean;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
}
