import { parseArgs } from 'node:util';
import { readConfig } from '../config.js';
import { keyFileOf, rotateKeys, settlingSeconds } from './key-file.js';

/**
 * Adds a key to the file that the environment names, and makes the file where there is none. Processes that run see it
 * by themselves and nobody is signed out; needs no database.
 */
try {
  const { values } = parseArgs({ options: { compromised: { type: 'boolean', default: false } } });
  const file = keyFileOf(readConfig());
  const { added, dropped } = await rotateKeys(file, new Date(), values);
  const when = values.compromised ? 'at once' : `in ${settlingSeconds / 60} minutes`;
  console.log(`added ${added} to ${file}; it signs ${when}`);
  for (const kid of dropped) console.log(`dropped ${kid}`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
