/**
 * Items by a key, in the order in which each key first comes: the nodules of one scan together, whatever the order of
 * the table.
 * @example groupByScan(rows, (row) => row.imageFile)
 */
export function groupByScan<Item>(items: readonly Item[], scanOf: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const group = groups.get(scanOf(item))
    if (group) group.push(item)
    else groups.set(scanOf(item), [item])
  }
  return [...groups.values()]
}
