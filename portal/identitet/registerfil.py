"""Reads a register file: every row checked on its own and against the others, before anything is applied.

The format is described in `register/README.md`. All faults are gathered with their line number, so that a
file is mended in one go, and refused together: nothing of a faulty file is used. Pure functions, no database.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from portal.core.errors import UgyldigData
from portal.core.identifiers import gyldig_orgnr
from portal.core.sprak import _
from portal.identitet.models import SYKEHUS, Organisasjonstype

KOLONNER = (
    "type",
    "kode",
    "navn",
    "kortnavn",
    "navn_alternativ",
    "organisasjonsnummer",
    "overordnet",
    "helseforetak",
    "folketall",
    "maalform",
    "gyldig_fra",
    "erstatter",
)
MAALFORMER = frozenset({"bokmål", "nynorsk", "nøytral"})
#: Far above any real register (400 rows are 35 KB); a wrong file is stopped before it is read into memory.
MAKS_BYTE = 5_000_000
_LENGDE = {"navn": 200, "kortnavn": 200, "navn_alternativ": 200}
#: The width of the official code, and what a reference to such an organisation looks like.
_KODELENGDE = {Organisasjonstype.KOMMUNE: 4, Organisasjonstype.FYLKE: 2}
_SIFFER = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Rad:
    """One organisation as the file states it. It refers to a fylke by code, to a hospital by its number."""

    linje: int
    type: Organisasjonstype
    kode: str | None
    navn: str
    kortnavn: str
    navn_alternativ: str
    organisasjonsnummer: str | None
    overordnet: str | None
    helseforetak: str | None
    folketall: int | None
    maalform: str
    gyldig_fra: date | None
    erstatter: tuple[str, ...]


@dataclass
class Feilliste:
    """The faults found so far: (line number, what is wrong and how to mend it)."""

    rader: list[tuple[int, str]] = field(default_factory=list)

    def legg_til(self, linje: int, melding: str) -> None:
        self.rader.append((linje, melding))

    def reis(self) -> None:
        """Raises UgyldigData with `rader` when there are faults; the file is refused as a whole."""
        if self.rader:
            raise UgyldigData(
                _("Registerfilen er avvist, og ingenting er endret. Rett linjene under og prøv igjen."),
                kode="registerfil",
                rader=sorted(set(self.rader)),
            )


def les_registerfil(fil: bytes | str | Path) -> list[Rad]:
    """The rows of a file (a path, or the content as bytes or text). Raises UgyldigData with all bad rows."""
    feil = Feilliste()
    linjer = _del_opp(_les_tekst(fil, feil), feil)
    rader = [rad for linje, felter in linjer if (rad := _les_rad(linje, felter, feil)) is not None]
    _finn_dobbelte(rader, feil)
    feil.reis()
    return rader


def _les_tekst(fil: bytes | str | Path, feil: Feilliste) -> str:
    if isinstance(fil, Path):
        try:
            if fil.stat().st_size > MAKS_BYTE:
                feil.legg_til(0, _("Filen er for stor til å være et organisasjonsregister."))
                feil.reis()
            fil = fil.read_bytes()
        except OSError as aarsak:
            feil.legg_til(0, _("Filen kan ikke leses: %(grunn)s", grunn=aarsak.strerror or str(aarsak)))
            feil.reis()
    if isinstance(fil, bytes):
        if len(fil) > MAKS_BYTE:
            feil.legg_til(0, _("Filen er for stor til å være et organisasjonsregister."))
            feil.reis()
        try:
            fil = fil.decode("utf-8-sig")
        except UnicodeDecodeError as aarsak:
            linje = aarsak.object[: aarsak.start].count(b"\n") + 1
            feil.legg_til(linje, _("Tegnsettet er ikke UTF-8. Lagre filen som «CSV UTF-8» og prøv igjen."))
            feil.reis()
    tekst = str(fil).removeprefix("\ufeff").replace("\r\n", "\n")
    if not tekst.strip():
        feil.legg_til(0, _("Filen er tom."))
        feil.reis()
    if not tekst.endswith("\n"):
        # A copy that was cut off often ends inside a line, and half a list of former numbers looks whole.
        feil.legg_til(
            tekst.count("\n") + 1,
            _("Filen slutter midt i en linje. Er den kopiert helt? Siste linje skal ende med linjeskift."),
        )
    return tekst


def _del_opp(tekst: str, feil: Feilliste) -> list[tuple[int, dict[str, str]]]:
    """The data lines as (line number, {column: text}). The header decides the separator and the order."""
    foerste = tekst.split("\n", 1)[0]
    skille = ";" if foerste.count(";") > foerste.count(",") else ","
    leser = csv.reader(io.StringIO(tekst), delimiter=skille, strict=True)
    linjer: list[tuple[int, dict[str, str]]] = []
    forrige = 0
    hode: list[str] = []
    try:
        for celler in leser:
            linje, forrige = forrige + 1, leser.line_num
            if not hode:
                hode = [c.strip().lower() for c in celler]
                _sjekk_hode(hode, feil)
            elif any(c.strip() for c in celler):
                if len(celler) != len(hode):
                    feil.legg_til(
                        linje,
                        _(
                            "Linjen har %(antall)s kolonner og skal ha %(skal)s. Er filen kopiert helt, og "
                            "står verdier med skilletegn i anførselstegn?",
                            antall=len(celler),
                            skal=len(hode),
                        ),
                    )
                    continue
                linjer.append((linje, dict(zip(hode, celler, strict=True))))
    except csv.Error as aarsak:
        feil.legg_til(
            forrige + 1,
            _("Linjen kan ikke leses (%(grunn)s). Se etter et anførselstegn for mye.", grunn=str(aarsak)),
        )
    if not linjer:
        feil.legg_til(1, _("Filen har overskrifter, men ingen organisasjoner."))
        feil.reis()
    return linjer


def _sjekk_hode(hode: list[str], feil: Feilliste) -> None:
    mangler = [k for k in KOLONNER if k not in hode]
    ukjente = [k for k in hode if k not in KOLONNER]
    dobbelte = sorted({k for k in hode if hode.count(k) > 1})
    if mangler:
        feil.legg_til(
            1, _("Overskriftslinjen mangler kolonnen(e): %(navn)s. Legg dem til.", navn=", ".join(mangler))
        )
    if ukjente:
        feil.legg_til(
            1,
            _(
                "Overskriftslinjen har ukjente kolonner: %(navn)s. Fjern dem.",
                navn=", ".join(ukjente) or "«»",
            ),
        )
    if dobbelte:
        feil.legg_til(1, _("Kolonnen står flere ganger: %(navn)s.", navn=", ".join(dobbelte)))
    feil.reis()


def _les_rad(linje: int, felter: dict[str, str], feil: Feilliste) -> Rad | None:
    """The row, or None when something in it is wrong (then told in `feil`)."""
    foer = len(feil.rader)
    verdi = {k: unicodedata.normalize("NFC", v.strip()) for k, v in felter.items()}

    def klag(melding: str) -> None:
        feil.legg_til(linje, melding)

    if any(not tegn.isprintable() for v in verdi.values() for tegn in v):
        klag(_("Linjen inneholder et usynlig tegn eller linjeskift inne i en verdi. Skriv verdien på nytt."))
    try:
        slag = Organisasjonstype(verdi["type"].lower())
    except ValueError:
        klag(
            _(
                "Ukjent type «%(type)s». Bruk en av: %(typer)s.",
                type=verdi["type"],
                typer=", ".join(Organisasjonstype),
            )
        )
        return None
    if not verdi["navn"]:
        klag(_("Navn mangler."))
    for kolonne, lengde in _LENGDE.items():
        if len(verdi[kolonne]) > lengde:
            klag(_("%(kolonne)s er lengre enn %(lengde)s tegn.", kolonne=kolonne, lengde=lengde))
    _sjekk_kode(slag, verdi["kode"], klag)
    orgnr = verdi["organisasjonsnummer"].replace(" ", "")
    _sjekk_orgnr(slag, orgnr, klag)
    overordnet = verdi["overordnet"].replace(" ", "")
    _sjekk_overordnet(slag, verdi["kode"], overordnet, klag)
    helseforetak = verdi["helseforetak"].replace(" ", "")
    if slag == Organisasjonstype.KOMMUNE:
        if not _er_orgnr(helseforetak):
            klag(_("helseforetak skal være organisasjonsnummeret til foretaket som kommunen hører til."))
    else:
        for kolonne in ("helseforetak", "folketall", "maalform"):
            if verdi[kolonne]:
                klag(_("%(kolonne)s gjelder bare kommuner. La feltet stå tomt.", kolonne=kolonne))
    folketall = _les_folketall(verdi["folketall"], klag)
    maalform = verdi["maalform"].lower()
    if maalform and maalform not in MAALFORMER:
        klag(
            _("maalform «%(verdi)s» er ukjent. Bruk bokmål, nynorsk eller nøytral.", verdi=verdi["maalform"])
        )
    gyldig_fra = _les_dato(verdi["gyldig_fra"], klag)
    erstatter = tuple(dict.fromkeys(r for r in re.split(r"[;,|\s]+", verdi["erstatter"]) if r))
    for ref in erstatter:
        if not _gyldig_referanse(slag, ref):
            klag(_("erstatter: «%(ref)s» er ikke et gyldig nummer for denne typen organisasjon.", ref=ref))
    if len(feil.rader) > foer:
        return None
    return Rad(
        linje=linje,
        type=slag,
        kode=verdi["kode"] or None,
        navn=verdi["navn"],
        kortnavn=verdi["kortnavn"] or verdi["navn"],
        navn_alternativ=verdi["navn_alternativ"],
        organisasjonsnummer=orgnr or None,
        overordnet=overordnet or None,
        helseforetak=helseforetak or None,
        folketall=folketall,
        maalform=maalform,
        gyldig_fra=gyldig_fra,
        erstatter=erstatter,
    )


_Klag = Callable[[str], None]


def _er_orgnr(tekst: str) -> bool:
    return len(tekst) == 9 and _SIFFER.fullmatch(tekst) is not None and gyldig_orgnr(tekst)


def _gyldig_referanse(slag: Organisasjonstype, ref: str) -> bool:
    lengde = _KODELENGDE.get(slag)
    return _er_orgnr(ref) or (
        lengde is not None and len(ref) == lengde and _SIFFER.fullmatch(ref) is not None
    )


def _sjekk_kode(slag: Organisasjonstype, kode: str, klag: _Klag) -> None:
    lengde = _KODELENGDE.get(slag)
    if lengde is None:
        if kode:
            klag(_("kode brukes bare for kommuner og fylker. La feltet stå tomt."))
    elif len(kode) != lengde or not _SIFFER.fullmatch(kode):
        klag(
            _(
                "kode skal ha %(lengde)s sifre, ikke «%(kode)s». Regneark fjerner gjerne en null foran: "
                "lagre kolonnen som tekst.",
                lengde=lengde,
                kode=kode,
            )
        )


def _sjekk_orgnr(slag: Organisasjonstype, orgnr: str, klag: _Klag) -> None:
    if not orgnr:
        if slag != Organisasjonstype.FYLKE:
            klag(_("organisasjonsnummer mangler. Finn det i Enhetsregisteret."))
    elif not _er_orgnr(orgnr):
        klag(
            _(
                "organisasjonsnummer «%(nummer)s» er ikke gyldig (ni sifre, kontrollsifferet skal stemme). "
                "Sjekk det mot Enhetsregisteret.",
                nummer=orgnr,
            )
        )


def _sjekk_overordnet(slag: Organisasjonstype, kode: str, overordnet: str, klag: _Klag) -> None:
    if slag == Organisasjonstype.KOMMUNE:
        if len(overordnet) != 2 or not _SIFFER.fullmatch(overordnet):
            klag(_("overordnet skal være fylkesnummeret (to sifre) for en kommune."))
        elif len(kode) == 4 and not kode.startswith(overordnet):
            # The first two digits of a kommunenummer are its fylkesnummer (SSB Klass 131).
            klag(_("Kommunenummeret %(kode)s hører ikke til fylke %(fylke)s.", kode=kode, fylke=overordnet))
    elif slag in SYKEHUS:
        if not _er_orgnr(overordnet):
            klag(_("overordnet skal være organisasjonsnummeret til det regionale helseforetaket."))
    elif overordnet:
        klag(_("overordnet brukes ikke for denne typen. La feltet stå tomt."))


def _les_folketall(tekst: str, klag: _Klag) -> int | None:
    if not tekst:
        return None
    if not _SIFFER.fullmatch(tekst) or len(tekst) > 8:
        klag(_("folketall «%(verdi)s» er ikke et helt tall. Skriv bare sifre, uten mellomrom.", verdi=tekst))
        return None
    return int(tekst)


def _les_dato(tekst: str, klag: _Klag) -> date | None:
    if not tekst:
        return None
    try:
        if len(tekst) != 10:
            raise ValueError
        return date.fromisoformat(tekst)
    except ValueError:
        klag(_("gyldig_fra «%(verdi)s» er ikke en dato. Skriv den som 2024-01-31.", verdi=tekst))
        return None


def _finn_dobbelte(rader: list[Rad], feil: Feilliste) -> None:
    """A code or organisation number twice in the file: the later line is told, and where the first is."""
    sett: dict[tuple[str, str], list[int]] = defaultdict(list)
    for rad in rader:
        if rad.kode:
            sett[rad.type, rad.kode].append(rad.linje)
        if rad.organisasjonsnummer:
            sett["", rad.organisasjonsnummer].append(rad.linje)
    for (slag, nummer), linjer in sett.items():
        for linje in linjer[1:]:
            feil.legg_til(
                linje,
                _(
                    "kode %(nummer)s står også på linje %(linje)s. Fjern den ene.",
                    nummer=nummer,
                    linje=linjer[0],
                )
                if slag
                else _(
                    "organisasjonsnummer %(nummer)s står også på linje %(linje)s. Fjern den ene.",
                    nummer=nummer,
                    linje=linjer[0],
                ),
            )
