import { ApiProperty } from '@nestjs/swagger';
import { Flag, Nested, NestedList, OneOf, OneOfList, Text } from '../http/fields.js';

/** Asymmetric ones only: with the others whoever verifies could sign. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
/** Never an operator; and who supervises is said in the instructor's profile. */
const roles = ['student', 'instructor', 'admin'] as const;

export class ClaimNames {
  @Text({ max: 200, optional: true, description: 'Of the role: text, or a list of texts', example: 'groups' })
  readonly role?: string;

  @Text({
    max: 200,
    optional: true,
    description: "Of the tenant's slug; where tenants share an issuer",
    example: 'org',
  })
  readonly tenant?: string;

  @Text({ max: 200, optional: true, description: "Of the department's code", example: 'department' })
  readonly department?: string;

  @Text({ max: 200, optional: true, description: "Of the organisation's own number of the person", example: 'pid' })
  readonly pid?: string;

  @Text({ max: 200, optional: true, default: 'email', description: 'Of the address; counts where `email_verified`' })
  readonly email: string = 'email';

  @Text({ max: 200, optional: true, default: 'name', description: 'Of the name' })
  readonly name: string = 'name';
}

export class RoleOfValue {
  @Text({ max: 200, description: 'Of the claim', example: 'staff' })
  readonly value: string;

  @OneOf(roles, { description: 'What it means here; of several that apply the first counts', example: 'instructor' })
  readonly role: (typeof roles)[number];
}

export class PutIdentityProvider {
  @Text({ max: 500, description: '`iss` of its tokens, an https URL', example: 'https://id.example.org' })
  readonly issuer: string;

  @Text({ max: 500, description: '`aud` of its tokens for us', example: 'https://api.example.org' })
  readonly audience: string;

  @Text({ max: 500, optional: true, description: 'Of its keys; found by OpenID discovery unless told' })
  readonly jwksUri?: string;

  @OneOfList(algorithms, { max: 10, optional: true, default: ['RS256'], description: 'With which it signs' })
  readonly algorithms: string[] = ['RS256'];

  @Nested(() => ClaimNames, { optional: true, description: 'Names of the claims' })
  readonly claims: ClaimNames = new ClaimNames();

  @NestedList(() => RoleOfValue, {
    min: 0,
    max: 100,
    optional: true,
    description: 'What values of the role claim mean',
  })
  readonly roles: RoleOfValue[] = [];

  @Flag({
    optional: true,
    default: false,
    description: 'Make people who are not there, and keep them as the claims say',
  })
  readonly justInTime: boolean = false;

  @Flag({ optional: true, default: true, description: 'While false nobody comes in by it' })
  readonly isActive: boolean = true;
}

export class IdentityProviderResponse {
  @ApiProperty({ example: 'https://id.example.org' })
  issuer: string;
  @ApiProperty({ example: 'https://api.example.org' })
  audience: string;
  @ApiProperty({ type: String, nullable: true, description: 'Null: found by OpenID discovery' })
  jwksUri: string | null;
  @ApiProperty({ enum: algorithms, isArray: true, example: ['RS256'] })
  algorithms: string[];
  @ApiProperty({ type: ClaimNames })
  claims: ClaimNames;
  @ApiProperty({ type: [RoleOfValue] })
  roles: RoleOfValue[];
  @ApiProperty()
  justInTime: boolean;
  @ApiProperty()
  isActive: boolean;
  @ApiProperty({ type: 'integer' })
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}
