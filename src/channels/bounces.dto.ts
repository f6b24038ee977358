import { ApiProperty } from '@nestjs/swagger';
import { Id, NestedList, OneOf, Text } from '../http/fields.js';

export const bounceKinds = ['hard', 'soft'] as const;
export type BounceKind = (typeof bounceKinds)[number];

export class BounceResponse {
  @ApiProperty({ format: 'uuid' })
  userId: string;
  @ApiProperty({ example: 'Kathleen Osei' })
  name: string;
  @ApiProperty({ example: 'k.osei@example.org' })
  email: string;
  @ApiProperty({ enum: bounceKinds, description: 'Nothing more goes to an address after a hard one' })
  kind: BounceKind;
  @ApiProperty({ description: 'Codes of the mail server', example: 'RCPT TO, 550, 5.1.1' })
  reason: string;
  @ApiProperty({ format: 'date-time' })
  at: string;
}

export class ReportedBounce {
  @Text({
    max: 300,
    optional: true,
    description: 'The `Message-ID` of the mail that came back, with or without its angle brackets',
    example: '<0198f000-0000-7000-8000-000000000010.9f86d081@example.org>',
  })
  readonly messageId?: string;

  @Id({ optional: true, description: 'Of the delivery, where there is no `messageId`: what that one begins with' })
  readonly deliveryId?: string;

  @OneOf(bounceKinds, { description: '`hard`: nothing will ever get there; `soft`: this one did not' })
  readonly kind: BounceKind;

  @Text({
    max: 100,
    pattern: /^[\w .,:-]+$/,
    optional: true,
    default: 'reported',
    description: 'Codes and classes, and no address',
    example: '5.1.1',
  })
  readonly reason: string = 'reported';
}

export class ReportBounces {
  @NestedList(() => ReportedBounce, { max: 1_000, description: 'What has come back' })
  readonly bounces: ReportedBounce[];
}

export const bounceResults = ['recorded', 'unknown', 'address_changed'] as const;

export class BounceResults {
  @ApiProperty({
    enum: bounceResults,
    isArray: true,
    description:
      'In their order. `unknown`: no mail of ours. `address_changed`: whom it was for has another address by now, of ' +
      'which it says nothing.',
    example: ['recorded'],
  })
  results: (typeof bounceResults)[number][];
}
