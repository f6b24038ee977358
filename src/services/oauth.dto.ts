import { ApiProperty } from '@nestjs/swagger';
import { longestForm } from '../http/body.js';

const field = { required: false, maxLength: longestForm };

/** Describes the form; it is read by hand, because its refusals have a form of their own. */
export class TokenRequest {
  @ApiProperty({ description: 'How the client proves itself', enum: ['client_credentials'] })
  grant_type: string;

  @ApiProperty({ description: 'Permissions, separated by spaces; all of the service unless told', ...field })
  scope?: string;

  @ApiProperty({ description: 'Id of the service, where HTTP Basic is not used', ...field, format: 'uuid' })
  client_id?: string;

  @ApiProperty({ description: 'An API key of the service, where HTTP Basic is not used', ...field })
  client_secret?: string;
}

/** RFC 6749, 5.1. */
export class TokenResponse {
  @ApiProperty({ description: 'To be sent as `Authorization: Bearer <access_token>`' })
  access_token: string;

  @ApiProperty({ enum: ['Bearer'] })
  token_type: 'Bearer';

  @ApiProperty({ type: 'integer', description: 'Seconds', example: 600 })
  expires_in: number;

  @ApiProperty({ description: 'Separated by spaces', example: 'sessions:write' })
  scope: string;
}

/** RFC 6749, 5.2. */
export class TokenRefusal {
  @ApiProperty({ enum: ['invalid_request', 'invalid_client', 'unsupported_grant_type', 'invalid_scope'] })
  error: string;

  @ApiProperty({ description: 'For people' })
  error_description: string;
}

/** RFC 8414. */
export class AuthorizationServerMetadata {
  @ApiProperty({ format: 'uri', example: 'https://api.example.org' })
  issuer: string;

  @ApiProperty({ format: 'uri' })
  token_endpoint: string;

  @ApiProperty({ format: 'uri' })
  jwks_uri: string;

  @ApiProperty({ isArray: true, type: String })
  scopes_supported: string[];

  @ApiProperty({ isArray: true, type: String, description: 'None: there is no authorization endpoint' })
  response_types_supported: string[];

  @ApiProperty({ isArray: true, type: String })
  grant_types_supported: string[];

  @ApiProperty({ isArray: true, type: String })
  token_endpoint_auth_methods_supported: string[];
}
