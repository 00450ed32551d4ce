// Searching among names as people write them: Kárášjohka is found by «kara», and Ås not by «as».

const FLEST = 60;

/** Folded for searching: case and accents away, but å, æ and ø kept apart from a and o. */
export function brett(ord) {
  return ord
    .toLocaleLowerCase('nb')
    .replace(/å/g, '\ue000')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/\ue000/g, 'å')
    .replace(/đ/g, 'd')
    .replace(/ŋ/g, 'n')
    .replace(/ŧ/g, 't');
}

/**
 * The choices that match: those where a word begins with it come first, then those that contain it.
 * @template {{tekst: string}} T
 * @param {T[]} valg
 * @param {string} skrevet
 * @returns {T[]}
 */
export function finn(valg, skrevet) {
  const leter = brett(skrevet.trim());
  if (!leter) return valg.slice(0, FLEST);
  const foerst = [];
  const etter = [];
  for (const v of valg) {
    const ord = brett(v.tekst);
    if (ord.split(/[\s/(–-]+/).some((del) => del.startsWith(leter)) || ord.startsWith(leter)) foerst.push(v);
    else if (ord.includes(leter)) etter.push(v);
  }
  return [...foerst, ...etter].slice(0, FLEST);
}
