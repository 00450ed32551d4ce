"""The timeline of an area: who may follow which, that nobody is found in it, and that its sums are what there is."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang
from portal.identitet.models import Organisasjon
from portal.omdisponering import access
from portal.omdisponering import tidslinjeregler as regler
from portal.omdisponering.forloep import TELLER, Lokaleslag, Side, Slag, Status, Stilling
from portal.omdisponering.models import Behov, Omdisponering, Omdisponeringslinje
from portal.omdisponering.service import tidslinje_omraade as omraade
from portal.omdisponering.tidslinjeregler import LOKALER, Vei, Vindu, Vinduslengde, vindu
from tests.bygg import lag_aktor, lag_kommune, lag_organisasjon, lagre
from tests.omdisponering.hjelp import DAG, LOV, T, Utlaan, lag_lokale, lag_ressurs, setninger

Som = Callable[[Aktor], FlaskClient]
SIDE = "/omdisponering/tidslinje"


@dataclass
class Landsdel:
    """Two trusts of one region, each with its kommuner; `kommune` lies in the fylke Nord, `annen_kommune` in Sør, both
    in the area of `hf`. `utenfor` lies in neither area nor fylke, in another region."""

    u: Utlaan
    fylker: dict[str, Organisasjon] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lag()
        s = self.u.scene
        self.kommuner = [s.kommune, s.annen_kommune, self.nabo, self.utenfor]
        self.folk = {
            (o.id, st): lag_ressurs(o, navn=f"Hemmelig {n}-{st}", stilling=st, telefon="900 99 123")
            for n, o in enumerate([s.hf, s.annet_hf, *self.kommuner])
            for st in (Stilling.SYKEPLEIER, Stilling.LEGE)
        }
        self.rom = {o.id: lag_lokale(o, navn=f"Skjult rom {n}") for n, o in enumerate([s.hf, *self.kommuner])}

    @transactional
    def _lag(self) -> None:
        s = self.u.scene
        self.fylker = {n: lag_organisasjon("fylke", n) for n in ("Nord", "Sør", "Øst")}
        self.annet_rhf = lag_organisasjon("rhf", "Helse Annensteds")
        db.session.flush()
        for id_, felt in (
            (s.hf.id, {"overordnet_id": s.rhf.id}),
            (s.annet_hf.id, {"overordnet_id": s.rhf.id}),
            (s.kommune.id, {"overordnet_id": self.fylker["Nord"].id}),
            (s.annen_kommune.id, {"overordnet_id": self.fylker["Sør"].id}),
        ):
            for navn, verdi in felt.items():
                setattr(db.session.get_one(Organisasjon, id_), navn, verdi)
        self.nabo = lag_kommune(
            "Østbygda", helseforetak_id=s.annet_hf.id, overordnet_id=self.fylker["Øst"].id
        )
        self.utenfor = lag_kommune("Langtborte")
        # A kommune that has ended: what it lent stays its area's, but it opens no fylke for anybody.
        self.gammelt_fylke = lag_organisasjon("fylke", "Gamlefylket")
        db.session.flush()
        self.gammel = lag_kommune(
            "Gamleby",
            helseforetak_id=s.hf.id,
            overordnet_id=self.gammelt_fylke.id,
            nedlagt=i_dag() - timedelta(days=400),
        )

    def utlaan(
        self,
        avgiver: Organisasjon,
        mottaker: Organisasjon,
        linjer: list[dict[str, Any]],
        *,
        status: Status = Status.IVERKSATT,
        lokale: bool = False,
        avsluttet: datetime | None = None,
    ) -> Omdisponering:
        """A reallocation past the use cases, with lines from–to; `stilling` whose they are, `stroeket` if taken out."""
        fra, til = min(li["fra"] for li in linjer), max(li["til"] for li in linjer)
        slag = Slag.LOKALE if lokale else Slag.PERSONELL
        behov = Behov(
            id=uuid4(), organisasjon_id=mottaker.id, slag=slag, status="dekket", antall=9, minst=0, fra=fra, til=til,
            stilling=None if lokale else Stilling.SYKEPLEIER, lokaleslag=Lokaleslag.SENGEPOST if lokale else None,
            sted_id=mottaker.id, hvorfor="Hemmelig grunn.", fase=4, opprettet=now(), meldt=now(),
        )  # fmt: skip
        omd = Omdisponering(
            id=uuid4(), nummer=f"OMD-{uuid4().hex[:10]}", slag=slag, status=status, behov_id=behov.id, **LOV,
            avgiver_id=avgiver.id, mottaker_id=mottaker.id, fra=fra, til=til, foreslaatt_side=Side.AVGIVER,
            foreslaatt=now(), opprettet=now(), bestemmelse_id=self.u.bestemmelse.id, godkjent_avgiver=now(),
            godkjent_mottaker=now(), innhold_hash="a", godkjent_avgiver_hash="a", godkjent_mottaker_hash="a",
            avsluttet=avsluttet,
        )  # fmt: skip
        rader: list[Any] = [behov, omd]
        for nr, li in enumerate(linjer):
            stroeket = li.get("stroeket", False)
            hva = {"lokale_id": self.rom[avgiver.id].id} if lokale else {}
            if not lokale:
                hva["ressursperson_id"] = self.folk[avgiver.id, li["stilling"]].id
            rader.append(
                Omdisponeringslinje(
                    id=uuid4(), omdisponering_id=omd.id, rekkefoelge=nr, fra=li["fra"], til=li["til"], andel=100,
                    stroeket=now() if stroeket else None, stroeket_grunn="trukket" if stroeket else None, **hva,
                )
            )  # fmt: skip
        lagre(*rader)
        return omd


@pytest.fixture
def land(scene: object) -> Landsdel:
    return Landsdel(Utlaan(scene))  # type: ignore[arg-type]


def _hent(
    aktor: Aktor, omraade_id: UUID, side: int = 1, v: Vindu | None = None, **valg: object
) -> omraade.Omraadelinje:
    db.session.rollback()
    v = v or vindu(Vinduslengde.FIRE_UKER, i_dag())
    return omraade.hent(aktor, omraade_id, v, omraade.Filter(**valg), side)  # type: ignore[arg-type]


def _en(stilling: Stilling = Stilling.SYKEPLEIER, **felt: Any) -> dict[str, Any]:
    return {"fra": now() - DAG, "til": now() + DAG, "stilling": stilling, **felt}


# --- who may follow which areas --------------------------------------------------------------------------


def _omraader(aktor: Aktor) -> set[str]:
    db.session.rollback()
    return set(db.session.scalars(access.synlige_omraader(aktor).with_only_columns(Organisasjon.kortnavn)))


def test_hver_ser_omraadene_som_er_dens(land: Landsdel) -> None:
    s = land.u.scene
    for rolle in (Rolle.KOORDINATOR, Rolle.KOMMUNEOVERLEGE):
        assert _omraader(lag_aktor(rolle, s.kommune)) == {"Sykehuset Testfjord", "Nord"}
    assert _omraader(lag_aktor(Rolle.KOORDINATOR, s.annen_kommune)) == {"Sykehuset Testfjord", "Sør"}
    for aktor in (s.koordinator, s.vaktleder):
        assert _omraader(aktor) == {"Sykehuset Testfjord", "Nord", "Sør"}
    assert _omraader(s.fremmed_vaktleder) == {"Annet sykehus", "Øst"}
    assert _omraader(lag_aktor(Rolle.KOORDINATOR, s.rhf)) == {
        "Sykehuset Testfjord",
        "Annet sykehus",
        "Nord",
        "Sør",
        "Øst",
    }
    assert _omraader(lag_aktor(Rolle.KOORDINATOR, land.annet_rhf)) == set()
    # A kommune of no trust and no fylke: nobody's area.
    assert _omraader(lag_aktor(Rolle.KOORDINATOR, land.utenfor)) == set()
    tilsyn = lag_aktor(Rolle.INNSYN, lag_organisasjon("myndighet", "Tilsynet"))
    for aktor in (
        s.lege,
        s.spesialist,
        s.sykepleier,
        s.administrator,
        s.systemadministrator,
        s.innsyn,
        tilsyn,
    ):
        assert _omraader(aktor) == set()
    valg = omraade.hent_valg(s.koordinator)
    assert [[n for _i, n in liste] for liste in (valg.foretak, valg.fylker)] == [
        ["Sykehuset Testfjord"],
        ["Nord", "Sør"],
    ]
    assert omraade.hent_valg(s.spesialist) == omraade.Valg((), ())


def test_et_omraade_som_er_nedlagt_finnes_ikke(land: Landsdel) -> None:
    @transactional
    def legg_ned() -> None:
        db.session.get_one(Organisasjon, land.fylker["Sør"].id).nedlagt = i_dag()

    legg_ned()
    assert _omraader(land.u.avgiver) == {"Sykehuset Testfjord", "Nord"}


def test_andres_omraader_finnes_ikke_og_andre_roller_slipper_ikke_til(land: Landsdel, som: Som) -> None:
    s = land.u.scene
    hf, nord = s.hf.id, land.fylker["Nord"].id
    for aktor, id_, svar in (
        (land.u.mottaker, hf, 200),
        (land.u.mottaker, nord, 200),
        (land.u.mottaker, land.fylker["Sør"].id, 404),
        (land.u.mottaker, s.annet_hf.id, 404),
        (s.fremmed_vaktleder, hf, 404),
        # Neither a kommune nor an RHF is an area, the own one either; and what does not exist looks the same.
        (land.u.mottaker, s.kommune.id, 404),
        (lag_aktor(Rolle.KOORDINATOR, s.rhf), s.rhf.id, 404),
        (land.u.mottaker, uuid4(), 404),
        (s.lege, hf, 403),
        (s.spesialist, hf, 403),
        (s.lege, uuid4(), 403),
        (s.innsyn, hf, 403),
        (s.administrator, hf, 403),
    ):
        assert som(aktor).get(f"{SIDE}?vis_omraade={id_}").status_code == svar, (aktor.rolle, svar)
        if svar != 200:
            with pytest.raises(IkkeFunnet if svar == 404 else IkkeTilgang):
                _hent(aktor, id_)


# --- need to know ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", sorted(TELLER))
def test_av_andres_utlaan_vises_hvem_som_laaner_ut_til_hvem_og_ikke_mer(
    land: Landsdel, som: Som, status: Status
) -> None:
    u = land.u
    id_ = u.til(status, merknad="Nøkkelen ligger under matta.")
    omd = u.les(id_)
    linjer = [str(li.id) for li in omd.linjer]
    hemmelig = [
        *(p.navn for p in u.personer),
        *("Somby", "Ørn", "Medisinsk post", "ØHD Guovdageaidnu", "matta", "Mange innlagte"),
        *(omd.nummer, str(id_), id_.hex, *linjer, str(u.behov.id), *LOV.values()),
        *("100 %", "900 11 222", "tel:9"),
    ]
    for adresse in (
        f"{SIDE}?vis_omraade={u.scene.hf.id}",
        f"{SIDE}?vis_omraade={u.scene.hf.id}&vis=enkeltvis&retning=inn&motpart={u.scene.hf.id}",
        f"{SIDE}?vis_omraade={u.scene.hf.id}&status={status}&stilling=sykepleier&side=1",
    ):
        side = som(u.fremmed).get(adresse).text
        assert "Sykehuset Testfjord til Guovdageaidnu" in side and "2 oppdrag" in side
        assert "Sykepleier" in side
        for ord_ in hemmelig:
            assert ord_ not in side, ord_
        # Nothing leads to what is others'.
        innhold = side[side.index("<main") : side.index("</main")]
        assert not re.search(r'href="/omdisponering/[0-9a-f]{8}-', innhold)
    # The two sides have a way to their own, and still no name here.
    side = som(u.mottaker).get(f"{SIDE}?vis_omraade={u.scene.hf.id}").text
    lenke = re.search(r'href="([^"]*)">Sykehuset Testfjord til Guovdageaidnu</a>', side)
    assert lenke and "Somby" not in side
    assert "Máret Somby" in som(u.mottaker).get(lenke[1].replace("&amp;", "&")).text


@pytest.mark.parametrize("status", sorted(frozenset(Status) - TELLER))
def test_det_begge_ikke_har_godkjent_er_ikke_der(land: Landsdel, som: Som, status: Status) -> None:
    land.u.til(status)
    for aktor in (land.u.fremmed, land.u.avgiver, land.u.mottaker):
        assert _hent(aktor, land.u.scene.hf.id).alt.antall == 0
    # Asked for it is not there either, and the form does not say that it is what is shown.
    side = som(land.u.avgiver).get(f"{SIDE}?vis_omraade={land.u.scene.hf.id}&status={status}")
    assert side.status_code == 200 and "Ingen oppdrag i tidsrommet" in side.text
    assert f'value="{status}"' not in side.text


def test_lokaler_har_ikke_navn(land: Landsdel, som: Som) -> None:
    s = land.u.scene
    land.utlaan(s.annen_kommune, s.kommune, [_en()], lokale=True)
    side = som(s.koordinator).get(f"{SIDE}?vis_omraade={s.hf.id}").text
    assert "Nabokommunen til Guovdageaidnu" in side and "Lokaler" in side
    assert "Skjult rom" not in side and "Hemmelig" not in side and "Sengepost" not in side


# --- the sums --------------------------------------------------------------------------------------------

VINDUER = {
    "uken i mars med 23 timer": (date(2026, 3, 23), Vinduslengde.UKE),
    "uken i oktober med 25 timer": (date(2026, 10, 19), Vinduslengde.UKE),
    "fire uker": (date(2026, 10, 14), Vinduslengde.FIRE_UKER),
    "tre måneder": (date(2026, 10, 14), Vinduslengde.TRE_MAANEDER),
}


def _tilfeldige(land: Landsdel, v: Vindu, tall: random.Random) -> list[tuple[Any, ...]]:
    """Forty reallocations around a window: (lender, receiver, what, status, from, to) of each line that counts."""
    s = land.u.scene
    alle = [s.hf, *land.kommuner]
    timer = int((v.ende - v.start) / T)
    ut: list[tuple[Any, ...]] = []
    for _ in range(40):
        avgiver, mottaker = tall.sample(alle, 2)
        status = tall.choice([*TELLER, Status.FORESLAATT])
        lokale = tall.random() < 0.2
        linjer: list[dict[str, Any]] = []
        for _nr in range(tall.randint(1, 4)):
            fra = v.start + tall.randint(-timer // 3, timer + 5) * T
            linjer.append(
                {
                    "fra": fra,
                    "til": fra + tall.randint(1, timer // 2) * T,
                    "stilling": tall.choice([Stilling.SYKEPLEIER, Stilling.LEGE]),
                    "stroeket": tall.random() < 0.15,
                }
            )
        # Some were ended early, some before all of it had begun.
        slutt = min(li["fra"] for li in linjer) + tall.randint(0, timer // 2) * T
        avsluttet = slutt if status == Status.AVSLUTTET else None
        land.utlaan(avgiver, mottaker, linjer, status=status, lokale=lokale, avsluttet=avsluttet)
        for li in linjer:
            til = min(li["til"], avsluttet) if avsluttet else li["til"]
            teller = status in TELLER and not li["stroeket"]
            if teller and til > li["fra"] and li["fra"] < v.ende and til > v.start:
                hva = LOKALER if lokale else str(li["stilling"])
                ut.append((avgiver, mottaker, hva, status, li["fra"], til))
    return ut


def _flest(linjer: list[tuple[Any, ...]], v: Vindu) -> list[int]:
    """Counted at every hour: with whole hours nothing changes in between."""
    ut = []
    for a, b in pairwise(regler.midnatt(d) for d in regler.bolker(v)):
        timer = [a + n * T for n in range(int((b - a) / T))]
        ut.append(max(sum(fra <= t < til for *_x, fra, til in linjer) for t in timer))
    return ut


@pytest.mark.parametrize("navn", VINDUER)
@pytest.mark.parametrize("fylke", [False, True])
def test_summene_er_det_som_finnes(
    land: Landsdel, monkeypatch: pytest.MonkeyPatch, navn: str, fylke: bool
) -> None:
    dag, lengde = VINDUER[navn]
    v = vindu(lengde, dag)
    s = land.u.scene
    alle = _tilfeldige(land, v, random.Random(f"{navn} {fylke}"))
    naa = v.start + 50 * T
    monkeypatch.setattr(omraade, "now", lambda: naa)
    inne = {s.kommune.id} if fylke else {s.hf.id, s.kommune.id, s.annen_kommune.id}
    linjer = [r for r in alle if r[0].id in inne or r[1].id in inne]
    assert 0 < len(linjer) < len(alle)
    t = _hent(land.u.mottaker, land.fylker["Nord"].id if fylke else s.hf.id, v=v)

    def stemmer(sum_: Any, egne: list[tuple[Any, ...]]) -> None:
        assert sum_.antall == len(egne)
        assert sum_.naa == sum(fra <= naa < til for *_x, fra, til in egne)
        assert list(sum_.flest) == _flest(egne, v)

    stemmer(t.alt, linjer)
    veier: dict[Vei, list[tuple[Any, ...]]] = {}
    for r in linjer:
        vei = Vei.INNENFOR if r[0].id in inne and r[1].id in inne else Vei.UT
        veier.setdefault(Vei.INN if r[0].id not in inne else vei, []).append(r)
    assert set(t.summer) == set(veier)
    for vei, egne in veier.items():
        stemmer(t.summer[vei], egne)
    sett = []
    for par in t.par:
        for g in par.grupper:
            egne = [
                r
                for r in veier[par.vei]
                if (r[0].kortnavn, r[1].kortnavn, r[2]) == (par.avgiver, par.mottaker, g.stilling)
            ]
            stemmer(g.sum, egne)
            assert g.statuser == Counter(r[3] for r in egne)
            assert (g.fra, g.til) == (min(r[4] for r in egne), max(r[5] for r in egne))
            sett.append((par.avgiver, par.mottaker, g.stilling))
    assert len(sett) == len(set(sett)) == len({(r[0].id, r[1].id, r[2]) for r in linjer})
    assert {n for _i, n in t.parter} == {o.kortnavn for r in linjer for o in r[:2]}


def test_det_en_nedlagt_kommune_laante_ut_er_fortsatt_omraadets(land: Landsdel) -> None:
    s = land.u.scene
    land.folk[land.gammel.id, Stilling.LEGE] = lag_ressurs(land.gammel, stilling=Stilling.LEGE)
    land.utlaan(land.gammel, s.annet_hf, [_en(Stilling.LEGE)], status=Status.AVSLUTTET, avsluttet=now())
    t = _hent(s.koordinator, s.hf.id)
    assert [(p.vei, p.avgiver, p.mottaker) for p in t.par] == [(Vei.UT, "Gamleby", "Annet sykehus")]


# --- filters and pages -----------------------------------------------------------------------------------


def test_filtrene_virker_og_den_man_spoer_etter_staar_i_lista(land: Landsdel, som: Som) -> None:
    s = land.u.scene
    land.utlaan(s.hf, s.kommune, [_en(), _en(Stilling.LEGE)])
    land.utlaan(land.nabo, s.annen_kommune, [_en()], status=Status.GODKJENT_MOTTAKER)
    land.utlaan(s.annen_kommune, s.kommune, [_en()], lokale=True)

    def antall(**valg: object) -> int:
        return _hent(s.koordinator, s.hf.id, **valg).alt.antall  # type: ignore[arg-type]

    assert antall() == 4
    assert antall(stilling=Stilling.LEGE) == 1
    assert antall(stilling=LOKALER) == 1
    assert antall(status=Status.GODKJENT_MOTTAKER) == 1
    assert antall(part_id=s.kommune.id) == 3
    assert antall(part_id=land.nabo.id) == 1
    assert antall(part_id=land.utenfor.id) == antall(part_id=uuid4()) == 0
    side = som(s.koordinator).get(f"{SIDE}?vis_omraade={s.hf.id}&motpart={land.utenfor.id}").text
    assert f'<option value="{land.utenfor.id}" selected>Langtborte</option>' in side
    egen = som(s.koordinator).get(f"{SIDE}?motpart={land.utenfor.id}").text
    assert f'<option value="{land.utenfor.id}" selected>Langtborte</option>' in egen


@transactional
def _mange(land: Landsdel, kommuner: int) -> None:
    """Each of so many kommuner gets a nurse and a physician."""
    fra = now() - T
    for n in range(kommuner):
        kommune = lag_kommune(f"Fjordby {n:02d}", helseforetak_id=land.u.scene.hf.id)
        db.session.flush()
        land.utlaan(
            land.u.scene.hf,
            kommune,
            [
                _en(st, fra=fra + n * T, til=fra + 9 * DAG)
                for st in (Stilling.SYKEPLEIER, Stilling.SYKEPLEIER, Stilling.LEGE)
            ],
        )


def test_sidene_har_alt_en_gang_og_de_med_mest_foerst(land: Landsdel, som: Som) -> None:
    _mange(land, 56)
    land.utlaan(land.u.scene.hf, land.u.scene.kommune, [_en() for _ in range(7)])
    sider = [_hent(land.u.avgiver, land.u.scene.hf.id, n) for n in (1, 2, 3)]
    assert [(t.side, t.sider) for t in sider] == [(1, 3), (2, 3), (3, 3)]
    assert _hent(land.u.avgiver, land.u.scene.hf.id, 99).side == 3
    sett = [(p.mottaker, g.stilling, g.sum.antall) for t in sider for p in t.par for g in p.grupper]
    assert len(sett) == len(set(sett)) == 113
    assert sum(n for *_x, n in sett) == sider[0].alt.antall == 175
    assert sett[0] == ("Guovdageaidnu", "sykepleier", 7)
    assert sett[1:3] == [("Fjordby 00", "sykepleier", 2), ("Fjordby 00", "lege", 1)]
    side = som(land.u.avgiver).get(f"{SIDE}?vis_omraade={land.u.scene.hf.id}&side=2").text
    assert f"vis_omraade={land.u.scene.hf.id}" in side and "side=3" in side and "Hemmelig" not in side


def test_like_faa_setninger_hvor_mange_det_enn_er(land: Landsdel) -> None:
    land.utlaan(land.u.scene.hf, land.u.scene.kommune, [_en()])
    hf = land.u.scene.hf.id
    faa = setninger(lambda: _hent(land.u.avgiver, hf))
    _mange(land, 40)
    assert setninger(lambda: _hent(land.u.avgiver, hf)) <= faa <= 5


# --- the page --------------------------------------------------------------------------------------------


def test_tabellen_sier_det_samme_som_linjene(land: Landsdel, som: Som) -> None:
    s = land.u.scene
    land.utlaan(s.hf, s.kommune, [_en(), _en()])
    land.utlaan(s.hf, s.kommune, [_en()], status=Status.GODKJENT_MOTTAKER)
    land.utlaan(land.nabo, s.annen_kommune, [_en(Stilling.LEGE)])
    side = som(land.u.mottaker).get(f"{SIDE}?vis_omraade={s.hf.id}").text
    # The kommune that has ended is not counted.
    assert "Sykehuset Testfjord og de 2 kommunene" in side
    linjer, tabell = side.split('id="tidslinjetabell"')
    for ord_ in ("Innenfor området", "Inn til området", "3 oppdrag, 3 nå", "1 godkjent av begge, 2 i gang"):
        assert ord_ in linjer, ord_
    linjene, tegn = linjer.split('class="tidslinje__tegn"')
    assert linjene.count('class="tidslinje__tett"') == 4 and "Oppdrag samtidig" in tegn
    for ord_ in ("Sykehuset Testfjord", "Guovdageaidnu", "Østbygda", "Lege", "1 godkjent av begge, 2 i gang"):
        assert ord_ in tabell, ord_
    for ord_ in ("I alt", "Innenfor området", "Inn til området"):
        assert f'<th scope="col">{ord_}</th>' in tabell
    assert "Ut av området" not in side and "style=" not in side
    fylke = som(land.u.mottaker).get(f"{SIDE}?vis_omraade={land.fylker['Nord'].id}").text
    assert "til og fra kommunen i Nord" in fylke


def test_valget_staar_i_skjemaet_og_tar_med_resten(land: Landsdel, som: Som) -> None:
    s = land.u.scene
    egen = som(land.u.mottaker).get(f"{SIDE}?vindu=uke&retning=ut").text
    assert f'<option value="{s.hf.id}">Sykehuset Testfjord</option>' in egen
    assert f'<option value="{land.fylker["Nord"].id}">Nord</option>' in egen
    side = som(land.u.mottaker).get(f"{SIDE}?vindu=uke&retning=ut&vis_omraade={s.hf.id}&dag=2026-10-25").text
    assert f'<option value="{s.hf.id}" selected>Sykehuset Testfjord</option>' in side
    assert '<option value="uke" selected>' in side and 'name="dag" value="2026-10-19"' in side
    assert 'type="hidden" name="retning" value="ut"' in side
    for dag in ("2026-10-12", "2026-10-26"):
        assert re.search(rf'href="[^"]*vis_omraade={s.hf.id}[^"]*dag={dag}"', side), dag
    # Clinicians have no area to choose.
    assert 'name="vis_omraade"' not in som(s.lege).get(SIDE).text


@pytest.mark.parametrize(
    ("sporring", "felt"),
    [
        ("vis_omraade=alle", "vis_omraade"),
        ("vis_omraade={hf}&vindu=eget&fra=2026-12-24&til=2026-12-20", "til"),
        ("vis_omraade={hf}&stilling=prest", "stilling"),
    ],
)
def test_det_som_ikke_gaar_faar_svar_ved_feltet(land: Landsdel, som: Som, sporring: str, felt: str) -> None:
    svar = som(land.u.mottaker).get(f"{SIDE}?{sporring.format(hf=land.u.scene.hf.id)}")
    assert svar.status_code == 422
    assert f'href="#{felt}"' in svar.text and f'id="{felt}"' in svar.text
    # The area that was asked for is still the one that is shown.
    assert ("selected>Sykehuset Testfjord" in svar.text) == ("{hf}" in sporring)
