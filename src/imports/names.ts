import { Random } from './random.js';

/** Names as a radio school in a European port might have on its list; nobody in particular has them. */
const firstNames =
  'Aaliyah Adaeze Agnieszka Ahmed Aiko Alejandro Amara Amélie Ana Anders Anh Anouk Arjun Astrid Ayşe Beatriz Bilal ' +
  'Björn Bram Camila Chiara Chidi Chloé Daan Dalia Daniel Dariusz Eilidh Elena Emre Esther Fatima Felix Femke Finn ' +
  'Freya Gabriela Giulia Grace Hana Hassan Hugo Ibrahim Ines Ingrid Ivana Jamal Jana Javier Jin Joost José Jun Kaia ' +
  'Kofi Kwame Lars Laura Leila Lena Liam Linh Lotte Łukasz Malik Mara Marco Mehmet Mei Milan Mina Nadia Naomi Nia ' +
  'Nikolai Noor Olga Omar Oskar Paula Pieter Priya Quentin Rana Ravi Renée Rosa Ruben Samira Sanne Sara Sven Tariq ' +
  'Teresa Thijs Tomás Uche Valentina Vera Will Wietske Xin Yara Youssef Yusuf Zanele Zeynep Zoë Kathleen Katherine';
const lastNames =
  'Abara Achterberg Adeyemi Aguilar Ahmadi Almeida Andersson Baker Bakker Balogun Bauer Benali Bergström Boateng ' +
  'Botha Brouwer Carter Castillo Chaudhry Chen Costa Dąbrowski Delgado Demir Dijkstra Dubois Eriksen Evans Fernández ' +
  'Fischer Fraser Gallo García Ghosh Gruber Haddad Hansen Hashimi Hendriks Horvat Huang Ismail Ivanova Jansen Jensen ' +
  'Kaya Khan Kim Kovač Kowalski Larsen Lefèvre Lindqvist Lopes MacLeod Mbeki Meyer Molina Moreau Mulder Müller ' +
  'Nakamura Ndiaye Nguyễn Novák Okafor Olsen Ortiz Osei Öztürk Patel Peeters Petrov Popescu Rahman Reyes Rossi Şahin ' +
  'Santos Sato Schmidt Silva Singh Smit Sørensen Suzuki Tanaka Traoré Van-Dijk Vermeulen Visser Vos Wagner Wilson ' +
  'Wójcik Yamamoto Yılmaz Zhang';

/** Letters that no accent can be taken from. */
const plain: Readonly<Record<string, string>> = { ł: 'l', ø: 'o', ı: 'i', đ: 'd', æ: 'ae', ß: 'ss' };

const first = firstNames.split(' ');
const last = lastNames.split(' ').map((name) => name.replace('-', ' '));

export function makeUpName(random: Random): string {
  return `${random.pick(first)} ${random.pick(last)}`;
}

/** `Łukasz Van Dijk` → `lukasz.van.dijk` */
export function addressOf(name: string): string {
  return name
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z ]/g, (letter) => plain[letter] ?? '')
    .replace(/ /g, '.');
}
