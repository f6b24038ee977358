import { Flag } from '../http/fields.js';

/** How a file is written, besides its format. */
export class ReportOptions {
  @Flag({ optional: true, default: true, description: 'CSV begins with the byte order mark that Excel wants' })
  readonly byteOrderMark: boolean = true;

  @Flag({ optional: true, default: true, description: 'CSV and XLSX begin with the titles of the columns' })
  readonly header: boolean = true;
}
