"""What is different between two clauses, in people's words, for the macros of `templates/avtaler/_forskjell.html`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.avtaler import innhold
from portal.avtaler.ord import ETIKETTER
from portal.avtaler.ordforskjell import Del, Op, Rad, ulike_felt, utdrag
from portal.avtaler.punkter import PUNKTER, TILTAKSKRAV
from portal.avtaler.routes.felles import ANSVARSORD, bp
from portal.avtaler.service.sammenligning import alle_orddeler, alle_radforskjeller, orddeler
from portal.avtaler.utskrivning import TRINN
from portal.beredskap.ord import ETIKETTER as BEREDSKAPSORD
from portal.core.sprak import _, _l
from portal.identitet.fagomraader import ALLE_OMRAADER

FELTNAVN: dict[str, Any] = {
    "nummer": _l("Nummer"),
    "overskrift": _l("Overskrift"),
    "tekst": _l("Tekst"),
    "art": _l("Hva den handler om"),
    "punkt": _l("Punkt i § 6-2"),
    "faser": _l("Faser"),
    "fagomraader": _l("Fagområder"),
    "kriterier": _l("Kriterier"),
    "matrise": _l("Roller og ansvar"),
    "forpliktelser": _l("Forpliktelser"),
    "tiltak": _l("Samarbeidstiltak"),
    "trinn": _l("Trinn i utskrivningsforskriften"),
}
#: {list: {field of its rows: what people call it}}, in the order of reading.
CELLENAVN: dict[str, dict[str, Any]] = {
    "kriterier": {"kriterium": _l("Kriterium"), "hvem": _l("Hvem avgjør"), "frist": _l("Frist")},
    "matrise": {"oppgave": _l("Oppgave"), "foretak": _l("Helseforetaket"), "kommune": _l("Kommunen")},
    "forpliktelser": {
        "tekst": _l("Hva"),
        "hyppighet": _l("Hvor ofte"),
        "frist": _l("Frist"),
        "sider": _l("Hvem"),
    },
    "tiltak": {"navn": _l("Tiltak"), **TILTAKSKRAV},
}
_TEKSTER = ("nummer", "overskrift", "tekst")
_KODELISTER = ("faser", "fagomraader", "trinn")


@dataclass(frozen=True)
class Radord:
    """A row that is new or struck (its words are not marked: all of it is), or changed: its fields by name."""

    op: Op
    felt: list[tuple[str, list[Del]]]


@dataclass(frozen=True)
class Feltord:
    """A field of a clause in which two texts of it differ."""

    felt: str
    navn: str
    #: The words of a text, or what was chosen before and after.
    deler: list[Del] = field(default_factory=list)
    #: Of a list of choices: each with what became of it.
    valg: list[Del] = field(default_factory=list)
    #: Of a list of rows: those that differ, and how many do not.
    rader: list[Radord] = field(default_factory=list)
    like_rader: int = 0


def klausulord(foer: Mapping[str, Any] | None, etter: Mapping[str, Any] | None) -> list[Feltord]:
    """The fields in which two clauses differ. Both as `innhold.som_data` gives them, or as a form has them."""
    foer, etter = _plan(foer), _plan(etter)
    felter = ulike_felt(foer, etter, innhold.FELT)
    lister = [f for f in felter if f in CELLENAVN or f in _KODELISTER]
    # Two rounds for the whole clause, each on a thread when it is long: first rows, then the words in them.
    alle_rader = alle_radforskjeller([(foer.get(f) or [], etter.get(f) or []) for f in lister])
    rader = dict(zip(lister, alle_rader, strict=True))
    ord_ = _Ord()
    ferdige = [_felt(f, foer.get(f), etter.get(f), rader.get(f, []), ord_) for f in felter]
    ord_.sammenlign()
    return ferdige


class _Ord:
    """The pairs of texts in a clause, gathered to be compared at once: each list is filled in by `sammenlign`."""

    def __init__(self) -> None:
        self._par: list[tuple[str, str]] = []
        self._deler: list[list[Del]] = []

    def mellom(self, a: str, b: str) -> list[Del]:
        self._par.append((a, b))
        self._deler.append([])
        return self._deler[-1]

    def sammenlign(self) -> None:
        for tom, deler in zip(self._deler, alle_orddeler(self._par), strict=True):
            tom += deler


def _plan(data: Mapping[str, Any] | None) -> dict[str, Any]:
    """A clause as it is compared: texts as they are stored, the phases as their numbers, whatever they came as."""
    ut = innhold.rens(data or {})
    faser = ut.get("faser")
    if faser is not None:
        ut["faser"] = (
            innhold.faser(faser) if isinstance(faser, int) else sorted(int(n) for n in faser if _er_nummer(n))
        )
    for navn in innhold.LISTER:
        ut[navn] = [rad for rad in ut.get(navn) or [] if any(v for k, v in rad.items() if k not in _ALLTID)]
    return ut


def _er_nummer(verdi: Any) -> bool:
    return str(verdi).isascii() and str(verdi).isdecimal() and len(str(verdi)) < 3


#: What a row of a form has before anything is written in it.
_ALLTID = ("hyppighet", "sider")


def _felt(felt: str, a: Any, b: Any, rader: list[Rad], ord_: _Ord) -> Feltord:
    navn = str(FELTNAVN[felt])
    if felt in _TEKSTER:
        return Feltord(felt, navn, deler=ord_.mellom(a or "", b or ""))
    if felt in CELLENAVN:
        ulike = [_rad(felt, r, ord_) for r in rader if r.op != Op.LIKE]
        return Feltord(felt, navn, rader=ulike, like_rader=len(rader) - len(ulike))
    if felt in _KODELISTER:
        return Feltord(felt, navn, valg=_valg(felt, rader, tom_foer=not a, tom_etter=not b))
    deler = [Del(op, _kodeord(felt, v)) for op, v in ((Op.UT, a), (Op.INN, b)) if v]
    return Feltord(felt, navn, deler=deler)


def _valg(felt: str, rader: list[Rad], *, tom_foer: bool, tom_etter: bool) -> list[Del]:
    if felt == "faser":
        rader = sorted(rader, key=_koden)
    ut = [Del(r.op, _kodeord(felt, _koden(r))) for r in rader]
    if felt == "fagomraader" and tom_foer:
        ut.insert(0, Del(Op.UT, _("Alle")))
    if felt == "fagomraader" and tom_etter:
        ut.append(Del(Op.INN, _("Alle")))
    return ut


def _koden(rad: Rad) -> Any:
    return rad.foer if rad.etter is None else rad.etter


def _rad(felt: str, rad: Rad, ord_: _Ord) -> Radord:
    foer, etter = rad.foer or rad.etter, rad.etter or rad.foer
    return Radord(
        rad.op,
        [
            (str(navn), ord_.mellom(_celleord(felt, k, foer.get(k)), _celleord(felt, k, etter.get(k))))
            for k, navn in CELLENAVN[felt].items()
            if foer.get(k) or etter.get(k)
        ],
    )


def _celleord(felt: str, celle: str, verdi: Any) -> str:
    if not verdi:
        return ""
    if felt == "matrise" and celle != "oppgave":
        return str(ANSVARSORD.get(verdi, verdi))
    if celle == "hyppighet":
        return str(ETIKETTER["hyppighet"].get(verdi, verdi))
    if celle == "sider":
        return ", ".join(str(ETIKETTER["avtaleside"].get(s, s)) for s in verdi)
    return str(verdi)


def _kodeord(felt: str, kode: Any) -> str:
    if felt == "art":
        return str(ETIKETTER["bestemmelsesart"].get(kode, kode))
    if felt == "punkt":
        nr = int(kode) if _er_nummer(kode) else 0
        return f"{_('§ 6-2 nr. %(nr)s', nr=nr)}: {PUNKTER[nr][0]}" if nr in PUNKTER else str(kode)
    if felt == "faser":
        return f"{kode} ({str(BEREDSKAPSORD['fase'].get(str(kode), kode)).lower()})"
    if felt == "trinn":
        return f"{TRINN[kode][0]}: {TRINN[kode][1]}" if kode in TRINN else str(kode)
    return str(ALLE_OMRAADER.get(kode, kode))


@bp.context_processor
def _forskjeller() -> dict[str, Any]:
    return {"orddeler": orddeler, "klausulord": klausulord, "tekstutdrag": utdrag}
