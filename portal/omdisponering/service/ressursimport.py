"""Many people from a file, all of them or none; and the register as such a file. Use cases.

A line with an id (from our own file), or with a number that is registered already, changes that person; any other line
is somebody new. The same file again changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.db import db, transactional
from portal.core.errors import UgyldigData
from portal.core.sprak import _l
from portal.core.traader import i_traadpool
from portal.identitet import kontroll
from portal.identitet.folkefil import Raalinje
from portal.identitet.models import Organisasjon, Organisasjonstype
from portal.identitet.steps import sorteringsnoekkel
from portal.omdisponering import access, register, ressursdata, ressursfil, roert
from portal.omdisponering.access import Handling
from portal.omdisponering.forloep import Kompetanse, Stilling
from portal.omdisponering.ord import ETIKETTER
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.revisjon.steps import logg as revider


@dataclass(frozen=True, slots=True)
class Lest:
    """What a file led to: people by what happened to them, and the numbers of what is promised and does not hold any
    more, of which both sides are told."""

    nye: int
    endret: int
    like: int
    holder_ikke: Sequence[str] = ()


def les_fil(data: bytes) -> str:
    """An uploaded file as text. Raises UgyldigData (field `fil`)."""
    if len(data) > ressursfil.STOERST:
        raise UgyldigData(felter={"fil": [_l("Fila er større enn 1 MB. Del den opp.")]})
    return i_traadpool(ressursfil.som_tekst, data)


def les_linjer(tekst: str) -> list[Raalinje]:
    """The lines of the text, before any transaction. Raises UgyldigData (field `fil`)."""
    if len(tekst) > ressursfil.STOERST:
        raise UgyldigData(felter={"fil": [_l("Teksten er lengre enn 1 MB. Del den opp.")]})
    return i_traadpool(ressursfil.les, tekst)


@transactional
def importer(aktor: Aktor, raalinjer: Sequence[Raalinje]) -> Lest:
    """Takes every line in, or none. Raises UgyldigData («linjer») with what is wrong, line by line."""
    egen = access.krev_eget(aktor, Handling.REGISTRERE)
    leser = _Leser(aktor, egen, raalinjer)
    lovet = roert.stand(leser.registrerte)
    with db.session.no_autoflush:
        for raa in raalinjer:
            leser.les(raa)
    if leser.galt:
        raise ressursfil.feil_i_linjer(leser.galt)
    ressursdata.lagre(leser.nye)
    roerte = roert.fortell(aktor, leser.registrerte, lovet)
    lest = Lest(
        len(leser.nye),
        leser.endret,
        len(raalinjer) - len(leser.nye) - leser.endret,
        [o.nummer for o in roerte if access.ser(aktor, o)],
    )
    revider(
        aktor,
        "omdisponering.personer_importert",
        "organisasjon",
        egen,
        nye=lest.nye,
        endret=lest.endret,
        like=lest.like,
    )
    return lest


class _Leser:
    """Reads one line after the other into the register, which is locked."""

    def __init__(self, aktor: Aktor, organisasjon_id: UUID, raalinjer: Sequence[Raalinje]) -> None:
        self.aktor, self.organisasjon_id = aktor, organisasjon_id
        self.nye: list[Ressursperson] = []
        self.endret = 0
        self.galt: list[tuple[int, Any]] = []
        self._enheter = {ressursfil.ordet(navn): id_ for id_, navn in register.enheter(organisasjon_id)}
        self._kommuner, self._hjemme = _kommuner(organisasjon_id)
        personer = db.session.scalars(
            access.synlige_personer(aktor)
            .order_by(Ressursperson.id)
            .with_for_update(key_share=True, of=Ressursperson)
            .execution_options(populate_existing=True)
        ).all()
        self._med_id = {p.id: p for p in personer}
        self._navn = {self._hvem(p) for p in personer}
        #: Whose the numbers are: those of people outside the service, who are no business of a file, too.
        self._hpr: dict[str, UUID] = {
            r[0]: r[1]
            for r in db.session.execute(
                sa.select(Ressursperson.hpr, Ressursperson.id).where(
                    Ressursperson.organisasjon_id == organisasjon_id, Ressursperson.hpr != ""
                )
            )
        }
        #: {whom a line has been about: the line}.
        self._sett: dict[UUID, int] = {}

    @property
    def registrerte(self) -> Collection[UUID]:
        """Those who were in the register before."""
        return self._med_id

    @staticmethod
    def _hvem(person: Ressursperson) -> tuple[Any, ...]:
        """What two people without a number are told apart by."""
        return ressursfil.ordet(person.navn), person.stilling, person.enhet_id

    def les(self, raa: Raalinje) -> None:
        """Takes a line in, or notes what is wrong with it."""
        galt: list[Any] = []
        if raa.for_mange:
            galt.append(
                _l("Linja har flere felt enn overskriftene. Sett anførselstegn rundt felt med skilletegn i.")
            )
        felter, feil = ressursfil.felt(raa.celler)
        galt += feil
        for kolonne, oppslag in (("enhet", self._enhet), ("kommune", self._kommune), ("hpr", _hpr)):
            if kolonne in raa.celler:
                try:
                    felter[kolonne] = oppslag(raa.celler[kolonne])
                except UgyldigData as e:
                    galt += _meldinger(e)
        try:
            person = self._finn(raa, felter.get("hpr", ""))
        except UgyldigData as e:
            galt += _meldinger(e)
        else:
            galt += self._skriv(raa.nummer, person, felter, i_orden=not galt)
        self.galt += [(raa.nummer, m) for m in galt]

    def _finn(self, raa: Raalinje, hpr: str) -> Ressursperson | None:
        """Whom the line is about; None: somebody new."""
        id_ = ressursfil.id_i(raa.celler.get("id", ""))
        if id_ is not None:
            if (person := self._med_id.get(id_)) is None:
                raise _galt(
                    _l("Personen er ikke i registeret lenger. La id-en stå tom for å legge til på nytt.")
                )
            return person
        return self._med_id.get(self._hpr[hpr]) if hpr in self._hpr else None

    def _skriv(
        self, nummer: int, person: Ressursperson | None, felter: dict[str, Any], *, i_orden: bool
    ) -> list[Any]:
        """Puts the line into the row, or tells what is wrong. Where something was wrong already, it only tells more."""
        if person is not None and (foerst := self._sett.setdefault(person.id, nummer)) != nummer:
            return [_l("Personen står også på linje %(nummer)s.", nummer=foerst)]
        ny = person is None
        if person is None:
            person = ressursdata.ny(self.aktor, self.organisasjon_id)
            felter.setdefault("kommune", self._hjemme)
        foer = {k: getattr(person, k) for k in ressursdata.KOLONNER}
        # Judged by the tables already: to ask of each of them anew would take seconds.
        if "enhet" in felter:
            person.enhet_id = felter.pop("enhet")
        if (sted_id := felter.pop("kommune", None)) is not None:
            person.sted_id = sted_id
        hpr = felter.pop("hpr", person.hpr)
        galt = [] if person.sted_id else [_l("Skriv hvilken kommune personen holder til i.")]
        if hpr and self._hpr.setdefault(hpr, person.id) != person.id:
            galt.append(_l("HPR-nummeret står alt på en annen, i registeret eller høyere oppe i fila."))
        ressursdata.bytt_hpr(person, hpr)
        try:
            ressursdata.sett(person, felter)
        except UgyldigData as e:
            galt += _meldinger(e)
        if galt or not i_orden:
            return galt
        if not ny:
            self.endret += any(getattr(person, k) != v for k, v in foer.items())
            return []
        if not hpr and self._hvem(person) in self._navn:
            return [
                _l(
                    "Noen med samme navn, stilling og enhet er alt registrert. Skriv id fra eksporten eller "
                    "HPR-nummeret, så er det klart hvem det er."
                )
            ]
        self._sett[person.id] = nummer
        self._navn.add(self._hvem(person))
        self.nye.append(person)
        return []

    def _enhet(self, tekst: str) -> UUID | None:
        if not tekst:
            return None
        if (funnet := self._enheter.get(ressursfil.ordet(tekst))) is None:
            raise _galt(_l("Enheten «%(navn)s» finnes ikke i organisasjonen.", navn=tekst[:60]))
        return funnet

    def _kommune(self, tekst: str) -> UUID | None:
        if not tekst:
            return self._hjemme
        if (funnet := self._kommuner.get(ressursfil.ordet(tekst))) is None:
            raise _galt(
                _l("Kommunen «%(navn)s» finnes ikke. Skriv navnet eller kommunenummeret.", navn=tekst[:60])
            )
        return funnet


def _meldinger(feil: UgyldigData) -> list[Any]:
    return [m for ms in feil.detaljer["felter"].values() for m in ms]


def _hpr(tekst: str) -> str:
    return kontroll.hpr_nummer(tekst, "hpr") or ""


def _galt(melding: Any) -> UgyldigData:
    return UgyldigData(felter={"": [melding]})


def _kommuner(organisasjon_id: UUID) -> tuple[dict[str, UUID], UUID | None]:
    """{name or number: kommune in use}, and the organisation's own where it is one. What two are called is no name."""
    ut: dict[str, UUID] = {}
    like: set[str] = set()
    hjemme = None
    for id_, kode, kortnavn, alternativ in db.session.execute(
        sa.select(
            Organisasjon.id, Organisasjon.kode, Organisasjon.kortnavn, Organisasjon.navn_alternativ
        ).where(Organisasjon.type == Organisasjonstype.KOMMUNE, Organisasjon.nedlagt.is_(None))
    ):
        if id_ == organisasjon_id:
            hjemme = id_
        for navn in {ressursfil.ordet(n) for n in (kortnavn, *alternativ.split(" / ")) if n}:
            if navn in ut:
                like.add(navn)
            ut[navn] = id_
        if kode:
            ut[kode] = id_
    return {navn: id_ for navn, id_ in ut.items() if navn not in like}, hjemme


@transactional
def eksporter(aktor: Aktor) -> str:
    """The organisation's people as a file that can be changed and read in again. That it was taken out is noted."""
    egen = access.krev_eget(aktor, Handling.REGISTRERE)
    personer = sorted(
        db.session.scalars(access.synlige_personer(aktor)),
        key=lambda p: (sorteringsnoekkel(p.navn), p.id.hex),
    )
    revider(aktor, "omdisponering.personer_eksportert", "organisasjon", egen, antall=len(personer))
    return ressursfil.skriv(_celler(p) for p in personer)


def _celler(p: Ressursperson) -> list[str]:
    celler = {
        "id": str(p.id),
        "navn": p.navn,
        "stilling": str(ETIKETTER["stilling"][Stilling(p.stilling)]),
        "enhet": p.enhet.navn if p.enhet else "",
        "kompetanse": ", ".join(str(ETIKETTER["kompetanse"][k]) for k in Kompetanse if p.kompetanse & k),
        "hpr": p.hpr,
        "prosent": str(p.prosent),
        "kommune": p.sted.kode or "",
        "reise_km": "" if p.reise_km is None else str(p.reise_km),
        "telefon": p.telefon,
        "epost": p.epost,
        "vaksinert": "" if p.vaksinert is None else _ja(p.vaksinert),
        "smittevern": p.smittevern.isoformat() if p.smittevern else "",
        "fritatt": _ja(p.fritatt),
    }
    return [celler[k] for k in ressursfil.KOLONNER]


def _ja(verdi: bool) -> str:
    return "ja" if verdi else "nei"
