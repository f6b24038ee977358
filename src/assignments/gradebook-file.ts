import type { TableCell } from '../http/table-file.js';
import type { GradebookCell } from './gradebook.dto.js';

/** The columns before those of the assignments. */
export const leadingColumns = ['Name', 'Number', 'Mean'] as const;

const statuses: Readonly<Record<GradebookCell['status'], string>> = {
  not_started: 'not started',
  in_progress: 'in progress',
  submitted: 'submitted',
  completed: 'completed',
  graded: 'graded',
};

/**
 * A cell of the screen as it stands in a file: the score, or else one word for what there is instead of it. Empty where
 * nothing was handed out. A score that does not count is not shown as a number, which a spreadsheet would average.
 */
export function fileCell(cell: GradebookCell | null): TableCell {
  if (cell === null) return null;
  if (cell.exemption !== null) return cell.exemption;
  if (cell.score !== null) return cell.score;
  if (cell.isMissing) return 'missing';
  if (cell.isOverdue) return 'overdue';
  return cell.isAwaitingGrade ? 'awaiting grade' : statuses[cell.status];
}
