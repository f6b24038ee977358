import { inflateSync } from 'node:zlib';

export interface ReadPdf {
  /** What stands on each page, in the order it was written. */
  readonly pages: readonly string[];
  /** What pictures say in words. */
  readonly alternatives: readonly string[];
  /** Objects that are not streams, as they were written. */
  readonly text: string;
}

/** Reads what `writePdf` writes, by the tables for copying text that its fonts have. */
export function readPdf(bytes: Buffer): ReadPdf {
  const file = bytes.toString('latin1');
  const objects = new Map<string, { head: string; content: string }>();
  for (const [, id, inside] of file.matchAll(/(?:^|\n)(\d+) 0 obj\n([\s\S]*?)\nendobj/g)) {
    const [head = '', stream] = inside!.split(/\nstream\n([\s\S]*)\nendstream/);
    const isDeflated = head.includes('/FlateDecode');
    const content =
      stream === undefined
        ? ''
        : (isDeflated ? inflateSync(Buffer.from(stream, 'latin1')) : Buffer.from(stream, 'latin1')).toString('latin1');
    objects.set(id!, { head, content });
  }
  const referred = (head: string, name: string): string => new RegExp(`/${name} (\\d+) 0 R`).exec(head)?.[1] ?? '';
  const texts = new Map<string, Map<string, string>>();
  const charactersOf = (font: string): Map<string, string> => {
    let characters = texts.get(font);
    if (!characters) {
      const { content } = objects.get(referred(objects.get(font)!.head, 'ToUnicode'))!;
      characters = new Map();
      for (const [, first, list] of content.matchAll(/<(\w{4})> <\w{4}> \[(.*)\]/g)) {
        [...list!.matchAll(/<([\w ]*)>/g)].forEach(([, code], index) => {
          const units = code!.split(' ').map((unit) => Number.parseInt(unit, 16));
          characters!.set(
            (Number.parseInt(first!, 16) + index).toString(16).padStart(4, '0'),
            String.fromCharCode(...units),
          );
        });
      }
      texts.set(font, characters);
    }
    return characters;
  };
  const pages = [...objects.values()]
    .filter(({ head }) => /\/Type \/Page\n/.test(head))
    .map(({ head }) => {
      const resources = objects.get(referred(head, 'Resources'))!.head;
      const { content } = objects.get(referred(head, 'Contents'))!;
      let font = '';
      let page = '';
      for (const [, name, shown, form] of content.matchAll(/\/(F\d+) [\d.]+ Tf|\[(.*)\] TJ|\/(\w+) Do/g)) {
        if (name !== undefined) font = referred(resources, name);
        else if (form !== undefined)
          page += `${/\((.*)\) Tj/.exec(objects.get(referred(resources, form))!.content)?.[1]}\n`;
        else {
          const codes = [...shown!.matchAll(/<(\w*)>/g)].flatMap(([, hex]) => hex!.match(/.{4}/g) ?? []);
          page += `${codes.map((code) => charactersOf(font).get(code) ?? '?').join('')}\n`;
        }
      }
      return page;
    });
  const heads = [...objects.values()].map(({ head }) => head);
  return {
    pages,
    alternatives: heads
      .map((head) => /\/Alt \(((?:[^\\)]|\\.)*)\)/s.exec(head)?.[1])
      .filter((alt) => alt !== undefined),
    text: heads.join('\n'),
  };
}
