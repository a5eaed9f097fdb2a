/** What the map holds under a name, made where there is nothing. */
export function remembered<Value>(
  map: Map<string, Value>,
  name: string,
  make: () => Value,
  entriesMax = Number.POSITIVE_INFINITY,
): Value {
  const known = map.get(name);
  // To move an entry costs more than to find it, and who came last matters only once room grows short.
  return known !== undefined && map.size * 2 <= entriesMax
    ? known
    : keep(map, name, known ?? make(), entriesMax);
}

/** Of more than `entriesMax` the one that nobody asked for the longest is forgotten: the map holds the last used last. */
export function keep<Value>(
  map: Map<string, Value>,
  name: string,
  value: Value,
  entriesMax = Number.POSITIVE_INFINITY,
): Value {
  map.delete(name);
  if (map.size >= entriesMax) map.delete(map.keys().next().value as string);
  map.set(name, value);
  return value;
}
