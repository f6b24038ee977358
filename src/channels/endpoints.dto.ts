import { Param, type PipeTransform } from '@nestjs/common';
import { ApiParam, ApiProperty } from '@nestjs/swagger';
import { Flag, Text } from '../http/fields.js';
import { Problem } from '../http/problem.js';
import { type Endpoint, type EndpointChannel, endpointChannels } from './endpoints.repository.js';

/** The name of a channel in the path; any other is a 404. */
export function EndpointParam(): ParameterDecorator {
  const pipe: PipeTransform<string, EndpointChannel> = {
    transform: (name) => {
      const channel = endpointChannels.find((known) => known === name);
      if (channel === undefined) throw Problem.notFound('channel');
      return channel;
    },
  };
  return (target, key, index) => {
    Param('channel', pipe)(target, key, index);
    const descriptor = key === undefined ? undefined : Object.getOwnPropertyDescriptor(target, key);
    if (key === undefined || !descriptor) return;
    const description = 'One of those that lead to a system of the tenant’s own';
    ApiParam({ name: 'channel', enum: endpointChannels, description })(target, key, descriptor);
  };
}

export class PutEndpoint {
  @Text({
    max: 2_000,
    description: 'Where calls go: https, without credentials, and into no private network',
    example: 'https://lms.example.org/hooks/dashboard',
  })
  readonly url: string;

  @Flag({ optional: true, default: true, description: 'While false nothing goes by this channel' })
  readonly isActive: boolean = true;
}

export class EndpointResponse implements Endpoint {
  @ApiProperty({ enum: endpointChannels })
  channel: EndpointChannel;
  @ApiProperty({ example: 'https://lms.example.org/hooks/dashboard' })
  url: string;
  @ApiProperty()
  isActive: boolean;
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When it answered 410, after which it is not called any more until it is set anew',
  })
  goneAt: string | null;
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Until then calls bear a second signature, made with the secret before',
  })
  oldSecretUntil: string | null;
  @ApiProperty({ type: 'integer', example: 1 })
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}

export class EndpointWithSecret extends EndpointResponse {
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What calls are signed with, told in the one answer that made it; else null',
    example: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD8dXy9sOqBDU=',
  })
  secret: string | null;
}

export class EndpointTest {
  @ApiProperty({ description: 'Whether the receiver took it' })
  isAccepted: boolean;
  @ApiProperty({ type: String, nullable: true, description: 'Why not', example: 'the receiver answered 500' })
  reason: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'The first 1,000 characters of what it answered' })
  body: string | null;
}
