/** What the map holds under a name, made where there is nothing. Of more than `entriesMax` the oldest is forgotten. */
export function remembered<Value>(
  map: Map<string, Value>,
  name: string,
  make: () => Value,
  entriesMax = Number.POSITIVE_INFINITY,
): Value {
  const known = map.get(name);
  if (known !== undefined) return known;
  if (map.size >= entriesMax) map.delete(map.keys().next().value as string);
  const made = make();
  map.set(name, made);
  return made;
}
