// What is new in the bell. The version of a bell is «number of unread:when the last of them came»; times are text of
// one form (UTC with microseconds), which sorts as the moments do.

/** When the newest unread came, by the version of a bell; '' for an empty one. */
export const sisteI = (versjon) => versjon.slice(versjon.indexOf(':') + 1);

/**
 * The ids of those that have come after `sist`, as they stand.
 * @param {{varsel: string, opprettet: string}[]} uleste
 * @param {string} sist
 */
export const nykomne = (uleste, sist) => uleste.filter(({ opprettet }) => opprettet > sist).map(({ varsel }) => varsel);

/** A text whose numbers do not break across lines: «55 97 50 00» is one word to whoever is to ring it. */
export const holdTall = (tekst) => tekst.replace(/(?<=\d) (?=\d)/g, '\u00a0');
