// Which lines of an error summary are still true. No DOM: fields are told by the place their line links to.

/**
 * A line goes when its field has nothing wrong with it any more. What only the server can judge goes when the
 * field is changed.
 * @param {string[]} linjer the fields that have a line
 * @param {Set<string>} feilende the fields that the page itself finds something wrong with now
 * @param {Set<string>} foer the same, last time
 * @param {string|undefined} endret the field that has just been changed
 * @returns {Set<string>} the fields whose lines go
 */
export function rettet(linjer, feilende, foer, endret) {
  return new Set(linjer.filter((felt) => !feilende.has(felt) && (foer.has(felt) || felt === endret)));
}
