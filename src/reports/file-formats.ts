import { tableTypes } from '../http/table-file.js';
import type { ReportFormat } from './report-kind.js';

interface FileFormat {
  readonly extension: string;
  readonly type: string;
  /** Rows follow rows: a file can be continued, and its parts are stored compressed. The others are compressed as such. */
  readonly isText: boolean;
}

export const fileFormats: Readonly<Record<ReportFormat, FileFormat>> = {
  csv: { extension: 'csv', type: tableTypes.csv, isText: true },
  jsonl: { extension: 'jsonl', type: 'application/jsonl; charset=utf-8', isText: true },
  xlsx: { extension: 'xlsx', type: tableTypes.xlsx, isText: false },
  pdf: { extension: 'pdf', type: 'application/pdf', isText: false },
};
