"""The books of a world in which several act at once: what has been committed, in that order, gone through one act after
the other by a model of its own.

The order is that of the commits (`Rekkefoelge`): whoever had to wait for another's lock comes after it. So each act is
held against what all before it had left, and nothing but that order may explain how the rows stand now.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from threading import Lock
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.clock import oslo
from portal.core.db import db, i_transaksjon, transaksjon
from portal.omdisponering.forloep import KAN_ENDRES, Status
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje
from portal.omdisponering.ressursmodeller import Ressursfravaer, Ressursperson, Vedtak
from portal.plasser.historikk import Plassendring
from portal.plasser.models import Plass
from portal.revisjon.models import Revisjon

#: Not agreed on by both sides.
AAPNE = KAN_ENDRES
#: {what the log says: {from which state: to which}}. Where there are several, the rest of the log and the row decide.
VEIER: dict[str, dict[Status | None, frozenset[Status]]] = {
    "opprettet": {None: frozenset({Status.UTKAST})},
    "foreslaatt": {Status.UTKAST: frozenset({Status.FORESLAATT})},
    "endret": {
        Status.UTKAST: frozenset({Status.UTKAST}),
        Status.FORESLAATT: frozenset({Status.FORESLAATT}),
        Status.GODKJENT_AVGIVER: frozenset({Status.FORESLAATT}),
    },
    "godkjent_avgiver": {Status.FORESLAATT: frozenset({Status.GODKJENT_AVGIVER})},
    "godkjent_mottaker": {Status.GODKJENT_AVGIVER: frozenset({Status.GODKJENT_MOTTAKER})},
    "avslaatt": dict.fromkeys((Status.FORESLAATT, Status.GODKJENT_AVGIVER), frozenset({Status.AVSLAATT})),
    "trukket": dict.fromkeys((*AAPNE, Status.GODKJENT_MOTTAKER), frozenset({Status.TRUKKET})),
    "iverksatt": {Status.GODKJENT_MOTTAKER: frozenset({Status.IVERKSATT})},
    "avsluttet": {Status.IVERKSATT: frozenset({Status.AVSLUTTET})},
    #: Somebody was taken out: what is left goes on, is approved no more, or falls.
    "stroeket": {
        Status.UTKAST: frozenset({Status.UTKAST, Status.TRUKKET}),
        Status.FORESLAATT: frozenset({Status.FORESLAATT, Status.AVSLAATT}),
        Status.GODKJENT_AVGIVER: frozenset({Status.FORESLAATT, Status.AVSLAATT}),
        Status.GODKJENT_MOTTAKER: frozenset({Status.GODKJENT_MOTTAKER}),
    },
}
#: By which the staff of a bed goes back: the loan has ended, or the hold that it waited for.
SLIPPER = frozenset({"avsluttet", "frigitt", "innlagt", "utloept", "utskrevet", "tilstand"})


class Rekkefoelge:
    """Hears every transaction right before it is committed: while its locks are held, so that who waits comes later."""

    def __init__(self) -> None:
        self._laas = Lock()
        self._innslag: list[UUID] = []

    @contextmanager
    def hoer(self) -> Iterator[None]:
        sa.event.listen(db.session, "before_commit", self._noter)
        try:
            yield
        finally:
            sa.event.remove(db.session, "before_commit", self._noter)

    def _noter(self, _session: object) -> None:
        if i_transaksjon():
            with self._laas:
                self._innslag.extend(i["id"] for i in transaksjon().lager.get("revisjon", ()))

    def siden_sist(self, *, behold: bool = False) -> list[Revisjon]:
        """What the log tells that was done since last, in that order. `behold`: the next who asks is told of it too."""
        with self._laas:
            ider = self._innslag
            if not behold:
                self._innslag = []
        if not ider:
            return []
        rader = db.session.scalars(sa.select(Revisjon).where(Revisjon.id.in_(ider), Revisjon.utfall == "ok"))
        return sorted(rader, key=lambda r: ider.index(r.id))


class Regnskap:
    """What a sequence's world is, by what has been done in it."""

    def __init__(self) -> None:
        self.status: dict[UUID, Status] = {}
        #: {bed: whether the unit's own people say that it has staff}.
        self.for_haand: dict[UUID, bool] = {}
        #: {bed: which way its staff is lent, so many of its changes have been read}.
        self._laan: dict[UUID, tuple[str, int]] = {}
        self.borte: dict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
        self.fritatt: set[UUID] = set()
        #: Of the reserve: who has not said no since the last yes.
        self.med: dict[UUID, bool] = {}
        self.opphevet: set[UUID] = set()
        #: {line of what both had not agreed on: who}, as it was when the books were closed last.
        self._aapne_linjer: dict[UUID, UUID] = {}

    # --- the acts, one by one ---

    def foer(
        self, rader: Sequence[Revisjon], omder: Sequence[Omdisponering], plasser: Sequence[Plass]
    ) -> None:
        """Goes through what has been done since last, and holds it against the rows as they are now."""
        for p in plasser:
            self.for_haand.setdefault(p.id, p.bemannet)
            self._laan.setdefault(p.id, ("", p.endringer))
        naa = {o.id: o for o in omder}
        sist_endret = {
            UUID(r.objekt_id): i
            for i, r in enumerate(rader)
            if _hva(r) in ("endret", "stroeket", "opprettet")
        }
        status: dict[UUID, frozenset[Status | None]] = {i: frozenset({self.status.get(i)}) for i in naa}
        innhold: dict[UUID, str] = {}
        sa_nei: set[UUID] = set()
        # Who begins does not lock its people: exempt from now on, or a moment later, is the same to it.
        var_ikke_fritatt: set[UUID] = set()
        for i, rad in enumerate(rader):
            hva, om, data = _hva(rad), UUID(rad.objekt_id), json.loads(rad.detaljer)
            if rad.objekt_type == "omdisponering" and om not in naa:
                # The clock comes to those of the sequences before too.
                assert rad.person_id is None, rad.handling
            elif rad.objekt_type == "omdisponering":
                status[om] = frozenset(til for fra in status[om] for til in VEIER[hva].get(fra, ()))
                assert status[om], f"{rad.handling} av {naa[om].nummer} i en tilstand der det ikke går"
                innhold.pop(om, None)
                if "innhold" in data:
                    innhold[om] = data["innhold"]
                if i >= sist_endret.get(om, -1) and hva in ("godkjent_avgiver", "godkjent_mottaker"):
                    self._kan_loves(naa[om])
                if hva == "iverksatt":
                    self._kan_begynne(naa[om], var_ikke_fritatt)
            elif hva == "fravaer_registrert":
                fra, til = (datetime.fromisoformat(data[k]) for k in ("fra", "til"))
                staar = [b for b in self.borte[om] if not (fra <= b[0] and b[1] <= til)]
                self.borte[om] = [*staar, (fra, til)]
            elif hva == "fravaer_fjernet":
                self.borte[om].remove(tuple(datetime.fromisoformat(data[k]) for k in ("fra", "til")))  # type: ignore[arg-type]
            elif hva == "person_endret" and "fritatt" in data["felter"]:
                if om not in self.fritatt:
                    var_ikke_fritatt.add(om)
                self.fritatt ^= {om}
            elif hva == "reserve_svart":
                self.med[om] = data["svar"] == "gitt"
            elif hva == "reserve_slettet":
                self.med[om] = False
                self.borte.pop(om, None)
            elif hva == "vedtak_opphevet":
                assert om not in self.opphevet
                self.opphevet.add(om)
            if hva in ("reserve_svart", "reserve_slettet") and not self.med[om]:
                sa_nei.add(om)
        for id_, mulige in status.items():
            assert naa[id_].status in mulige, (naa[id_].nummer, naa[id_].status, mulige)
            self.status[id_] = Status(naa[id_].status)
        for id_, hash_ in innhold.items():
            assert naa[id_].innhold_hash == hash_, (
                f"{naa[id_].nummer} er endret av noen som ikke står i loggen"
            )
        self._plassene(rader, plasser)
        self._er_ute(omder, sa_nei)

    def _kan_loves(self, omd: Omdisponering) -> None:
        for li in omd.linjer:
            if not li.gjelder:
                continue
            hvem = li.ressursperson_id or li.lokale_id
            assert hvem is not None
            assert not self.er_borte(li), f"{omd.nummer}: noen som er borte, er lovet bort"
            assert self.med.get(hvem, True), f"{omd.nummer}: noen som har sagt nei, er lovet bort"
            if li.beordret:
                assert hvem not in self.fritatt, f"{omd.nummer}: noen som er fritatt, er beordret"
                self._vedtaket_gjelder(omd, li)
            else:
                assert li.lokale_id or li.samtykket, f"{omd.nummer}: noen som ikke har sagt ja, er lovet bort"

    def er_borte(self, li: Omdisponeringslinje) -> bool:
        """Whether who (or what) a line is of is away in some of its time. What is approved already stays."""
        hvem = li.ressursperson_id or li.lokale_id
        return any(fra < li.til and li.fra < til for fra, til in self.borte.get(hvem, ()))  # type: ignore[arg-type]

    def _kan_begynne(self, omd: Omdisponering, var_ikke_fritatt: Collection[UUID]) -> None:
        for li in omd.linjer:
            if not li.gjelder or li.ressursperson_id is None:
                continue
            hvem = li.ressursperson_id
            assert self.med.get(hvem, True), f"{omd.nummer}: begynte med en som har sagt nei"
            if li.beordret:
                assert hvem not in self.fritatt or hvem in var_ikke_fritatt, omd.nummer
                self._vedtaket_gjelder(omd, li)

    def _vedtaket_gjelder(self, omd: Omdisponering, li: Omdisponeringslinje) -> None:
        assert omd.vedtak_id is not None and omd.vedtak_id not in self.opphevet, (
            f"{omd.nummer}: beordret etter et vedtak som er opphevet"
        )
        vedtak = db.session.get_one(Vedtak, omd.vedtak_id)
        assert vedtak.organisasjon_id == omd.avgiver_id
        assert vedtak.fra <= oslo(li.fra).date() <= oslo(li.til).date() <= vedtak.til, omd.nummer

    def _er_ute(self, omder: Sequence[Omdisponering], sa_nei: Collection[UUID]) -> None:
        """Who says no is out of all that is not agreed on. A draft that is written meanwhile, and names the person, is
        no promise: the lender cannot approve it."""
        aapne = {}
        for omd in omder:
            for li in omd.linjer:
                hvem = li.ressursperson_id
                if omd.status not in AAPNE or not li.gjelder or hvem is None:
                    continue
                aapne[li.id] = hvem
                assert omd.status != Status.GODKJENT_AVGIVER or self.med.get(hvem, True), omd.nummer
                assert hvem not in sa_nei or li.id not in self._aapne_linjer, (
                    f"{omd.nummer} har fortsatt med en som sa nei"
                )
        self._aapne_linjer = aapne

    # --- the beds ---

    def _plassene(self, rader: Sequence[Revisjon], plasser: Sequence[Plass]) -> None:
        """Which staffing by hand the acts lead to, in their order: no other may the rows show.

        Where a loan takes a bed, or leaves it, the history of the bed tells that it did; by which of the acts, any of
        those that can."""
        endringer = self._endringer(plasser)
        for p in plasser:
            laan, _lest = self._laan[p.id]
            nye = endringer.get(p.id, [])
            veien = _laanene(laan, nye)
            assert veien[-1] == p.laan, p.navn
            mulige = {(self.for_haand[p.id], 0)}
            for rad in rader:
                mulige = set(_neste(mulige, veien, rad, p.id))
            rett = {
                h
                for h, k in mulige
                if k == len(veien) - 1 and (h == p.bemannet if not p.laan else h == (p.laan == "ut"))
            }
            assert rett, (
                f"{p.navn}: for hånd {self.for_haand[p.id]}, lån {veien}, er nå {p.bemannet} – ingen rekkefølge av "
                f"{[_hva(r) for r in rader]} gir det"
            )
            (self.for_haand[p.id],) = rett
            self._laan[p.id] = p.laan, p.endringer

    def _endringer(self, plasser: Iterable[Plass]) -> dict[UUID, list[Plassendring]]:
        """{bed: its changes since last}, in their order."""
        ut: dict[UUID, list[Plassendring]] = defaultdict(list)
        ny = [p for p in plasser if p.endringer > self._laan[p.id][1]]
        for e in db.session.scalars(
            sa.select(Plassendring)
            .where(Plassendring.plass_id.in_([p.id for p in ny]))
            .order_by(Plassendring.plass_id, Plassendring.nr)
        ):
            if e.nr > self._laan[e.plass_id][1]:
                ut[e.plass_id].append(e)
        for p in ny:
            # The numbers that somebody else has overwritten are missing, or there twice.
            assert [e.nr for e in ut[p.id]] == list(range(self._laan[p.id][1] + 1, p.endringer + 1)), p.navn
        return ut

    # --- against the rows ---

    def stemmer(self, personer: Collection[UUID], vedtak: Collection[UUID]) -> None:
        """What is said of people and rooms, and of decisions, is what was done last."""
        staar: dict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
        for f in db.session.scalars(sa.select(Ressursfravaer)):
            staar[f.ressursperson_id or f.lokale_id].append((f.fra, f.til))  # type: ignore[index]
        for hvem, perioder in self.borte.items():
            assert sorted(staar[hvem]) == sorted(perioder)
        for p in db.session.scalars(sa.select(Ressursperson).where(Ressursperson.id.in_(personer))):
            assert p.fritatt == (p.id in self.fritatt) or p.slettet, p.navn
            assert p.kan_brukes == self.med.get(p.id, True), p.navn
        for v in db.session.scalars(sa.select(Vedtak).where(Vedtak.id.in_(vedtak))):
            assert (v.opphevet is not None) == (v.id in self.opphevet)


def _hva(rad: Revisjon) -> str:
    return rad.handling.partition(".")[2]


def _laanene(laan: str, endringer: Iterable[Plassendring]) -> list[str]:
    """Which way the bed's staff was lent, from one change to the next."""
    ut = [laan]
    for e in endringer:
        hva = e.aarsak.partition(":")[0]
        if hva in ("laan_inn", "laan_ut"):
            ut.append(hva.removeprefix("laan_"))
        elif hva in ("laan_inn_slutt", "laan_ut_slutt") or (ut[-1] == "inn" and not e.bemannet):
            ut.append("")
    assert all(bool(a) != bool(b) for a, b in pairwise(ut)), ut
    return ut


def _neste(
    mulige: Iterable[tuple[bool, int]], veien: Sequence[str], rad: Revisjon, plass_id: UUID
) -> Iterator[tuple[bool, int]]:
    """(by hand, how far on the way of its loans) that a bed may have come to after one more act."""
    hva = _hva(rad)
    data: dict[str, Any] = json.loads(rad.detaljer)
    for haand, k in mulige:
        if hva == "bemannet" and rad.objekt_id == str(plass_id):
            if not veien[k]:
                yield data["bemannet"], k
            elif data["bemannet"] == (veien[k] == "inn"):
                # Nothing was changed, and the loan stays.
                yield haand, k
            continue
        yield haand, k
        if k + 1 < len(veien):
            til = veien[k + 1]
            # Staff comes to a bed that has none of its own, and goes from one that has.
            if (hva == "iverksatt" and til and haand == (til == "ut")) or (hva in SLIPPER and not til):
                yield haand, k + 1
