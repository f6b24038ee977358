import { passwordProblems } from './password-policy.js';

const ada = {
  name: 'Ada Okafor',
  email: 'a.okafor@northern.example',
  tenantName: 'Northern Academy',
  tenantSlug: 'northern-academy',
};
const codes = (password: string): string[] => passwordProblems(password, ada, '/password').map(({ code }) => code);

it.each([
  'correct horse battery staple',
  'ada likes 14 old maps',
  'gVjq7-tmW2x-Kr9',
  'korrekt Pferd Batterie',
  '密码是一个很长的句子对吗朋友',
  'x'.repeat(12) + 'unexpected',
])('lets %j pass', (password) => {
  expect(codes(password)).toEqual([]);
});

it.each([
  'password1234',
  'P@ssw0rd!2345',
  'passwordpassword',
  'qwertyuiop123',
  '123456789012',
  'abcdefghijkl',
  'aaaaaaaaaaaa',
  'abababababab',
  'letmein-letmein',
  'ada.okafor.2026',
  'A.Okafor@northern.example',
  'northern-academy',
  'Northern Academy 1!',
  'welcome to northern',
  '            ',
])('refuses %j as too easy', (password) => {
  expect(codes(password)).toEqual(['password_too_easy']);
});

it('wants 12 to 256 characters, and says where', () => {
  expect(codes('gVjq7-tmW2x')).toEqual(['password_length_wrong']);
  expect(codes('gVjq7-tmW2x-'.repeat(22))).toEqual(['password_length_wrong']);
  expect(passwordProblems('short', ada, '/newPassword')).toMatchObject([{ pointer: '/newPassword' }]);
});
