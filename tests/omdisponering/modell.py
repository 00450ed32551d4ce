"""The world in which two lenders and two receivers share people, premises and beds, and what must always hold in it.

Asked of the rows alone, after each act or each wave of them (`sjekk`): what somebody has said or read in between counts
for nothing. Which order they came in, and what follows from it, is the books' (`regnskap.py`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize
from sqlalchemy.orm import joinedload, selectinload

from portal.avtaler.models import Bestemmelse
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now, som_om
from portal.core.db import db
from portal.core.errors import PortalError
from portal.identitet.models import Enhet, Organisasjon
from portal.omdisponering import reserveregister, steps
from portal.omdisponering.forloep import LOVFELT, OPPTAR, TELLER, Samtykke, Slag, Status, Strykgrunn
from portal.omdisponering.models import (
    Behov,
    Omdisponering,
    Omdisponeringshendelse,
    Omdisponeringslinje,
)
from portal.omdisponering.regler import naar
from portal.plasser.forloep import Holdstatus
from portal.plasser.historikk import Plassendring
from portal.plasser.models import Plass, Plassenhet, Plasstall, Reservasjon
from portal.plasser.service import tavle
from portal.revisjon.models import Revisjon
from tests.avtalehjelp import lag_avtale, lag_bestemmelse
from tests.bygg import Opptak, Scene, lag_aktor, lag_enhet, lag_kommune
from tests.omdisponering.hjelp import lag_behov, lag_lokale, lag_ressurs, lag_vedtak
from tests.omdisponering.regnskap import Regnskap, Rekkefoelge
from tests.plasser.hjelp import lag_plassenhet, ny_plass

T = timedelta(hours=1)
JA, NEI = "ja", "nei"
#: Of both sides: what both have approved, or the lender alone.
GODKJENT = frozenset({Status.GODKJENT_AVGIVER, *TELLER})
#: Why somebody does not go when it is to begin.
UTEBLE = frozenset({Strykgrunn.TRUKKET, Strykgrunn.IKKE_LENGER})


@dataclass(frozen=True)
class Akt:
    """Something that one of them is about to do: it can be done alone, or at the same moment as others do theirs."""

    hva: str
    #: Keeps to what it was made with: it is done in another thread than the one that made it.
    gjoer: Callable[[], Any]
    #: What the log says when it has been done: one row of one of these, …
    spor: tuple[str, ...] = ()
    #: … of this; None: of what it gives.
    om: UUID | None = None
    #: It may be that nothing was to be changed: then the log says nothing.
    kan_tie: bool = False
    #: Whether it goes, as the rows are now: JA, NEI, or how it is refused. None: nobody has reckoned that out.
    ventet: Callable[[], str] | None = None
    #: Takes what it gave, where that is needed afterwards.
    gir: Callable[[Any], None] | None = None


@dataclass(frozen=True)
class Ting:
    """A person or a room of a lender's."""

    id: UUID
    org_id: UUID
    slag: Slag
    #: The key of who is in the reserve by own consent.
    noekkel: str = ""


@dataclass
class Avgiver:
    """Who lends: its coordinator, and the unit that its people come from."""

    org: Organisasjon
    koor: Aktor
    enhet: Enhet
    #: {receiver: the clause that binds both}.
    klausul: dict[UUID, Bestemmelse]


@dataclass
class Plassted:
    """A unit with beds, who works there, and who keeps it."""

    org: Organisasjon
    enhet: Enhet
    koor: Aktor
    pleiere: tuple[Aktor, Aktor]
    id: UUID


class Verden:
    """Those who are there all the time; each sequence has people, premises and beds of its own."""

    def __init__(self, scene: Scene, opptak: Opptak) -> None:
        self.scene, self.opptak = scene, opptak
        self.mottakere = [scene.kommune, scene.annen_kommune]
        nabo = lag_kommune("Nabokommunen")
        self.avgiverorg = [scene.hf, nabo]
        self.klausuler = {}
        for org in self.avgiverorg:
            avtale = lag_avtale(org, self.mottakere, status="gjeldende", bestemmelser=())
            self.klausuler[org.id] = lag_bestemmelse(avtale, overskrift="Omdisponering")
        alle = [*self.avgiverorg, *self.mottakere]
        self.koor = {o.id: lag_aktor(Rolle.KOORDINATOR, o) for o in alle}
        #: {organisation: the coordinators}: two who may click at the same moment.
        self.folk = {o.id: (self.koor[o.id], lag_aktor(Rolle.KOORDINATOR, o)) for o in alle}
        self.fremmed = lag_aktor(Rolle.KOORDINATOR, scene.annet_hf)
        self.rekkefoelge = Rekkefoelge()
        self.utfall: Counter[str] = Counter()


class Livet(RuleBasedStateMachine):
    """A world of two lenders and two receivers, and what must hold in it. What is done in it, its heirs say."""

    verden: Verden

    # --- the world of a sequence ---

    @initialize(valg=st.randoms(use_true_random=True))
    def begynn(self, valg: Random) -> None:
        v, self.valg = self.verden, valg
        self.tid = now().replace(microsecond=0, second=0)
        self.bok = Regnskap()
        with som_om(self.tid):
            nabo = self._plassted(v.avgiverorg[1], bemannet=3, uten=0)
            self.steder = [nabo, *(self._plassted(o, bemannet=1, uten=3) for o in v.mottakere)]
            post = lag_enhet(v.scene.hf, "avdeling")
            self.avgivere = [
                Avgiver(
                    org,
                    v.koor[org.id],
                    enhet,
                    dict.fromkeys((m.id for m in v.mottakere), v.klausuler[org.id]),
                )
                for org, enhet in zip(v.avgiverorg, (post, nabo.enhet), strict=True)
            ]
            self.personer = [
                Ting(
                    lag_ressurs(a.org, a.enhet, navn=n, prosent=p, fritatt=n == "Del").id,
                    a.org.id,
                    Slag.PERSONELL,
                )
                for a in self.avgivere
                for n, p in (("Heil", 100), ("Del", 60))
            ]
            # Those of a part of a post are exempt from being ordered.
            self.bok.fritatt = {p.id for p in self.personer[1::2]}
            self.personer += [self._reserve(a.org) for a in self.avgivere]
            self.lokaler = [
                Ting(lag_lokale(a.org, navn=f"Post {uuid4()}").id, a.org.id, Slag.LOKALE)
                for a in self.avgivere
            ]
            dag = self.tid.date()
            self.vedtak = {
                a.org.id: [lag_vedtak(a.org, vedtatt=dag, fra=dag - timedelta(days=1)).id]
                for a in self.avgivere
            }
            for mottaker in self.steder[1:]:
                self._behov(mottaker, Slag.PERSONELL)
            self._behov(self.steder[1], Slag.LOKALE)
        self.omder: list[UUID] = []
        self.hold: list[UUID] = []
        self.opphold: list[UUID] = []
        self.verden.rekkefoelge.siden_sist()
        self.sjekk()

    def _reserve(self, org: Organisasjon) -> Ting:
        """Somebody outside the service, in the organisation's register by own consent."""
        noekkel = uuid4().hex
        rad = lag_ressurs(
            org,
            navn="Reserve",
            samtykke=Samtykke.GITT,
            samtykket=self.tid,
            noekkel_hash=reserveregister.hash_av(noekkel),
            noekkel_utloeper=self.tid + timedelta(days=300),
        )
        return Ting(rad.id, org.id, Slag.PERSONELL, noekkel)

    def _plassted(self, org: Organisasjon, *, bemannet: int, uten: int) -> Plassted:
        enhet = lag_enhet(org, "oehd_enhet")
        id_ = lag_plassenhet(self.verden.scene, bemannet, enhet=enhet, vert=org, kvoter={org.id: 0})
        for _ in range(uten):
            ny_plass(id_, bemannet=False, normert=False)
        return Plassted(
            org,
            enhet,
            self.verden.koor[org.id],
            (lag_aktor(Rolle.HELSEPERSONELL, org, enhet), lag_aktor(Rolle.HELSEPERSONELL, org, enhet)),
            id_,
        )

    def _behov(self, sted: Plassted, slag: Slag) -> None:
        fra = self.tid + self.valg.choice((0, 0, 1, 3)) * T
        rad = lag_behov(sted.org, sted.enhet, slag=slag, fra=fra, til=fra + self.valg.choice((8, 20, 72)) * T)
        self.behov = [*getattr(self, "behov", ()), rad.id]

    # --- an act, and what it leaves ---

    def _spor(self) -> tuple[Any, ...]:
        """What an act that is refused must leave as it was."""

        def antall(tabell: Any, *hvor: Any) -> sa.ScalarSelect[int]:
            return sa.select(sa.func.count()).select_from(tabell).where(*hvor).scalar_subquery()

        db.session.rollback()
        return (
            *db.session.execute(
                sa.select(
                    antall(Revisjon, Revisjon.utfall == "ok"),
                    antall(Plassendring),
                    antall(Reservasjon),
                    antall(Omdisponeringshendelse),
                    antall(Omdisponeringslinje),
                    sa.select(sa.func.coalesce(sa.func.sum(Omdisponering.versjon), 0)).scalar_subquery(),
                    sa.select(sa.func.coalesce(sa.func.sum(Plass.versjon), 0)).scalar_subquery(),
                )
            ).one(),
            tavle.versjon(),
            len(self.verden.opptak.hendelser),
        )

    def _gjoer(self, akt: Akt) -> tuple[Any, PortalError | None]:
        """Alone. What is refused leaves nothing, and goes just when it was reckoned to."""
        self.gjort = True
        foer = self._spor()
        with som_om(self.tid):
            ventet = akt.ventet() if akt.ventet else None
            svar, feil = None, None
            try:
                svar = akt.gjoer()
            except PortalError as e:
                feil = e
        if feil is not None:
            assert self._spor() == foer, f"{akt.hva} ble nektet ({feil.kode}) og etterlot noe"
            self.verden.utfall[f"{akt.hva}: {type(feil).__name__}"] += 1
        self.verden.utfall[f"{akt.hva} {JA if feil is None else NEI}"] += 1
        if ventet is not None:
            assert (feil is None) == (ventet == JA), (akt.hva, ventet, feil, feil and feil.detaljer)
            if ventet not in (JA, NEI):
                assert type(feil).__name__ == ventet, (akt.hva, feil)
                self.verden.utfall[ventet] += 1
        if feil is None and akt.gir:
            akt.gir(svar)
        return svar, feil

    def _alle(self) -> list[Omdisponering]:
        """The sequence's, in the order in which they were written."""
        db.session.rollback()
        db.session.expire_all()
        rader = db.session.scalars(
            sa.select(Omdisponering)
            .where(Omdisponering.id.in_(self.omder))
            .options(
                joinedload(Omdisponering.behov),
                selectinload(Omdisponering.linjer).joinedload(Omdisponeringslinje.ressursperson),
            )
        ).all()
        return sorted(rader, key=lambda o: self.omder.index(o.id))

    def _en(self, *status: Status) -> Omdisponering | None:
        """One of the sequence's in one of these states, and now and then in another."""
        alle = self._alle()
        rette = [o for o in alle if o.status in status]
        funnet = alle if self.valg.random() < 0.03 else rette
        return self.valg.choice(funnet) if funnet else None

    def _hvem(self, rett: UUID) -> Aktor:
        """A coordinator of that organisation, or now and then of another."""
        v = self.verden
        if self.valg.random() < 0.93:
            return self.valg.choice(v.folk[rett])
        return self.valg.choice([*v.koor.values(), v.fremmed])

    def _i(self, *status: Status) -> list[Omdisponering]:
        return [o for o in self._alle() if o.status in status]

    def _les(self, id_: UUID) -> Omdisponering:
        """As the row is now."""
        return next(o for o in self._alle() if o.id == id_)

    def _lest(self, omd: Omdisponering) -> str:
        return omd.innhold_hash if self.valg.random() < 0.95 else "0" * 64

    # --- what must always hold ---

    def sjekk(self) -> None:
        with som_om(self.tid):
            omder = self._alle()
            plasser = db.session.scalars(
                sa.select(Plass).where(Plass.plassenhet_id.in_([s.id for s in self.steder]))
            ).all()
            self.bok.foer(self.verden.rekkefoelge.siden_sist(), omder, plasser)
            self.bok.stemmer(
                [t.id for t in self.personer], [i for egne in self.vedtak.values() for i in egne]
            )
            self._ingen_er_to_steder(omder)
            for omd in omder:
                self._lovlig(omd)
            self._behovene()
            for sted in self.steder:
                self._plassene(sted, omder, [p for p in plasser if p.plassenhet_id == sted.id])

    def _ingen_er_to_steder(self, omder: list[Omdisponering]) -> None:
        tatt = defaultdict(list)
        for omd in omder:
            for li in omd.linjer:
                assert li.opptar == (li.gjelder and omd.status in OPPTAR), (omd.nummer, omd.status)
                if li.opptar:
                    tatt[li.ressursperson_id or li.lokale_id].append(li)
        for linjer in tatt.values():
            # The sum is greatest where one of them begins.
            for tid in (li.fra for li in linjer):
                samtidig = [li for li in linjer if li.fra <= tid < li.til]
                if linjer[0].lokale_id:
                    assert len(samtidig) == 1, "a room in two places"
                else:
                    assert sum(li.andel for li in samtidig) <= linjer[0].ressursperson.prosent, (
                        "a person too much"
                    )

    def _lovlig(self, omd: Omdisponering) -> None:
        assert omd.innhold_hash == steps.innhold(_som_avtalt(omd)), omd.status
        if omd.status not in GODKJENT:
            return
        for li in omd.linjer:
            self.verden.utfall["beordret"] += li.gjelder and li.beordret
            self.verden.utfall["borte og lovet"] += li.opptar and self.bok.er_borte(li)
        assert all(getattr(omd, f).strip() for f in LOVFELT) and omd.bestemmelse_id is not None
        assert omd.godkjent_avgiver is not None and omd.godkjent_avgiver_hash == omd.innhold_hash
        assert omd.godkjent_avgiver_av_id in {a.person_id for a in self.verden.folk[omd.avgiver_id]}
        assert all(li.samtykket or li.beordret or li.lokale_id for li in omd.linjer if li.gjelder)
        assert omd.vedtak_id or not any(li.beordret and li.gjelder for li in omd.linjer)
        if omd.status in TELLER:
            assert omd.godkjent_mottaker is not None and omd.godkjent_mottaker_hash == omd.innhold_hash
            assert omd.godkjent_mottaker_av_id in {a.person_id for a in self.verden.folk[omd.mottaker_id]}

    def _behovene(self) -> None:
        dekket = steps.dekket(self.behov)
        for behov in db.session.scalars(sa.select(Behov).where(Behov.id.in_(self.behov))):
            fullt = naar(dekket[behov.id], behov.antall)
            assert behov.status == ("dekket" if fullt else "aapent")

    def _plassene(self, sted: Plassted, omder: list[Omdisponering], alle: Sequence[Plass]) -> None:
        """By hand, and by the loans in force: nothing else opens a bed or closes one."""
        for_haand = self.bok.for_haand
        assert not any(p.laan for p in alle if p.nedlagt), "a bed was retired while its staff was lent"
        plasser = [p for p in alle if p.nedlagt is None]
        i_kraft = [o for o in omder if o.status == Status.IVERKSATT]
        aapnet = sum(o.ble_aapnet or 0 for o in i_kraft if o.mottaker_enhet_id == sted.enhet.id)
        stengt = sum(o.ble_stengt or 0 for o in i_kraft if o.avgiver_enhet_id == sted.enhet.id)
        referanser = {steps.gjelder(o.id): o for o in omder}
        holdt = set(
            db.session.scalars(
                sa.select(Reservasjon.plass_id).where(
                    Reservasjon.plassenhet_id == sted.id, Reservasjon.status == Holdstatus.AKTIV
                )
            )
        )
        venter = 0
        for p in plasser:
            assert p.bemannet == (for_haand[p.id] if not p.laan else p.laan == "inn"), p.navn
            if not p.laan:
                continue
            omd = referanser[p.laan_referanse]
            if omd.status == Status.AVSLUTTET:
                assert p.id in holdt and p.laan == "inn" and p.laan_slutt is not None
                venter += 1
            else:
                assert omd.status == Status.IVERKSATT and p.laan_slutt is None
                assert p.laan_til == omd.til
        self.verden.utfall["holdt da lånet sluttet"] += venter
        self.verden.utfall["åpnet"] += aapnet
        self.verden.utfall["stengt"] += stengt
        bemannet = sum(for_haand[p.id] for p in plasser) + aapnet + venter - stengt
        tall = db.session.get_one(Plasstall, sted.id)
        assert sum(p.bemannet for p in plasser) == bemannet == tall.bemannet
        assert (tall.laant_inn, tall.laant_ut, tall.antall) == (aapnet + venter, stengt, len(plasser))
        (rad,) = tavle.rader(Plassenhet.id == sted.id)
        paa_tavla = {r: sum(x["antall"] for x in rad["laan"] if x["retning"] == r) for r in ("inn", "ut")}
        assert paa_tavla == {"inn": tall.laant_inn, "ut": tall.laant_ut}


def _som_avtalt(omd: Omdisponering) -> Any:
    """As it was when both approved it: who could not be lent when it was to begin is struck, and what was approved
    stays as it was."""
    if omd.godkjent_mottaker is None or omd.status == Status.GODKJENT_MOTTAKER:
        return omd
    felt = {c.key: getattr(omd, c.key) for c in sa.inspect(Omdisponering).column_attrs}
    linjer = [
        SimpleNamespace(
            **{c.key: getattr(li, c.key) for c in sa.inspect(Omdisponeringslinje).column_attrs},
            gjelder=li.gjelder
            or (li.stroeket_grunn in UTEBLE and li.stroeket == (omd.iverksatt or omd.avsluttet)),
        )
        for li in omd.linjer
    ]
    return SimpleNamespace(**felt, linjer=linjer)
