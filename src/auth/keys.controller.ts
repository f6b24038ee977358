import { Controller, Get, Header } from '@nestjs/common';
import { ApiProperty, ApiTags } from '@nestjs/swagger';
import type { JWK } from 'jose';
import { Operation } from '../http/operation.js';
import { SigningKeys } from './signing-keys.js';

class KeySet {
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'Public keys (RFC 7517); the header of a token names one by its `kid`',
  })
  keys: JWK[];
}

@ApiTags('auth')
@Controller('.well-known')
export class KeysController {
  constructor(private readonly keys: SigningKeys) {}

  @Get('jwks.json')
  // shorter than a new key is published before it signs
  @Header('cache-control', 'public, max-age=300')
  @Operation({
    summary: 'The keys that access tokens are verified with',
    public: true,
    answer: KeySet,
    example: {
      keys: [
        {
          kty: 'EC',
          x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
          y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
          crv: 'P-256',
          kid: 'oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U',
          alg: 'ES256',
          use: 'sig',
        },
      ],
    },
  })
  list(): KeySet {
    return { keys: this.keys.published() };
  }
}
