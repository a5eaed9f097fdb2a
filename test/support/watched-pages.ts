import type { Auditor } from '../../lib/audit/auditor.ts';
import type { Inventory } from '../../lib/audit/inventory.ts';

/** The same auditor, which calls `beforePage` before each page of roles that it reads. */
export function watchedPages(auditor: Auditor, beforePage: (marker: string | undefined) => void): Auditor {
  const { inventory } = auditor;
  const rolePage = (marker?: string) => {
    beforePage(marker);
    return inventory.rolePage(marker);
  };
  return { ...auditor, inventory: Object.create(inventory, { rolePage: { value: rolePage } }) as Inventory };
}
