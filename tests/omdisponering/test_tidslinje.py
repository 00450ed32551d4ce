"""The timeline: windows in Oslo's time, where things stand, who sees what, and that it is few statements however much
there is."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now, oslo
from portal.core.db import db, transactional
from portal.core.errors import IkkeTilgang
from portal.identitet.models import Organisasjon
from portal.omdisponering import tidslinjeregler as regler
from portal.omdisponering.forloep import Lokaleslag, Side, Slag, Status, Stilling
from portal.omdisponering.models import Behov, Omdisponering, Omdisponeringslinje
from portal.omdisponering.service import flyt, tidslinje, utkast
from portal.omdisponering.tidslinjeregler import LOKALER, Periode, Retning, Vinduslengde, vindu
from tests.bygg import Scene, lag_aktor, lag_organisasjon, lagre, om
from tests.omdisponering.hjelp import LOV, T, Utlaan, lag_behov, lag_lokale, lag_ressurs, setninger

Som = Callable[[Aktor], FlaskClient]
DAG = timedelta(days=1)
SIDE = "/omdisponering/tidslinje"


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def _hent(
    aktor: Aktor, side: int = 1, lengde: Vinduslengde = Vinduslengde.FIRE_UKER, **valg: object
) -> tidslinje.Tidslinje:
    db.session.rollback()
    return tidslinje.hent(aktor, vindu(lengde, i_dag()), tidslinje.Filter(**valg), side)  # type: ignore[arg-type]


# --- the arithmetic --------------------------------------------------------------------------------------


def test_vinduene_er_hele_uker_og_maaneder() -> None:
    onsdag = date(2026, 12, 30)
    uke = vindu(Vinduslengde.UKE, onsdag)
    assert (uke.fra, uke.siste) == (date(2026, 12, 28), date(2027, 1, 3))
    assert (uke.forrige, uke.neste) == (date(2026, 12, 21), date(2027, 1, 4))
    fire = vindu(Vinduslengde.FIRE_UKER, onsdag)
    assert (fire.fra, fire.siste) == (date(2026, 12, 28), date(2027, 1, 24))
    tre = vindu(Vinduslengde.TRE_MAANEDER, onsdag)
    assert (tre.fra, tre.siste) == (date(2026, 12, 1), date(2027, 2, 28))
    assert (tre.forrige, tre.neste) == (date(2026, 9, 1), date(2027, 3, 1))
    assert vindu(Vinduslengde.TRE_MAANEDER, tre.forrige).neste == tre.fra
    eget = vindu(Vinduslengde.EGET, date(2028, 2, 28), date(2028, 3, 1))
    assert (eget.siste, eget.neste) == (date(2028, 3, 1), date(2028, 3, 2))


@pytest.mark.parametrize(
    ("mandag", "timer"), [(date(2026, 3, 23), 167), (date(2026, 10, 19), 169), (date(2026, 11, 23), 168)]
)
def test_uken_med_sommertid_er_en_time_kortere_eller_lengre(mandag: date, timer: int) -> None:
    v = vindu(Vinduslengde.UKE, mandag)
    assert (v.ende - v.start) == timedelta(hours=timer)
    merker = regler.merker(v)
    assert [m.dag for m in merker] == [mandag + n * DAG for n in range(7)]
    # Each line stands at Oslo's midnight, whatever the day before was like.
    for m in merker:
        tid = v.start + (v.ende - v.start) * m.x / 100
        assert abs(tid - regler.midnatt(m.dag)) < timedelta(minutes=2)
        assert oslo(regler.midnatt(m.dag)).time().hour == 0
    soendag, slutt = merker[-1].x, 100.0
    assert round((slutt - soendag) / 100 * timer) == {167: 23, 169: 25, 168: 24}[timer]


@given(st.dates(date(2001, 1, 1), date(2198, 1, 1)), st.sampled_from(Vinduslengde), st.integers(0, 365))
def test_merkene_staar_i_rekke_og_det_foerste_navnet_er_aldri_langt_unna(
    dag: date, lengde: Vinduslengde, dager: int
) -> None:
    v = vindu(lengde, dag, dag + dager * DAG)
    assert v.fra <= dag < v.slutt
    merker = regler.merker(v)
    assert [m.x for m in merker] == sorted({m.x for m in merker})
    assert all(0 <= m.x < 100 for m in merker)
    med_navn = [m.x for m in merker if m.navn]
    assert med_navn and med_navn[0] <= 20
    assert len(med_navn) <= 13
    bolker = regler.bolker(v)
    assert (bolker[0], bolker[-1]) == (v.fra, v.slutt)
    assert bolker == sorted(set(bolker))


START = datetime(2026, 11, 23, tzinfo=UTC)


@given(
    st.lists(st.tuples(st.integers(-50, 150), st.integers(1, 90)), max_size=12),
    st.lists(st.integers(1, 20), min_size=1, max_size=8),
)
def test_tettheten_er_det_flest_i_noe_oeyeblikk(biter: list[tuple[int, int]], steg: list[int]) -> None:
    """Against counting at every hour: with whole hours nothing changes in between."""
    perioder = [Periode(START + a * T, START + (a + n) * T) for a, n in biter]
    grenser = [START]
    for n in steg:
        grenser.append(grenser[-1] + n * T)
    ventet = []
    for a, b in pairwise(grenser):
        timer = [a + n * T for n in range(int((b - a) / T))]
        ventet.append(max(sum(p.fra <= t < p.til for p in perioder) for t in timer))
    assert regler.tetthet(perioder, grenser) == ventet


def test_stolpen_sier_om_den_gaar_ut_av_vinduet() -> None:
    v = vindu(Vinduslengde.UKE, date(2026, 11, 23))
    s = regler.stolpe(Periode(v.start - DAG, v.ende + DAG), v)
    assert (s.x, s.bredde, s.foer, s.etter) == (0.0, 100.0, True, True)
    s = regler.stolpe(Periode(v.start, v.start + DAG), v)
    assert (s.x, s.foer, s.etter) == (0.0, False, False) and abs(s.bredde - 100 / 7) < 0.02


# --- who sees what ---------------------------------------------------------------------------------------


def test_begge_sider_ser_oppdraget_hver_sin_vei(u: Utlaan) -> None:
    u.til(Status.GODKJENT_MOTTAKER)
    for aktor, retning in ((u.avgiver, Retning.UT), (u.mottaker, Retning.INN)):
        t = _hent(aktor)
        assert {r.navn for r in t.rader} == {"Máret Somby", "Åse Ørn"}
        assert {r.retning for r in t.rader} == {retning}
        assert {(r.fra_enhet, r.til_enhet) for r in t.rader} == {("Medisinsk post", "ØHD Guovdageaidnu")}
        assert (t.antall, t.summer[retning].antall, max(t.summer[retning].flest)) == (2, 2, 2)
    assert _hent(u.fremmed).antall == 0


@pytest.mark.parametrize("status", [Status.UTKAST, Status.FORESLAATT, Status.TRUKKET])
def test_navn_vises_ikke_for_mottaker_foer_avgiver_har_godkjent(u: Utlaan, som: Som, status: Status) -> None:
    u.til(status)
    sporring = f"?status={status}"
    hos_mottaker = som(u.mottaker).get(SIDE + sporring).text
    assert "Somby" not in hos_mottaker and "Ørn" not in hos_mottaker
    # A draft is not even there; a proposal says what, not who.
    assert ("Medisinsk post" in hos_mottaker) == (status != Status.UTKAST)
    assert "Máret Somby" in som(u.avgiver).get(SIDE + sporring).text


def test_klinikere_ser_det_som_er_avtalt(u: Utlaan, som: Som) -> None:
    lege = lag_aktor(Rolle.LEGE_KOMMUNE, u.scene.kommune)
    id_ = u.til(Status.GODKJENT_AVGIVER)
    assert _hent(lege).antall == 0
    assert "Máret Somby" not in som(lege).get(SIDE).text
    flyt.godkjenn(u.mottaker, id_, lest=u.les(id_).innhold_hash)
    assert "Máret Somby" in som(lege).get(SIDE).text
    for rolle in (Rolle.ADMINISTRATOR, Rolle.INNSYN):
        annen = lag_aktor(rolle, u.scene.kommune if rolle == Rolle.ADMINISTRATOR else u.scene.rhf)
        assert som(annen).get(SIDE).status_code == 403
        with pytest.raises(IkkeTilgang):
            _hent(annen)


def test_det_som_ble_til_intet_vises_bare_naar_det_spoerres_etter(u: Utlaan) -> None:
    u.til(Status.AVSLAATT)
    assert _hent(u.avgiver).antall == 0
    assert _hent(u.avgiver, status=Status.AVSLAATT).antall == 2


def test_slutt_foer_tiden_korter_av(u: Utlaan) -> None:
    id_ = u.til(Status.AVSLUTTET)
    avsluttet = u.les(id_).avsluttet
    assert {r.til for r in _hent(u.mottaker).rader} == {avsluttet}
    # A window after the end has none of it, though the agreed time went on.
    with om(days=5):
        uke = vindu(Vinduslengde.EGET, i_dag(), i_dag())
        assert tidslinje.hent(u.mottaker, uke, tidslinje.Filter()).antall == 0


# --- filters ---------------------------------------------------------------------------------------------


def test_filtrene_virker_hver_for_seg(u: Utlaan) -> None:
    u.til(Status.GODKJENT_MOTTAKER)
    lege = lag_ressurs(u.scene.hf, u.post, navn="Jon Lege", stilling=Stilling.LEGE)
    behov = lag_behov(u.scene.annen_kommune, stilling=Stilling.LEGE, antall=1)
    id2 = utkast.opprett(
        u.avgiver,
        behov.id,
        [utkast.Ny(ressursperson_id=lege.id, samtykket=True)],
        **{**LOV, "bestemmelse_id": u.bestemmelse.id},
    )
    rom = lag_lokale(u.scene.hf, navn="Fjerde etasje")
    lokalbehov = lag_behov(u.scene.kommune, slag=Slag.LOKALE, lokaleslag=Lokaleslag.SENGEPOST)
    id3 = utkast.opprett(
        u.avgiver, lokalbehov.id, [utkast.Ny(lokale_id=rom.id)], **{**LOV, "bestemmelse_id": u.bestemmelse.id}
    )

    def navn(**valg: object) -> list[str]:
        return sorted(r.navn for r in _hent(u.avgiver, **valg).rader)  # type: ignore[arg-type]

    assert navn() == ["Fjerde etasje", "Jon Lege", "Máret Somby", "Åse Ørn"]
    assert navn(stilling=Stilling.LEGE) == ["Jon Lege"]
    assert navn(stilling=LOKALER) == ["Fjerde etasje"]
    assert navn(status=Status.UTKAST) == ["Fjerde etasje", "Jon Lege"]
    assert navn(retning=Retning.INN) == []
    assert navn(retning=Retning.UT) == navn()
    assert navn(motpart_id=u.scene.annen_kommune.id) == ["Jon Lege"]
    assert {u.les(i).status for i in (id2, id3)} == {Status.UTKAST}


def test_omraadet_er_der_den_andre_siden_ligger(u: Utlaan) -> None:
    fylke = _legg_i_fylke(u.scene)
    u.til(Status.GODKJENT_MOTTAKER)
    t = _hent(u.avgiver)
    assert [i for i, _n in t.fylker] == [fylke]
    assert _hent(u.avgiver, omraade_id=fylke).antall == 2
    assert _hent(u.avgiver, omraade_id=uuid4()).antall == 0
    # The choices do not go away with what was chosen.
    assert _hent(u.avgiver, omraade_id=uuid4()).fylker == t.fylker
    # The kommune's other side is the trust, which lies in its own area and in no fylke.
    hos = _hent(u.mottaker)
    assert [i for i, _n in hos.foretak] == [u.scene.hf.id] and hos.fylker == []
    assert _hent(u.mottaker, omraade_id=u.scene.hf.id).antall == 2


@transactional
def _legg_i_fylke(scene: Scene) -> UUID:
    fylke = lag_organisasjon("fylke", "Finnmark")
    db.session.flush()
    db.session.get_one(Organisasjon, scene.kommune.id).overordnet_id = fylke.id
    return fylke.id


# --- many ------------------------------------------------------------------------------------------------


def _mange(u: Utlaan, antall: int, *, mottakere: int = 3, status: Status = Status.FORESLAATT) -> None:
    """So many lines of one nurse each, from the trust to some kommuner, past the use cases."""
    fra = now() + T
    steder = [u.scene.kommune, u.scene.annen_kommune]
    steder += [lag_organisasjon("kommune", f"Nabokommune {n}") for n in range(mottakere - 2)]
    lagre(*(s for s in steder[2:] if s not in db.session))
    person = lag_ressurs(u.scene.hf, u.post, navn="Nils Mange")
    rader: list[object] = []
    for n in range(mottakere):
        behov = Behov(
            id=uuid4(), organisasjon_id=steder[n].id, slag=Slag.PERSONELL, status="aapent", stilling="sykepleier",
            antall=50, minst=0, fra=fra, til=fra + 20 * DAG, sted_id=steder[n].id, hvorfor="Mange syke.", fase=4,
            opprettet=now(), meldt=now(),
        )  # fmt: skip
        rader.append(behov)
        egne = [k for k in range(antall) if k % mottakere == n]
        omd = Omdisponering(
            id=uuid4(), nummer=f"26-TEST{n:02d}", slag=Slag.PERSONELL, status=status, behov_id=behov.id,
            avgiver_id=u.scene.hf.id, mottaker_id=steder[n].id, fra=fra, til=fra + 20 * DAG,
            foreslaatt_side=Side.AVGIVER, foreslaatt=now(), opprettet=now(),
        )  # fmt: skip
        rader.append(omd)
        rader += [
            Omdisponeringslinje(
                id=uuid4(), omdisponering_id=omd.id, rekkefoelge=nr, ressursperson_id=person.id,
                fra=fra + (k % 10) * DAG, til=fra + (k % 10 + 2) * DAG, andel=50,
            )
            for nr, k in enumerate(egne)
        ]  # fmt: skip
    lagre(*rader)


def test_flere_enn_en_side_vises_samlet_foerst(u: Utlaan, som: Som) -> None:
    _mange(u, 130)
    t = _hent(u.avgiver)
    assert (t.antall, t.rader, len(t.grupper), t.sider) == (130, [], 3, 1)
    assert sum(g.antall for g in t.grupper) == 130
    assert [g.antall for g in t.grupper] == sorted((g.antall for g in t.grupper), reverse=True)
    # Ten beginnings, two days each: three tens at once at most of what one tenth is.
    assert max(t.summer[Retning.UT].flest) >= max(max(g.flest) for g in t.grupper)
    tekst = som(u.avgiver).get(SIDE).text
    assert "Nils Mange" not in tekst and "Vis ett og ett oppdrag" in tekst


def test_en_og_en_bladd_i_sider_uten_at_noen_faller_ut(u: Utlaan, som: Som) -> None:
    _mange(u, 130)
    sider = [_hent(u.avgiver, n, enkeltvis=True) for n in (1, 2, 3)]
    assert [(t.side, t.sider, len(t.rader)) for t in sider] == [(1, 3, 50), (2, 3, 50), (3, 3, 30)]
    assert len({r.id for t in sider for r in t.rader}) == 130
    assert _hent(u.avgiver, 99, enkeltvis=True).side == 3
    svar = som(u.avgiver).get(f"{SIDE}?vis=enkeltvis&side=2")
    assert svar.status_code == 200
    assert "side=3" in svar.text and "side=1" in svar.text


@pytest.mark.parametrize("enkeltvis", [False, True])
def test_like_faa_setninger_hvor_mange_det_enn_er(u: Utlaan, enkeltvis: bool) -> None:
    u.til(Status.GODKJENT_MOTTAKER)
    faa = setninger(lambda: _hent(u.avgiver, enkeltvis=enkeltvis))
    _mange(u, 400, mottakere=40)
    assert setninger(lambda: _hent(u.avgiver, enkeltvis=enkeltvis)) <= faa <= 5


# --- the page --------------------------------------------------------------------------------------------


def test_siden_har_dagens_strek_og_en_tabell_som_sier_det_samme(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    tekst = som(u.mottaker).get(SIDE).text
    assert tekst.count('class="tidslinje__naalinje"') == 1
    assert tekst.count('class="tidslinje__stolpe" data-status="godkjent_mottaker" x="') >= 2
    tabell = tekst[tekst.index('id="tidslinjetabell"') :]
    omd = u.les(id_)
    for ord_ in ("Máret Somby", "sykepleier", "Medisinsk post", "ØHD Guovdageaidnu", omd.nummer, "100 %"):
        assert ord_ in tabell
    assert f"{oslo(omd.fra):%H:%M}" in tabell
    assert "style=" not in tekst
    # Another month has no line of today, and a way back.
    annen = som(u.mottaker).get(f"{SIDE}?vindu=tre_maaneder&dag=2031-05-05").text
    assert "tidslinje__naalinje" not in annen and "Ingen oppdrag i tidsrommet" in annen
    assert re.search(r'href="[^"]*dag=2031-02-01[^"]*"', annen)
    assert re.search(r'href="[^"]*dag=2031-08-01[^"]*"', annen)


@pytest.mark.parametrize(
    ("sporring", "felt"),
    [
        ("vindu=eget&fra=2026-12-24&til=2026-12-20", "til"),
        ("vindu=eget&fra=2026-01-01&til=2028-01-01", "til"),
        ("vindu=eget&fra=i+morgen", "fra"),
        ("dag=1850-01-01", "dag"),
        ("stilling=prest", "stilling"),
        ("status=ferdig", "status"),
        ("omraade=alle", "omraade"),
        ("ukjent=1", "ukjent"),
    ],
)
def test_det_som_ikke_gaar_faar_svar_ved_feltet(u: Utlaan, som: Som, sporring: str, felt: str) -> None:
    svar = som(u.mottaker).get(f"{SIDE}?{sporring}")
    assert svar.status_code == 422
    assert f'href="#{felt}"' in svar.text
    if felt == "til":
        assert 'value="2026-' in svar.text and "eget" in svar.text
