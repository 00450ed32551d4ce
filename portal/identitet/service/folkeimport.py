"""People from a file: judged line by line, and either all of them taken in or none.

The same judgement is made twice, when the file is shown and when it is taken in, since the house may have changed
meanwhile. The same file again makes nothing new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import UgyldigData
from portal.core.sprak import _
from portal.core.traader import i_traadpool
from portal.identitet import access, folkefil, kontroll, steps
from portal.identitet.access import Handling
from portal.identitet.fagomraader import omraader_for
from portal.identitet.folkefil import Raalinje
from portal.identitet.models import Medlemskap, Organisasjon, Person
from portal.identitet.ord import ETIKETTER
from portal.identitet.roller import Rolleoppdrag, begynner, feil_i_oppdrag, les_dato, siste_dag, slutter
from portal.revisjon.steps import logg


class Linjeutfall(StrEnum):
    """What a line leads to."""

    NY = "ny"
    #: The address is in use: that person gets the role here.
    NY_ROLLE = "ny_rolle"
    FINNES = "finnes"
    FEIL = "feil"


@dataclass(slots=True)
class Linje:
    """One line as it will be, or with what is wrong in it."""

    nummer: int
    #: As written in the file.
    celler: dict[str, str]
    utfall: Linjeutfall = Linjeutfall.NY
    lest: dict[str, Any] = field(default_factory=dict)
    oppdrag: Rolleoppdrag | None = None
    enhet: str = ""
    til: date | None = None
    #: (column, how to mend it); the column is empty for what is about the line as a whole.
    feil: list[tuple[str, str]] = field(default_factory=list)

    @property
    def epost(self) -> str:
        return str(self.lest.get("epost", ""))


@dataclass(frozen=True, slots=True)
class Plan:
    """A file as it would be taken in."""

    linjer: Sequence[Linje]
    antall: Counter[str]

    @property
    def feilede(self) -> list[Linje]:
        return [linje for linje in self.linjer if linje.feil]

    @property
    def nye(self) -> int:
        """How many people there will be more: a person may stand on several lines, one for each role."""
        return len({linje.epost for linje in self.linjer if linje.utfall == Linjeutfall.NY})

    @property
    def sortert(self) -> list[Linje]:
        """Those to be mended first."""
        return sorted(self.linjer, key=lambda linje: not linje.feil)


def les_fil(data: bytes) -> str:
    """An uploaded file as text. Raises UgyldigData (field `fil`)."""
    if len(data) > folkefil.STOERST:
        raise UgyldigData(felter={"fil": [_("Fila er større enn 1 MB. Del den opp.")]})
    return i_traadpool(folkefil.som_tekst, data)


def les_linjer(tekst: str) -> list[Raalinje]:
    """The lines of the text, before any transaction. Raises UgyldigData (field `fil`)."""
    if len(tekst) > folkefil.STOERST:
        raise UgyldigData(felter={"fil": [_("Teksten er lengre enn 1 MB. Del den opp.")]})
    return i_traadpool(folkefil.les, tekst)


def vurder(aktor: Aktor, organisasjon_id: UUID, raalinjer: Sequence[Raalinje]) -> Plan:
    """What taking the lines in would do. Writes nothing."""
    sted = access.hent(aktor, Handling.GI_ROLLER, organisasjon_id)
    return _vurder(aktor, sted, raalinjer)


@transactional
def importer(
    aktor: Aktor, organisasjon_id: UUID, raalinjer: Sequence[Raalinje], *, inviter: bool = True
) -> Plan:
    """Takes every line in, each new person with an invitation, or none at all.

    Raises UgyldigData («linjer») when a line is wrong, Konflikt when somebody else was first with an address.
    """
    sted = access.hent(aktor, Handling.GI_ROLLER, organisasjon_id)
    plan = _vurder(aktor, sted, raalinjer)
    if plan.feilede:
        raise UgyldigData(_("Noen linjer må rettes. Ingenting er lagret."), kode="linjer")
    epost = {linje.epost for linje in plan.linjer}
    folk = {p.epost: p for p in _folk_med(Person.epost, epost)}
    nye = []
    for linje in plan.linjer:
        if linje.utfall == Linjeutfall.FINNES or linje.oppdrag is None:
            continue
        if linje.epost not in folk:
            folk[linje.epost] = steps.ny_person(aktor, linje.lest)
            nye.append(folk[linje.epost])
        steps.gi_rolle(aktor, folk[linje.epost], linje.oppdrag)
    steps.lagre_folk()
    if inviter:
        for person in nye:
            steps.inviter(aktor, person, ny=True)
    logg(aktor, "folk.importert", "organisasjon", sted.id, inviterer=inviter, linjer=dict(plan.antall))
    return plan


# --- the judgement ---------------------------------------------------------------------------------------


def _folk_med(kolonne: Any, verdier: Iterable[str]) -> list[Person]:
    return list(db.session.scalars(sa.select(Person).where(kolonne.in_(list(verdier)))))


def _vurder(aktor: Aktor, sted: Organisasjon, raalinjer: Sequence[Raalinje]) -> Plan:
    if sted.nedlagt is not None:
        raise UgyldigData(_("Organisasjonen er nedlagt. Gjør endringen hos den som overtok."), kode="nedlagt")
    leser = _Leser(aktor, sted, now())
    linjer = [leser.les(raa) for raa in raalinjer]
    _mot_hverandre(linjer)
    _mot_huset(linjer, sted.id)
    for linje in linjer:
        if linje.feil:
            linje.utfall = Linjeutfall.FEIL
    return Plan(linjer, Counter(str(linje.utfall) for linje in linjer))


def _noekkel(tekst: str) -> str:
    return " ".join(tekst.casefold().split())


class _Leser:
    """Reads one line after the other with the words that count in this organisation."""

    def __init__(self, aktor: Aktor, sted: Organisasjon, naa: datetime) -> None:
        self.aktor, self.sted, self.naa = aktor, sted, naa
        # Both the code of the template and the word on the pages.
        self.roller = {_noekkel(t): r for r in Rolle for t in (r.value, str(ETIKETTER["rolle"][r]))}
        self.fag = {_noekkel(t): k for k, n in omraader_for(sted.type).items() for t in (k, str(n))}
        self.enheter = {_noekkel(e.navn): e for e in sted.enheter if e.aktiv}

    def les(self, raa: Raalinje) -> Linje:
        linje = Linje(raa.nummer, raa.celler)
        celle = raa.celler.get

        def prov(kolonne: str, sjekk: Callable[..., Any], *mer: Any) -> Any:
            try:
                return sjekk(celle(kolonne, ""), *mer)
            except UgyldigData as feil:
                linje.feil += [(kolonne, str(m)) for ms in feil.detaljer["felter"].values() for m in ms]
                return None

        if raa.for_mange:
            melding = _(
                "Linja har flere felt enn overskriftene. Sett anførselstegn rundt felt med skilletegn i."
            )
            linje.feil.append(("", melding))
        linje.lest = {
            "navn": prov("navn", kontroll.navn),
            "epost": prov("epost", kontroll.epost) or "",
            "telefon": prov("telefon", kontroll.telefon),
            "hpr_nummer": prov("hpr", kontroll.hpr_nummer),
        }
        fra = begynner(prov("fra", les_dato, "fra"), self.naa)
        til = prov("til", self._til)
        rolle, enhet, fag = (
            prov("rolle", self._rolle),
            prov("enhet", self._enhet),
            prov("fagomraader", self._fag),
        )
        linje.enhet, linje.til = enhet.navn if enhet else "", siste_dag(til)
        if rolle is not None and fag is not None:
            linje.oppdrag = Rolleoppdrag(self.sted.id, rolle, enhet.id if enhet else None, fag, fra, til)
            for felt, meldinger in feil_i_oppdrag(linje.oppdrag, self.sted.type, self.naa).items():
                linje.feil += [(felt, m) for m in meldinger]
        return linje

    def _til(self, tekst: str) -> datetime | None:
        return slutter(les_dato(tekst, "til"), self.naa)

    def _rolle(self, tekst: str) -> Rolle:
        rolle = self.roller.get(_noekkel(tekst))
        if rolle is None:
            raise UgyldigData(
                felter={"rolle": [_("Ukjent rolle. Bruk en av dem under «Kolonner og koder».")]}
            )
        if not access.rekker_til(self.aktor, rolle):
            raise UgyldigData(felter={"rolle": [_("Bare en systemadministrator kan gi denne rollen.")]})
        return rolle

    def _enhet(self, tekst: str) -> Any:
        if not tekst:
            return None
        enhet = self.enheter.get(_noekkel(tekst))
        if enhet is None:
            melding = _(
                "%(navn)s har ingen enhet i bruk med dette navnet. Se «Kolonner og koder».",
                navn=self.sted.kortnavn,
            )
            raise UgyldigData(felter={"enhet": [melding]})
        return enhet

    def _fag(self, tekst: str) -> frozenset[str]:
        ord_ = [o for o in tekst.replace("|", ",").replace(";", ",").split(",") if o.strip()]
        if ukjente := [o.strip()[:60] for o in ord_ if _noekkel(o) not in self.fag]:
            melding = _("Ukjent fagområde: %(navn)s.", navn=", ".join(ukjente))
            raise UgyldigData(felter={"fagomraader": [melding]})
        return frozenset(self.fag[_noekkel(o)] for o in ord_)


def _mot_hverandre(linjer: Sequence[Linje]) -> None:
    """Lines of the same file that say the same twice, or two things of one person."""
    foerste: dict[str, Linje] = {}
    roller: dict[tuple[Any, ...], Linje] = {}
    hpr: dict[str, Linje] = {}
    for linje in linjer:
        if not linje.epost:
            continue
        annen = foerste.setdefault(linje.epost, linje)
        for felt, kolonne in (("navn", "navn"), ("telefon", "telefon"), ("hpr_nummer", "hpr")):
            ny, gammel = linje.lest[felt], annen.lest[felt]
            if ny and gammel and ny != gammel:
                melding = _(
                    "Samme e-postadresse står på linje %(nummer)s med noe annet her.", nummer=annen.nummer
                )
                linje.feil.append((kolonne, melding))
        if o := linje.oppdrag:
            lik = roller.setdefault((linje.epost, o.rolle, o.enhet_id), linje)
            if lik is not linje:
                linje.feil.append(
                    ("", _("Linja gjentar linje %(nummer)s. Ta bort den ene.", nummer=lik.nummer))
                )
        if nummer := linje.lest["hpr_nummer"]:
            eier = hpr.setdefault(nummer, linje)
            if eier.epost != linje.epost:
                melding = _(
                    "Samme HPR-nummer står på linje %(nummer)s, på en annen person.", nummer=eier.nummer
                )
                linje.feil.append(("hpr", melding))


def _mot_huset(linjer: Sequence[Linje], organisasjon_id: UUID) -> None:
    """What is here already: addresses in use, HPR numbers of others, roles that the people have."""
    folk = {p.epost: p for p in _folk_med(Person.epost, {li.epost for li in linjer if li.epost})}
    numre = {li.lest["hpr_nummer"] for li in linjer if li.lest["hpr_nummer"]}
    eier = {p.hpr_nummer: p.epost for p in _folk_med(Person.hpr_nummer, numre)}
    har: dict[UUID, list[Medlemskap]] = {}
    for m in db.session.scalars(
        sa.select(Medlemskap).where(
            Medlemskap.organisasjon_id == organisasjon_id,
            Medlemskap.person_id.in_([p.id for p in folk.values()]),
            access.ikke_slutt(),
        )
    ):
        har.setdefault(m.person_id, []).append(m)
    for linje in linjer:
        if eier.get(linje.lest["hpr_nummer"], linje.epost) != linje.epost:
            linje.feil.append(("hpr", _("HPR-nummeret er registrert på en annen person. Sjekk nummeret.")))
        person = folk.get(linje.epost)
        if person is None or linje.oppdrag is None:
            continue
        linje.utfall = Linjeutfall.NY_ROLLE
        for m in har.get(person.id, ()):
            if _overlapper(m, linje.oppdrag):
                linje.utfall = Linjeutfall.FINNES
                if not linje.oppdrag.fagomraader <= m.fagomraader:
                    linje.feil.append(("fagomraader", _andre_fag(m)))


def _andre_fag(m: Medlemskap) -> str:
    navn = ", ".join(str(ETIKETTER["fagomraade"][f]) for f in sorted(m.fagomraader)) or _("ingen")
    return _(
        "Personen har rollen fra før, med andre fagområder (%(navn)s). Skriv de samme, eller avslutt rollen først.",
        navn=navn,
    )


def _overlapper(m: Medlemskap, o: Rolleoppdrag) -> bool:
    return (
        (m.rolle, m.enhet_id) == (str(o.rolle), o.enhet_id)
        and (m.gyldig_til is None or o.gyldig_fra is None or m.gyldig_til > o.gyldig_fra)
        and (o.gyldig_til is None or m.gyldig_fra < o.gyldig_til)
    )
