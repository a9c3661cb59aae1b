/** How reports speak of the features: patterns on text in lower case, hyphens and slashes already spaces. */
import type { ChoiceName, PresenceName } from '../features/features.ts'

/** Words that name a sign. Wide on purpose: what sounds like the sign is taken as a claim about it. */
export const SIGN_PATTERNS: Readonly<Record<PresenceName, RegExp>> = {
  nodule_reticulation: /\breticula\w*/g,
  'cyst-like_spaces': /\bcyst\w*( like)?( spaces?)?/g,
  'intra-nodular_bronchiectasis': /\b(intra ?nodular )?bronchiecta\w*/g,
  necrosis: /\bnecro\w*/g,
  cavitation: /\bcavit\w*/g,
  eccentric_calcification: /\beccentric(ally)? calcif\w*/g,
  nodule_calcification: /(?<!\beccentric(ally)? )\bcalcif\w*/g,
  'airway_cut-off': /\b(airways?|bronch(us|i|ial))( cut ?offs?)?\b|\bcut ?offs?\b/g,
  pleural_attachment:
    /\b(un)?(attach|adher|adhes|abut)\w*( to the pleura)?|\bpleural? (and \w+ )?(attachment|adhesion)s?\b/g,
  pleural_retraction: /\b(pleural )?(retract|indent)\w*( of the pleura)?/g,
  vascular_convergence: /\b(vascular |vessels? )?converg\w*( of (the )?(vessels|vasculature))?/g,
  septal_stretching: /\b(sept(al|a|um) )?stretch\w*|\bsept(al|a|um)\b/g,
  paracicatricial_emphysema: /\b(paracicatricial )?emphysem\w*|\bparacicatricial\b/g,
}

type Shown = Exclude<ChoiceName, PresenceName | 'nodule_margins' | 'additional_nodule_margins'>

/** Words that give a value of a choice. */
export const VALUE_PATTERNS: Readonly<Record<Shown, Readonly<Record<string, RegExp>>>> = {
  nodule_margin_conspicuity: {
    'Well marginated': /\b(well|sharply|clearly) (marginated|defined|circumscribed|demarcated)\b/g,
    'Poorly marginated': /\b(poorly|ill|indistinctly) (marginated|defined|circumscribed|demarcated)\b|\bindistinct\b/g,
  },
  nodule_shape: {
    Round: /\b(round|rounded|spherical)\b/g,
    Ovoid: /\b(ovoid|oval)\b/g,
    Polygonal: /\bpolygonal\b/g,
    'Complex/Irregular': /\b(complex|irregular\w*)\b/g,
  },
  nodule_consistency: {
    'Part-solid': /\b(part|partly|partially|semi|sub) ?solid\b/g,
    Solid: /(?<!\b(?:part|partly|partially|non|semi|sub) ?)\bsolid\b(?! (component|portion|part)\b)/g,
    'Pure ground glass': /\bground glass\b|\bnon ?solid\b/g,
  },
  level_of_suspicion_of_lung_cancer: {
    'Moderately High': /\bmoderate(ly)?( to)? high(ly)?\b/g,
    High: /(?<!\bmoderate(ly)?( to)? )\bhigh(ly)?\b/g,
    Intermediate: /\b(intermediate(ly)?|moderate(ly)?)\b(?!( to)? high)/g,
    Low: /\blow\b/g,
  },
}

/** Margins and additional margins share their values; the sentence tells which of the two it speaks of. */
export const MARGIN_PATTERNS: Readonly<Record<string, RegExp>> = {
  Smooth: /\bsmooth(ly)?\b/g,
  Lobulated: /\blobul\w*/g,
  'Spiculated/Serrated': /\b(spicul|serrat)\w*/g,
}

/** A sentence with one of these speaks of the assessment. */
export const CANCER = /\b(suspici\w*|malignan\w*|cancer\w*|carcinom\w*|neoplas\w*|tumou?r\w*|benign\w*)\b/

/** The sign that a sentence denies, up to what it denies. A verb after "not" belongs to the denial. */
export const DENIAL =
  /\b(no|without|absence|absent|lack|lacks|lacking|neither|nor|free of|negative for|never|cannot|(?:does |do |did |is |are |was |were |has |have )?not(?: \w+)?|\w+n t)\b/g
/** After these a denial is over. */
export const BUT = /\b(but|however|although|though|yet|whereas|while|except|instead)\b|;/
/** What is said so is not said. */
export const HEDGE =
  /\b(possibl[ey]|probabl[ey]|may|might|could|can|suspected|questionabl[ey]|equivocal|likely|unlikely|suggest\w*|perhaps|apparent(ly)?|uncertain|rule[sd]? out|excluded?|versus|vs|unclear|if)\b|\?/

/** Words that are part of a sign's name: a sentence that has one without the rest speaks of something else. */
export const PARTS_OF_SIGNS: readonly (readonly [part: RegExp, whole: RegExp])[] = [
  [/\bpleur\w*/, /\b(un)?attach|\badher|\badhes|\babut|\bretract|\bindent/],
  [/\b(vascular|vessels?)\b/, /\bconverg/],
  [/\bspaces?\b/, /\bcyst/],
  [/\bintra ?nodular\b/, /\bbronchiect/],
  [/\beccentric/, /\bcalcif/],
]
