import fc from '../../test/property.js';
import { htmlOf, readable } from './message-body.js';
import type { ContentType } from './template.js';

/**
 * All that HTML for readers may be made of. None of these tags changes how a parser reads what follows, so whatever keeps
 * to this is the same tree to every parser, however it came about: more than a look at the tree of one of them would show.
 */
const attributes = String.raw` href="(?:https:\/\/|mailto:)[^"<>{}\s]*" rel="noopener noreferrer nofollow"`;
const tags = 'h[1-6]|p|div|span|blockquote|pre|code|ul|ol|li|b|strong|i|em|u|s|del|sub|sup|table|thead|tbody|tr|t[hd]';
const safe = new RegExp(
  String.raw`^(?:[^<>&]|&(?:amp|lt|gt|quot|#39);|<(?:br|hr) \/>|<\/?(?:${tags})>|<a${attributes}>|<\/a>)*$`,
);
const kinds = ['html', 'markdown'] as const;
const made = (body: string, contentType: ContentType, firstName = '"><script>x</script>{{name}}'): string => {
  const shown = readable({ body, contentType, html: htmlOf(body, contentType) }, { firstName });
  return shown.html ?? '';
};

const vectors = [
  '<script>alert(1)</script>', '<scr<script>ipt>alert(1)</scr</script>ipt>', '<SCRIPT SRC=https://x.example/x.js></SCRIPT>',
  '<img src=x onerror=alert(1)>', '<img src="data:image/svg+xml;base64,PHN2Zz4=">', '<p onclick=alert(1)>x</p>',
  '<a href="javascript:alert(1)">x</a>', '<a href=" java\tscript:alert(1)">x</a>', '<a href="JaVaScRiPt&#58;alert(1)">x</a>',
  '<a href="data:text/html,<script>alert(1)</script>">x</a>', '<a href="vbscript:x">x</a>', '<a href="//x.example">x</a>',
  '<a href="/settings">x</a>', '<a href="http://x.example">x</a>', '<a href="https://x.example/&quot; onclick=&quot;x">x</a>',
  '<a href="https://x.example/{{firstName}}?{{firstName}}">{{firstName}}</a>', '<a href="https://{{firstName}}/">x</a>',
  '<svg onload=alert(1)><p>x</p></svg>', '<svg><style><img src=x onerror=alert(1)></style></svg>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  '<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">', '<!--><img src=x onerror=alert(1)>-->', '<![CDATA[<b>]]>',
  '<style>@import "https://x.example/x.css";</style>', '<p style="background:url(https://x.example)">x</p>',
  '<meta http-equiv="refresh" content="0;url=https://x.example">', '<base href="https://x.example/">',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>', '<object data="x"></object><embed src="x">', '<plaintext><b>x',
  '<textarea></textarea><script>x</script>', '<xmp><img src=x onerror=x></xmp>', '<template><script>x</script></template>',
  '<form action="https://x.example"><input name=x><button>y</button></form>', '<b', '</b', '<b/x', '&lt;script&gt;', '&#x3c;b&#x3e;',
  '[x](javascript:alert(1))', '[x](JAVASCRIPT&colon;alert(1))', '[x](data:text/html;base64,PHN2Zz4=)', '![x](https://spy.example/p.gif)',
  '[x](https://x.example "\\" onmouseover=\\"alert(1)")', '<javascript:alert(1)>', '[x]: javascript:alert(1)\n[x]', '```<script>\n<b>\n```',
  '`</code><script>x</script>`', '[<img src=x onerror=x>](https://x.example)', '| <script> |\n|-|\n| <b onclick=x> |', '\u200b<script>x',
]; // prettier-ignore

it.each(vectors)('leaves of %s nothing that is not safe', (vector) => {
  for (const kind of kinds) expect(made(vector, kind)).toMatch(safe);
});

it('leaves nothing that is not safe of whatever can be put together of such', () => {
  const part = fc.oneof(
    fc.constantFrom(...vectors, ...vectors.flatMap((vector) => vector.split(/(?=[<"'>])/))),
    fc.constantFrom('<p>', '</p>', '<a href="https://x.example">', '**', '_', '\n\n', '\n', '> ', '- ', '`', '{{firstName}}'),
    fc.string(),
  ); // prettier-ignore
  const body = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(body, fc.constantFrom(...kinds), (text, kind) => {
      expect(made(text, kind)).toMatch(safe);
    }),
    { numRuns: 1_000 },
  );
});

it('shows what Markdown and HTML are meant to say, also to whoever reads text', () => {
  const both = (body: string, contentType: ContentType) =>
    readable({ body, contentType, html: htmlOf(body, contentType) }, { firstName: 'A & B' });
  expect(
    both('# Hi {{firstName}}\n\n- *one*\n- [two](https://x.example/a b)\n- <https://x.example>', 'markdown'),
  ).toEqual({
    html:
      '<h1>Hi A &amp; B</h1>\n<ul>\n<li><em>one</em></li>\n<li>[two](<a href="https://x.example/a" ' +
      'rel="noopener noreferrer nofollow">https://x.example/a</a> b)</li>\n<li><a href="https://x.example/" ' +
      'rel="noopener noreferrer nofollow">https://x.example</a></li>\n</ul>\n',
    text: expect.stringContaining('HI A & B') as string,
  });
  expect(both('one\ntwo', 'markdown').html).toBe('<p>one<br />two</p>\n');
  expect(both('<p>Hi <b>{{ firstName }}</b></p><p><a href="mailto:a@x.example">mail</a></p>', 'html')).toEqual({
    html: '<p>Hi <b>A &amp; B</b></p><p><a href="mailto:a@x.example" rel="noopener noreferrer nofollow">mail</a></p>',
    text: 'Hi A & B\n\nmail [a@x.example]',
  });
  expect(both('a < b & {{firstName}}', 'text')).toEqual({ html: null, text: 'a < b & A & B' });
});

it('makes no maze out of one, and is no larger than a reader can hold', () => {
  const size = 20_000;
  const fill = (part: string): string => part.repeat(size / part.length);
  const table = `${'|a'.repeat(3_000)}\n${'|-'.repeat(3_000)}\n${'x\n'.repeat(4_000)}`;
  const mazes = [
    '>',
    '> - ',
    '- ',
    '[',
    '![a](',
    '|*a',
    '*a**',
    '_a',
    '<b>',
    '<div>',
    '<a href=https://a>',
    '<',
    '&',
    '`a',
  ];
  for (const body of [...mazes.map(fill), fill('a@b.co '), table, `${'<b>'.repeat(6_000)}deep`]) {
    for (const kind of kinds) {
      const html = made(body, kind);
      expect(html.length).toBeLessThanOrEqual(200_000);
      expect(html).toMatch(safe);
      expect(html.split(/<(?!\/|br|hr)/).length - 1).toBe(html.split('</').length - 1);
    }
  }
  // nested as far as anybody reads
  expect(made(`${'<b>'.repeat(6_000)}deep`, 'html')).toBe(`${'<b>'.repeat(20)}deep${'</b>'.repeat(20)}`);
  expect(htmlOf(fill('> '), 'markdown')).toBeNull();
});
