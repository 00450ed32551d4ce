// The file of an attachment in the log: fills in an empty row, as `vedleggsfil` in _vedlegg.html does.

/** 1234567 bytes as «1,2 MB». */
export function stoerrelse(byte, spraak = 'nb') {
  if (byte < 1_000_000) return `${Math.max(1, Math.round(byte / 1000))} kB`;
  const mega = (byte / 1_000_000).toFixed(1);
  return `${spraak === 'en' ? mega : mega.replace('.', ',')} MB`;
}

/** The words under the name of a document. */
export function omDokumentet({ sider, stoerrelse: byte }, tekst, spraak) {
  const antall = sider === 1 ? tekst('vedleggSide') : tekst('vedleggSider', { antall: sider });
  return `PDF · ${antall} · ${stoerrelse(byte, spraak)}`;
}

/**
 * @param {HTMLElement} element the empty row, which holds both a picture and a document
 * @param {object} rad the row as the protocol has it
 * @param {object} med
 * @param {(navn: string, verdier?: object) => string} med.tekst
 * @param {string} med.navn who sent it, without the place
 * @param {string} med.tid when, as it stands on the row
 * @param {string} med.spraak
 */
export function fyllVedlegg(element, rad, { tekst, navn, tid, spraak }) {
  const { data } = rad;
  const felt = (hvilket) => element.querySelector(`[data-felt="${hvilket}"]`);
  const adresse = `/henvendelser/${rad.henvendelse_id}/vedlegg/${data.vedlegg_id}`;
  if (!data.animert) felt('animert').remove();
  if (data.innholdstype.startsWith('image/')) {
    felt('kort').remove();
    felt('bildelenke').href = adresse;
    felt('bildelenke').title = data.navn;
    const bilde = felt('bilde');
    // The room for it is there before it comes: the log does not jump.
    bilde.width = data.bredde;
    bilde.height = data.hoeyde;
    bilde.alt = tekst('vedleggAlt', { navn, tid });
    bilde.src = adresse;
    return;
  }
  felt('bildelenke').remove();
  felt('kort').href = adresse;
  felt('filnavn').textContent = data.navn;
  felt('filom').textContent = omDokumentet(data, tekst, spraak);
}
