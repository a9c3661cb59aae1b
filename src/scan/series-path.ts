/**
 * A path, and the series that is named behind it: `study/#48283260`, the ending of a Series Instance UID, or
 * `study/#48283260:2`, the second volume of that series.
 * @example splitSeries('study.zip#48283260') // { path: 'study.zip', series: '48283260' }
 */
export function splitSeries(path: string): { readonly path: string; readonly series: string | undefined } {
  const [, place, series] = /^(.+)#([0-9.]+(?::\d+)?)$/.exec(path) ?? []
  return place === undefined ? { path, series: undefined } : { path: place, series }
}
