import { readFileSync } from 'node:fs';

type Verify = (
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string,
  secret: string,
  now: number,
) => boolean;

/** The example of docs/channels.md, as whoever follows it would run it. */
export async function verify(...call: Parameters<Verify>): Promise<boolean> {
  const code = /```js\n([\s\S]*?)```/.exec(readFileSync('docs/channels.md', 'utf8'))![1]!;
  const example = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { verify: Verify };
  return example.verify(...call);
}
