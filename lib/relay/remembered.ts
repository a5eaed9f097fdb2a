/** What the map holds under a name, made where there is nothing. */
export function remembered<Value>(
  map: Map<string, Value>,
  name: string,
  make: () => Value,
  entriesMax?: number,
): Value {
  return keep(map, name, map.get(name) ?? make(), entriesMax);
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
