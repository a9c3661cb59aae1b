/**
 * The words that a report may use. A closed list is what makes "none invented" checkable: a claim anything that
 * is not a feature of the row (another disease, a place, a person, advice) needs a word that is not here.
 */
const COMMON = `
a an and are as at be been being both but by can cannot could does each evident evidence for from further has have having however
if in including into is it its itself may might more most nature no none nor not noted of on or other otherwise overall per
present presence seen shape shaped shows so such than that the their them then there these this those to together under
was were which while whose with within without yet also additionally addition furthermore moreover although though
whereas moreover over based given due because
`
const REPORT = `
absence absent additional appear appearance appearing appears approximately assessed assessment associated axial border
bordered borders boundaries boundary category centimeter centimetre characteristic characteristics characterised
characterized classified cm component concern concerning configuration confirmed consistency consistent contain contains containing contour
contours degree demonstrate demonstrated demonstrates demonstrating describe described describes detected diameter
diameters dimension dimensions display displayed displays exhibit exhibited exhibiting exhibits external extent feature
featured features finding findings form general greatest identified image imaging impression indicate indicated
indicates indicating internal lacks largest lesion level likelihood longest lung major margin margins maximal maximum
mean measure measured measurement measurements measures measuring millimeter millimeters millimetre millimetres minimum
minor mm morphology nodule noticeable observed outline average portion possess possesses present presenting presents probability
pulmonary radiologic radiological raise raises recorded represent represents reveal revealed reveals risk short shorter shortest showcase
showcases showing shown sign signs size sized smallest surface suspicion suspicious term terms unattached
visible visualised visualized identifiable appreciated demonstrable well poorly sharply clearly indistinctly defined
circumscribed demarcated marginated marginal part partly partially semi sub subsolid solid pure ground glass non nonsolid
 nodular s t
`
const FEATURES = `
reticulation reticular reticulated cyst cysts cystic like space spaces intra intranodular bronchiectasis bronchiectatic necrosis necrotic
cavitation cavitary cavity cavities eccentric eccentrically calcification calcifications calcified airway airways
bronchial bronchus cut off cutoff pleura pleural attachment attached adhesion adhered adherent retraction retracted
indentation vascular vessel vessels convergence converging septal stretching stretched paracicatricial emphysema
emphysematous smooth smoothly lobulated lobulation spiculated spiculation spicules serrated serration serrations round rounded ovoid oval
polygonal complex irregular irregularly irregularity ill indistinct low intermediate moderate moderately high highly
cancer malignancy malignant conspicuity
`

export const VOCABULARY: ReadonlySet<string> = new Set(`${COMMON} ${REPORT} ${FEATURES}`.split(/\s+/).filter(Boolean))

/**
 * Words of a text that are not words of a report, each once, in order.
 * @example strangeWords('A nodule in a <b>smoker</b>.') // ['b', 'smoker']
 */
export function strangeWords(text: string): string[] {
  // Letters of any script, so that none slips through by looking like another.
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}]+/gu) ?? []
  return [...new Set(words)].filter((word) => !VOCABULARY.has(word))
}
