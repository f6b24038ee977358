import { ApiProperty } from '@nestjs/swagger';

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
