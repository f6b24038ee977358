import { ApiProperty } from '@nestjs/swagger';
import { Text } from '../http/fields.js';
import { permissions } from './permissions.js';

export class LoginRequest {
  @Text({ max: 63, description: "The tenant's slug", example: 'northern-academy' })
  tenant: string;

  @Text({ max: 320, description: 'In upper or lower case', example: 'a.okafor@example.org' })
  email: string;

  @Text({ max: 256, description: 'As it was chosen', example: 'correct horse battery staple' })
  password: string;

  @Text({
    max: 100,
    pattern: /^[\w-]+$/,
    optional: true,
    description: 'That the last sign-in here was answered with: where others try to get in, this person need not wait',
    example: 'qk3C0mZxT1u6vR9hYb2nLwEeJf8sDpAiGt5oXyKc7dM',
  })
  deviceToken?: string;
}

export const signedInExample = {
  accessToken: 'eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln',
  tokenType: 'Bearer',
  expiresInSeconds: 600,
  refreshToken: 'AZjwAAAAcACAAAAAAAAAAWa2Yw0m3kZ5o8pX1r7uQh4tJ9cVnB6sLyEeGiKdRfOa',
  refreshExpiresInSeconds: 1_209_600,
  signInId: '0198f000-0000-7000-8000-000000000006',
};

export class SignedIn {
  @ApiProperty({ description: 'To be sent as `Authorization: Bearer <accessToken>`' })
  accessToken: string;

  @ApiProperty({ enum: ['Bearer'] })
  tokenType: 'Bearer';

  @ApiProperty({ type: 'integer', example: 600 })
  expiresInSeconds: number;

  @ApiProperty({ description: 'Good for one `POST /auth/refresh`, whose answer has the next one' })
  refreshToken: string;

  @ApiProperty({ type: 'integer', example: 1_209_600, description: 'Unless it is used before' })
  refreshExpiresInSeconds: number;

  @ApiProperty({ format: 'uuid' })
  signInId: string;
}

export class SignedInPerson extends SignedIn {
  @ApiProperty({ description: 'To be kept on this device and sent with the next sign-in. Lets in nobody by itself' })
  deviceToken: string;
}

export class RefreshRequest {
  @Text({ max: 200, description: 'Of the last answer', example: signedInExample.refreshToken })
  refreshToken: string;
}

export class SignInResponse {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ format: 'date-time' })
  createdAt: string;

  @ApiProperty({ format: 'date-time', description: 'When it was last refreshed' })
  lastUsedAt: string;

  @ApiProperty({ format: 'date-time', description: 'Unless it is used before' })
  expiresAt: string;

  @ApiProperty({ type: String, nullable: true, example: '192.0.2.7', description: 'Where it was last used' })
  address: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'Mozilla/5.0', description: 'What it was last used with' })
  agent: string | null;

  @ApiProperty({ description: 'Whether this request belongs to it' })
  isCurrent: boolean;
}

export class ViewerTenant {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ example: 'northern-academy' })
  slug: string;

  @ApiProperty({ example: 'Northern Academy' })
  name: string;

  @ApiProperty({ example: 'Europe/London', description: 'IANA name; days are cut in it' })
  timeZone: string;
}

export class ViewerResponse {
  @ApiProperty({ format: 'uuid' })
  userId: string;

  @ApiProperty({ enum: ['student', 'instructor', 'supervisor', 'admin', 'service', 'operator'] })
  role: string;

  @ApiProperty({ type: String, nullable: true, description: 'Null for a service' })
  name: string | null;

  @ApiProperty({ type: String, nullable: true })
  email: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'A supervisor sees all below it too' })
  departmentId: string | null;

  @ApiProperty({ enum: Object.keys(permissions), isArray: true, description: 'What this viewer may do' })
  permissions: string[];

  @ApiProperty({ type: ViewerTenant })
  tenant: ViewerTenant;
}
