/**
 * Numbers that look random and are the same on every machine for the same seed. For data that is made up, never for
 * secrets. The generator is two counters through a 32-bit mixing function: with one, two of 100,000 students would be
 * likely to get the same stream, and with it the same ids.
 */
export class Random {
  private counter: number;
  private other: number;

  /** @param seed any text, such as the name of what is generated and its number */
  constructor(seed: string) {
    this.counter = 0x9e3779b9;
    this.other = 0x85ebca6b;
    for (let i = 0; i < seed.length; i++) {
      this.counter = mix(this.counter ^ seed.charCodeAt(i));
      this.other = mix((this.other + seed.charCodeAt(i)) ^ 0x27d4eb2f);
    }
  }

  /** From 0 up to, but not including, 1. */
  next(): number {
    return this.bits() / 0x1_0000_0000;
  }

  /** 32 bits as an unsigned integer. */
  bits(): number {
    this.counter = (this.counter + 0x6d2b79f5) | 0;
    this.other = (this.other + 0x3c6ef371) | 0;
    return (mix(this.counter) ^ mix(this.other)) >>> 0;
  }

  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.next() * values.length)]!;
  }

  /** An index, each as often as its weight says. */
  weighted(weights: readonly number[]): number {
    let rest = this.next() * weights.reduce((sum, weight) => sum + weight, 0);
    for (let i = 0; i < weights.length - 1; i++) {
      rest -= weights[i]!;
      if (rest < 0) return i;
    }
    return weights.length - 1;
  }

  /** Box and Muller's transform of two uniform numbers. */
  normal(mean: number, deviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.next());
  }

  /** Skewed to the right, as amounts of practice are: half of the values lie below the median, a few far above it. */
  logNormal(median: number, sigma: number): number {
    return median * Math.exp(this.normal(0, sigma));
  }

  /** A UUIDv7 of an instant (milliseconds), as a sender would have made it then. */
  uuid(milliseconds: number): string {
    const time = milliseconds.toString(16).padStart(12, '0');
    const [a, b, c] = [this.bits(), this.bits(), this.bits()].map((bits) => bits.toString(16).padStart(8, '0')) as [
      string,
      string,
      string,
    ];
    const variant = ((parseInt(b[0]!, 16) & 0x3) | 0x8).toString(16);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${a.slice(0, 3)}-${variant}${b.slice(1, 4)}-${b.slice(4)}${c}`;
  }
}

function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return x ^ (x >>> 15);
}
