import { ApiProperty } from '@nestjs/swagger';
import { Text } from '../http/fields.js';

const chosen = '12 to 256 characters, and not among the first that others would try';
const linkToken = {
  max: 100,
  pattern: /^[\w-]+$/,
  description: 'From the link that was mailed: what stands behind `#token=`',
  example: 'AZjwAAAAcACAAAAAAAAAAWa2Yw0m3kZ5o8pX1r7uQh4tJ9cVnB6sLyEeGiKdRfOa',
};
const password = { max: 1_000, description: chosen, example: 'correct horse battery staple' };

export class RequestPasswordReset {
  @Text({ max: 63, description: "The tenant's slug", example: 'northern-academy' })
  tenant: string;

  @Text({ max: 320, description: 'In upper or lower case', example: 'a.okafor@example.org' })
  email: string;
}

/** For a link that was mailed. */
export class ChoosePassword {
  @Text(linkToken)
  token: string;

  @Text(password)
  password: string;
}

export class ChangePassword {
  @Text({ max: 1_000, description: 'As it is', example: 'as it was chosen then' })
  currentPassword: string;

  @Text(password)
  newPassword: string;
}

export class KnownDevice {
  @ApiProperty({
    description: 'To be kept on this device and sent with the next sign-in. Lets in nobody by itself',
    example: 'qk3C0mZxT1u6vR9hYb2nLwEeJf8sDpAiGt5oXyKc7dM',
  })
  deviceToken: string;
}
