import { SetMetadata } from '@nestjs/common';

export const TAKES_TICKET = 'http:takesTicket';

/** A route that takes a ticket from the query in place of credentials, for clients that can send no header. */
export const TakesTicket = (): MethodDecorator => SetMetadata(TAKES_TICKET, true);
