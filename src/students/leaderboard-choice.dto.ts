import { ApiProperty } from '@nestjs/swagger';
import { Flag } from '../http/fields.js';

const meaning =
  'True: fellow students see one’s name and figures. False: nobody does, instructors neither. Null: not chosen yet';

export class LeaderboardChoice {
  @ApiProperty({ type: Boolean, nullable: true, description: meaning, example: true })
  takesPart: boolean | null;
}

export class ChangeLeaderboardChoice {
  @Flag({ nullable: true, description: meaning, example: true })
  readonly takesPart: boolean | null;
}
