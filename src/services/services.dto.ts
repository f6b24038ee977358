import { ApiProperty } from '@nestjs/swagger';
import { Flag, Id, Instant, Int, OneOfList, Text } from '../http/fields.js';
import { permissionsOf } from '../auth/permissions.js';

/** What a service may be given at all. */
export const serviceScopes = permissionsOf({ role: 'service' });

const scopes = { min: 1, max: serviceScopes.length, example: ['sessions:write'] };

export class CreateService {
  @Id({ optional: true, description: 'Made by the client, so that creating twice is creating once' })
  readonly id?: string;

  @Text({ max: 100, description: 'Unique in the tenant', example: 'lms' })
  readonly name: string;

  @OneOfList(serviceScopes, { ...scopes, description: 'The permissions it is to have' })
  readonly scopes: string[];
}

export class ChangeService {
  @Text({ max: 100, optional: true, description: 'Unique in the tenant', example: 'lms' })
  readonly name?: string;

  @OneOfList(serviceScopes, { ...scopes, optional: true, description: 'The permissions it is to have from now on' })
  readonly scopes?: string[];

  @Flag({ optional: true, description: 'While false its keys are refused; they are good again when it is true' })
  readonly isActive?: boolean;
}

export class CreateApiKey {
  @Text({ max: 100, optional: true, description: 'What it is for', example: 'production' })
  readonly name?: string;

  @Instant({ optional: true, description: 'At most ten years ahead; a year from now unless told' })
  readonly expiresAt?: string;
}

export class RotateApiKey {
  @Int({ min: 0, max: 2_592_000, description: 'How long the old key stays good beside the new one', example: 86_400 })
  readonly overlapSeconds: number;
}

export class ServiceResponse {
  @ApiProperty({ format: 'uuid', description: 'The `client_id` of its OAuth 2.0 requests' })
  id: string;
  @ApiProperty({ example: 'lms' })
  name: string;
  @ApiProperty({ enum: serviceScopes, isArray: true, example: ['sessions:write'] })
  scopes: string[];
  @ApiProperty()
  isActive: boolean;
  @ApiProperty({ type: 'integer' })
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}

export class ApiKeyResponse {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ type: String, nullable: true, example: 'production' })
  name: string | null;
  @ApiProperty({ description: 'How it begins; the rest is known to its holder alone', example: 'idk_3f9c02e7' })
  prefix: string;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  expiresAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'True to the minute; null: never' })
  lastUsedAt: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'The key it was rotated to' })
  replacedBy: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revokedAt: string | null;
}

export class ServiceDetail extends ServiceResponse {
  @ApiProperty({ type: [ApiKeyResponse], description: 'The 50 that were made last, newest first' })
  keys: ApiKeyResponse[];
}

export class NewApiKey extends ApiKeyResponse {
  @ApiProperty({
    description: 'To be sent as `Authorization: Bearer <key>` or `X-API-Key: <key>`. Shown this once',
    example: 'idk_3f9c02e7_pA1Ux3ZbQm9dYV0sT6wKc2RrE8nLhJfGi4oXy7tBvNM',
  })
  key: string;
}
