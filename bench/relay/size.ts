/** How large the relay's bundle is, and what is in it. */

import type { Part } from '../part.ts';
import { bundle, relayEntry } from './bundle.ts';

const shownMax = 12;

export const size: Part = {
  name: 'relay.bundle',
  async measure() {
    const { bytes, gzipBytes, contents } = await bundle(relayEntry);
    return {
      figures: { 'relay.bundleBytes': bytes, 'relay.bundleGzipBytes': gzipBytes },
      tables: [
        {
          title: "The relay's bundle, minified: its largest parts",
          columns: ['file', 'bytes', 'share'],
          rows: contents
            .slice(0, shownMax)
            .map((part) => [part.path, part.bytes, `${((100 * part.bytes) / bytes).toFixed(1)} %`]),
        },
      ],
      raw: { bytes, gzipBytes, contents },
    };
  },
};
