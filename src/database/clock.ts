/** The only source of "now"; tests and replays put their own in its place. */
export class Clock {
  now(): Date {
    return new Date();
  }
}
