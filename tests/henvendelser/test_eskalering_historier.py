"""Hundreds of generated histories of cases, against the simple model: nobody missed, doubled, or told wrongly.

Everything that is told is compared, with its minute: a notice that the model does not expect fails the test, and so
does one that it expects and that never came. Rosters have gaps, absence and changes, over both nights on which the
clock is moved; the worker stops, runs twice, and fails in the middle of its steps.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from portal.core import enkeltvis
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import som_om
from portal.core.db import db, transactional
from portal.henvendelser.eskalering import service, steps, tomme
from portal.henvendelser.eskalering.models import Eskalering
from portal.henvendelser.service import deling, flyt, meldinger
from portal.identitet.models import Medlemskap
from portal.vakt.models import Eskaleringspolicy, Fravaer, Vakt, Vaktplan
from portal.varsler.models import Varsel
from tests.bygg import Scene, lag_aktor, lagre, toem
from tests.conftest import DB
from tests.eskaleringsmodell import INNMELDER, NIVAAER, VAKTLEDER, Modell, Policy, Sak
from tests.eskaleringsmodell import Vakt as Modellvakt
from tests.vakthjelp import lag_policy, lag_vaktplan

OSLO = ZoneInfo("Europe/Oslo")
SLUTT = 420
#: Examples, of four to seven histories each; `PORTAL_HISTORIER` for more of them. PostgreSQL takes twice as long.
ANTALL = int(os.environ.get("PORTAL_HISTORIER", "45" if DB == "sqlite" else "25"))
#: Late in the evening before a common night, the 23 hours' and the 25 hours'.
NETTER = [datetime(2031, m, d, 23, 30, tzinfo=OSLO).astimezone(UTC) for m, d in ((6, 9), (3, 29), (10, 25))]
#: Three queues of two hospitals, and who can be on call in each.
HUS = [0, 0, 1]
FAG = ["indremedisin", "geriatri", "indremedisin"]
FOLK = [["a", "b", "c"], ["a", "b", "c"], ["x", "y"]]
#: Who may leave: the others see to that every queue has somebody who answers.
KAN_SLUTTE = ["a", "x"]

minutter = st.integers(1, SLUTT - 30)
koer = st.integers(0, 2)
hastegrader = st.sampled_from(["akutt", "akutt", "haster", "vanlig"])


@st.composite
def policyer(tegn: st.DrawFn) -> Policy:
    nivaaer = tegn(st.lists(st.sampled_from(NIVAAER), min_size=1, max_size=3, unique=True))
    minutt, ledd = 0, []
    for nivaa in sorted(nivaaer, key=NIVAAER.index):
        ledd.append((nivaa, minutt))
        minutt += tegn(st.integers(1, 20))
    return Policy(ledd, tegn(st.integers(0, 2)), tegn(st.integers(1, 20)))


@st.composite
def rader(tegn: st.DrawFn) -> list[Modellvakt]:
    """Shifts of every queue and level: none overlap, and some leave gaps."""
    vakter = []
    for koe in range(3):
        for nivaa in NIVAAER:
            naa = -30
            # A vaktleder often has the level of that name.
            hvem_kan = [*FOLK[koe], *([f"leder{HUS[koe]}"] * 3 if nivaa == VAKTLEDER else [])]
            for hull, lengde, hvem in tegn(
                st.lists(
                    st.tuples(
                        st.sampled_from([0, 0, 0, 7, 45]), st.integers(10, 240), st.sampled_from(hvem_kan)
                    ),
                    max_size=3,
                )
            ):
                vakter.append(Modellvakt(koe, nivaa, hvem, naa + hull, naa + hull + lengde))
                naa += hull + lengde
    return vakter


#: What happens: (minute, a draw among what may happen then, and three that say to what or whom).
hendelser = st.lists(
    st.tuples(minutter, st.integers(0, 999), st.integers(0, 7), st.integers(0, 7), policyer()),
    min_size=8,
    max_size=20,
)
#: How often each is drawn among those that may happen.
LODD = {
    **{"ta": 5, "svar": 3, "mer": 3, "gjenaapne": 3, "overlever": 2, "spm": 4, "mottaker": 3},
    **{"tilbake": 1, "videre": 2, "lukk": 1, "trekk": 1, "tiden": 1},
}
UTENOM = ("ny_vakt", "ny_vakt", "avlys", "kutt", "kutt", "borte", "borte", "policy", "slutt")
sendinger = st.lists(st.tuples(st.integers(0, 120), koer, hastegrader), min_size=4, max_size=7)
pauser = st.lists(st.tuples(minutter, st.integers(1, 40)), max_size=2)
borte = st.lists(
    st.tuples(st.sampled_from(["a", "b", "x"]), st.integers(-20, 200), st.integers(5, 120)), max_size=2
)


class Verden:
    """The portal itself, in which the same is done as in the model."""

    def __init__(self, app: Flask, start: datetime) -> None:
        toem(db.engine)
        db.session.remove()
        self.start = start
        self.scene = s = Scene()
        fag = ("indremedisin", "geriatri")
        self.folk: dict[str, Aktor] = {n: lag_aktor(Rolle.SPESIALIST, s.hf, fag=fag, navn=n) for n in FOLK[0]}
        self.folk |= {n: lag_aktor(Rolle.SPESIALIST, s.annet_hf, fag=fag, navn=n) for n in FOLK[2]}
        self.folk |= {INNMELDER: s.lege, "leder0": s.vaktleder, "leder1": s.fremmed_vaktleder}
        self.folk["koordinator0"] = s.koordinator
        self.hus = [s.hf, s.hf, s.annet_hf]
        self.planer: list[Vaktplan] = [lag_vaktplan(h.id, f) for h, f in zip(self.hus, FAG, strict=True)]
        self.vakter: list[UUID] = []
        self.saker: list[UUID] = []

    def tid(self, minutt: int) -> datetime:
        return self.start + timedelta(minutes=minutt)

    @transactional
    def fyll(self, modell: Modell) -> None:
        for vakt in modell.vakter:
            self.legg_inn(vakt)
        for borte in modell.fravaer:
            self.meld_borte(*borte)
        for (koe, hastegrad), policy in modell.policyer.items():
            self.ny_policy(koe, hastegrad, policy)

    def meld_borte(self, hvem: str, hus: int, fra: int, til: int) -> None:
        lagre(
            Fravaer(
                organisasjon_id=(self.scene.hf if hus == 0 else self.scene.annet_hf).id,
                person_id=self.folk[hvem].person_id,
                fra=self.tid(fra),
                til=self.tid(til),
                opprettet=self.start,
                opprettet_av_id=self.scene.koordinator.person_id,
            )
        )

    bli_borte = transactional(meld_borte)

    def legg_inn(self, vakt: Modellvakt) -> None:
        aktor = self.folk[vakt.hvem]
        rad = Vakt(
            id=uuid4(),
            vaktplan_id=self.planer[vakt.koe].id,
            nivaa=vakt.nivaa,
            person_id=aktor.person_id,
            medlemskap_id=aktor.medlemskap_id,
            fra=self.tid(vakt.fra),
            til=self.tid(vakt.til),
            kilde="enkelt",
            opprettet=self.start,
        )
        lagre(rad)
        self.vakter.append(rad.id)

    @transactional
    def avlys(self, nummer: int, minutt: int) -> None:
        db.session.get_one(Vakt, self.vakter[nummer]).avlyst = self.tid(minutt)

    @transactional
    def kutt(self, nummer: int, minutt: int) -> None:
        """The shift ends early. What is left of it may be a new one: other ids, the same person."""
        db.session.get_one(Vakt, self.vakter[nummer]).til = self.tid(minutt)

    @transactional
    def slutt(self, hvem: str, minutt: int) -> None:
        db.session.get_one(Medlemskap, self.folk[hvem].medlemskap_id).gyldig_til = self.tid(minutt)

    def ny_policy(self, koe: int, hastegrad: str, policy: Policy) -> None:
        db.session.flush()
        db.session.execute(
            sa.update(Eskaleringspolicy)
            .where(
                Eskaleringspolicy.organisasjon_id == self.hus[koe].id,
                Eskaleringspolicy.fagomraade == FAG[koe],
                Eskaleringspolicy.hastegrad == hastegrad,
                Eskaleringspolicy.erstattet.is_(None),
            )
            .values(erstattet=self.start)
        )
        lag_policy(
            self.hus[koe].id,
            hastegrad,
            policy.ledd,
            fagomraade=FAG[koe],
            gjentakelser=policy.gjentakelser,
            gjenta_etter=policy.pause,
        )

    bytt_policy = transactional(ny_policy)

    def arbeid(self, *, krasjer: bool, to: bool) -> None:
        for _ in range(1 + to):
            service.finn_ubesvarte()
            tomme.hopp_over_tomme()
            with mock.patch.object(steps, "fyr", _sprekk if krasjer else steps.fyr):
                service.kjoer_forfalte()
            service.nye_paa_vakt()

    def fortalt(self, *vilkaar: Any) -> Counter[tuple[int, str, str]]:
        db.session.rollback()
        navn = {a.person_id: n for n, a in self.folk.items()}
        return Counter(
            ((tid - self.start) // timedelta(minutes=1), kode.removeprefix("henvendelse."), navn[hvem])
            for tid, kode, hvem in db.session.execute(
                sa.select(Varsel.opprettet, Varsel.kode, Varsel.person_id).where(*vilkaar)
            )
        )

    def frister(self) -> dict[tuple[int, str], int]:
        db.session.rollback()
        return {
            (self.saker.index(sak), slag): (neste - self.start) // timedelta(minutes=1)
            for sak, slag, neste in db.session.execute(
                sa.select(Eskalering.henvendelse_id, Eskalering.slag, Eskalering.neste).where(
                    Eskalering.avsluttet.is_(None)
                )
            )
        }


_fyr = steps.fyr


def _sprekk(*args: Any, **kwargs: Any) -> None:
    """A step that is taken, and lost before its commit."""
    _fyr(*args, **kwargs)
    raise RuntimeError("strømmen gikk")


def _utfoer(m: Modell, v: Verden, minutt: int, lodd: int, p: int, q: int, policy: Policy) -> bool:
    """One event in both worlds, of those that the model says may happen now. Gives whether one did."""
    if lodd % 6 == 0 or not m.saker:
        return _utenom(m, v, minutt, UTENOM[lodd // 6 % len(UTENOM)], p, q, policy)
    sak = m.saker[p % len(m.saker)]
    id_, lege = v.saker[sak.nummer], v.scene.lege
    hos = [n for n in FOLK[sak.koe] if n not in m.sluttet]
    hvem = hos[q % len(hos)]
    leder = v.folk[f"leder{HUS[sak.koe]}"]
    der = m.ansvarlig_er_der(sak)
    ansvarlig = v.folk[sak.ansvarlig] if sak.ansvarlig else leder
    ny_koe = (sak.koe + 1 + q % 2) % 3
    s = sak.status
    tilbud: dict[str, tuple[bool, Callable[[], object], Callable[[], object]]] = {
        "ta": (s == "ny", lambda: m.aksepter(sak, hvem), lambda: flyt.aksepter(v.folk[hvem], id_)),
        "svar": (
            s == "akseptert" and der,
            lambda: m.besvar(sak),
            lambda: flyt.besvar(ansvarlig, id_, "oehd_plass", "Slik."),
        ),
        "mer": (
            s == "besvart" and der,
            lambda: m.spoer_igjen(sak),
            lambda: flyt.be_om_mer(lege, id_, "Mer?"),
        ),
        "tilbake": (
            s == "akseptert",
            lambda: m.gi_tilbake(sak),
            lambda: flyt.gi_tilbake(leder, id_, "Ingen tid."),
        ),
        "videre": (
            s in ("ny", "akseptert"),
            lambda: m.videresend(sak, ny_koe),
            lambda: flyt.videresend(leder, id_, v.hus[ny_koe].id, FAG[ny_koe], "Deres."),
        ),
        "lukk": (
            s == "besvart",
            lambda: m.slutt(sak, "lukket"),
            lambda: flyt.lukk(lege, id_, "oehd_plass"),
        ),
        "trekk": (
            s in ("ny", "akseptert"),
            lambda: m.slutt(sak, "trukket"),
            lambda: flyt.trekk(lege, id_),
        ),
        "tiden": (
            s in ("ny", "akseptert"),
            lambda: m.slutt(sak, "lukket"),
            lambda: flyt.tiden_er_ute(lege, id_),
        ),
        "gjenaapne": (
            s == "lukket" and der,
            lambda: m.spoer_igjen(sak),
            lambda: flyt.gjenaapne(lege, id_),
        ),
        "spm": (
            s in ("ny", "akseptert", "besvart"),
            lambda: m.melding(sak, fra_innmelder=True),
            lambda: meldinger.send_melding(lege, id_, uuid4(), "Hva nå?"),
        ),
        "mottaker": (
            s in ("akseptert", "besvart") and der,
            lambda: m.melding(sak, fra_innmelder=False),
            lambda: meldinger.send_melding(ansvarlig, id_, uuid4(), "Slik."),
        ),
        "overlever": (
            s in ("akseptert", "besvart") and hvem != sak.ansvarlig,
            lambda: m.overlever(sak, hvem),
            lambda: _overlever(leder, v.folk[hvem], id_),
        ),
    }
    mulige = [hva for hva, antall in LODD.items() for _ in range(antall) if tilbud[hva][0]]
    if not mulige:
        return False
    _mulig, i_modellen, i_portalen = tilbud[mulige[lodd // 6 % len(mulige)]]
    i_modellen()
    i_portalen()
    return True


def _overlever(leder: Aktor, til: Aktor, sak_id: UUID) -> None:
    assert til.medlemskap_id is not None
    deling.tilby_overlevering(leder, sak_id, til.medlemskap_id)
    (invitasjon,) = [i for i in deling.invitasjoner_til(til) if i.henvendelse_id == sak_id]
    deling.svar_invitasjon(til, invitasjon.id, ja=True)


def _utenom(m: Modell, v: Verden, minutt: int, hva: str, p: int, q: int, policy: Policy) -> bool:
    """What changes the rosters and policies, and not a case."""
    koe, nivaa = p % 3, NIVAAER[q % 3]
    if hva == "slutt":
        hvem = KAN_SLUTTE[p % 2]
        if hvem in m.sluttet:
            return False
        m.sluttet[hvem] = minutt
        v.slutt(hvem, minutt)
    elif hva == "avlys":
        nummer = (8 * p + q) % len(m.vakter) if m.vakter else 0
        if not m.vakter or m.vakter[nummer].avlyst:
            return False
        m.vakter[nummer].avlyst = True
        v.avlys(nummer, minutt)
    elif hva == "kutt":
        # It ends early, with or without a new one of the same person after it.
        paa = [(n, x) for n, x in enumerate(m.vakter) if x.fra < minutt < x.til and not x.avlyst]
        if not paa:
            return False
        nummer, kuttet = paa[(8 * p + q) % len(paa)]
        resten = Modellvakt(kuttet.koe, kuttet.nivaa, kuttet.hvem, minutt + p % 2 * q, kuttet.til)
        kuttet.til = minutt
        v.kutt(nummer, minutt)
        if q % 3 and resten.fra < resten.til:
            m.vakter.append(resten)
            _i_basen(v, resten)
    elif hva == "borte":
        hvem, hus = ("abx"[p % 3], HUS[2] if p % 3 == 2 else 0)
        m.fravaer.append((hvem, hus, minutt, minutt + 5 + 15 * q))
        v.bli_borte(*m.fravaer[-1])
    elif hva == "ny_vakt":
        ny = Modellvakt(koe, nivaa, FOLK[koe][q % len(FOLK[koe])], minutt - 5 * (p % 2), minutt + 20 + 10 * q)
        if any(
            (o.koe, o.nivaa, o.avlyst) == (koe, nivaa, False) and o.fra < ny.til and ny.fra < o.til
            for o in m.vakter
        ):
            return False
        m.vakter.append(ny)
        _i_basen(v, ny)
    else:
        m.policyer[koe, "akutt"] = policy
        v.bytt_policy(koe, "akutt", policy)
    return True


@transactional
def _i_basen(v: Verden, ny: Modellvakt) -> None:
    v.legg_inn(ny)


@settings(
    max_examples=ANTALL,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
@given(
    natt=st.sampled_from(NETTER),
    vakter=rader(),
    fravaer=borte,
    egne=st.dictionaries(st.tuples(koer, hastegrader), policyer(), max_size=4),
    sendt=sendinger,
    hva=hendelser,
    stopp=pauser,
    krasj=st.sets(minutter, max_size=30),
    to=st.booleans(),
)
def test_historiene_er_som_modellen(
    app: Flask,
    natt: datetime,
    vakter: list[Modellvakt],
    fravaer: list[tuple[str, int, int]],
    egne: dict[tuple[int, str], Policy],
    sendt: list[tuple[int, int, str]],
    hva: list[tuple[int, int, int, int, Policy]],
    stopp: list[tuple[int, int]],
    krasj: set[int],
    to: bool,
) -> None:
    m = Modell(HUS, {0: "leder0", 1: "leder1"}, {0: ["koordinator0"]})
    m.vakter = [Modellvakt(x.koe, x.nivaa, x.hvem, x.fra, x.til) for x in vakter]
    m.fravaer = [(p, HUS[2] if p == "x" else 0, fra, fra + n) for p, fra, n in fravaer]
    m.policyer = dict(egne)
    v = Verden(app, natt)
    v.fyll(m)
    stille = structlog.get_logger("stille", level="critical").bind()
    stille.exception = lambda *_, **__: None
    with mock.patch.object(service, "logg", stille), mock.patch.object(enkeltvis, "logg", stille):
        for minutt in range(SLUTT + 1):
            m.naa = minutt
            hendte = False
            with som_om(v.tid(minutt)):
                for _tid, koe, hastegrad in [s for s in sendt if s[0] == minutt]:
                    hendte = True
                    sak = m.send(koe, hastegrad)
                    v.saker.append(_send(v, sak))
                for _tid, lodd, p, q, policy in [h for h in hva if h[0] == minutt]:
                    hendte = _utfoer(m, v, minutt, lodd, p, q, policy) or hendte
                if any(fra <= minutt < fra + n for fra, n in stopp):
                    continue
                krasjer = minutt in krasj
                if m.arbeid(krasjer=krasjer) or hendte or minutt % 120 == 0:
                    v.arbeid(krasjer=krasjer, to=to and minutt % 3 == 0)
    assert v.fortalt() == m.fortalt()
    assert v.fortalt(Varsel.stoppet.is_(None)) == m.gjeldende()
    assert v.frister() == m.frister()


def _send(v: Verden, sak: Sak) -> UUID:
    return v.scene.send(mottaker_id=v.hus[sak.koe].id, fagomraade=FAG[sak.koe], hastegrad=sak.hastegrad)
