"""How far a need is covered: by share and by time, until it is ended early; and what premises must have to do so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import Opptatt, UgyldigData
from portal.omdisponering import kontroll, regler, steps
from portal.omdisponering.forloep import Lokalkrav, Slag, Status
from portal.omdisponering.models import Behov
from portal.omdisponering.regler import Periode, Rom
from portal.omdisponering.ressursmodeller import Lokale, Ressursfravaer, Ressursperson
from portal.omdisponering.service import flyt, forslag, klokke, lesing, oversikt, utkast
from tests.bygg import lagre, om, skriv
from tests.omdisponering.hjelp import DAG, LOV, Utlaan, lag_behov, lag_lokale, lag_ressurs, lag_tilbud

Som = Callable[[Aktor], FlaskClient]


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def _behov(u: Utlaan) -> Behov:
    db.session.rollback()
    return db.session.get_one(Behov, u.behov.id, populate_existing=True)


def _avtal(u: Utlaan, *linjer: utkast.Ny) -> UUID:
    """Agreed by both, on these lines."""
    id_ = utkast.opprett(u.avgiver, u.behov.id, linjer, **LOV, bestemmelse_id=u.bestemmelse.id, aapnes=0)
    flyt.foreslaa(u.avgiver, id_)
    for aktor in (u.avgiver, u.mottaker):
        flyt.godkjenn(aktor, id_, lest=u.les(id_).innhold_hash)
    return id_


def _linje(person: Ressursperson, **felt: Any) -> utkast.Ny:
    return utkast.Ny(ressursperson_id=person.id, samtykket=True, **felt)


# --- by share and time -----------------------------------------------------------------------------------


def test_halv_stilling_og_halv_tid_er_en_halv(u: Utlaan, som: Som) -> None:
    skriv(sa.update(Behov).where(Behov.id == u.behov.id).values(antall=3, minst=3))
    tredje, fjerde = lag_ressurs(u.scene.hf, u.post), lag_ressurs(u.scene.hf, u.post)
    midt = u.behov.fra + (u.behov.til - u.behov.fra) / 2
    _avtal(u, _linje(u.personer[0]), _linje(u.personer[1], andel=50), _linje(tredje))
    assert _behov(u).status == "aapent" and steps.dekket([u.behov.id]) == {u.behov.id: 2.5}
    rad = oversikt.hent(u.mottaker).egne[0]
    assert (rad.dekket, rad.nok) == (2.5, False)
    for adresse in ("", f"behov/{u.behov.id}"):
        side = som(u.mottaker).get(f"/omdisponering/{adresse}").text
        assert "2,5 av 3 avtalt, minst 3 må til" in side
    engelsk = som(u.mottaker)
    engelsk.post("/spraak", data={"spraak": "en", "neste": "/"})
    assert "2.5" in engelsk.get(f"/omdisponering/behov/{u.behov.id}").text
    # Half a one lacks: one more is proposed.
    lag_tilbud(fjerde, u.behov)
    f = forslag.for_behov(u.mottaker, u.behov.id).forslag
    assert (f.dekket, f.behov.antall, f.valgte) == (2.5, 1, 1)
    assert som(u.mottaker).get("/api/v1/omdisponering/behov?hvem=egne").json["rader"][0]["dekket"] == 2.5
    _avtal(u, _linje(fjerde, fra=midt))
    assert _behov(u).status == "dekket"
    assert "3 av 3 avtalt" in som(u.mottaker).get(f"/omdisponering/behov/{u.behov.id}").text


def test_det_som_er_under_arbeid_teller_paa_samme_maate(u: Utlaan) -> None:
    utkast.opprett(
        u.mottaker, u.behov.id, [utkast.Ny(tilbud_id=lag_tilbud(u.personer[0], u.behov, andel=50).id)]
    )
    f = forslag.for_behov(u.mottaker, u.behov.id).forslag
    assert (f.i_gang, f.behov.antall, f.behov.minst) == (0.5, 2, 1)


def test_mer_enn_en_trengs_teller_som_en() -> None:
    naa = now()
    trengs = Periode(naa, naa + 10 * DAG, 50)
    for har, ventet in (
        (Periode(naa, naa + 10 * DAG, 100), 1.0),
        (Periode(naa - DAG, naa + 11 * DAG, 50), 1.0),
        (Periode(naa, naa + 5 * DAG, 25), 0.25),
        (Periode(naa - 2 * DAG, naa, 100), 0.0),
        (Periode(naa + 12 * DAG, naa + 13 * DAG, 100), 0.0),
    ):
        assert regler.del_av(har, trengs) == pytest.approx(ventet), har


@pytest.mark.parametrize(
    ("sum_", "antall", "naar", "vist", "mangler"),
    [
        (0.0, 2, False, 0, 2),
        (1.98, 2, True, 2, 0),
        (1.97, 2, False, 1.9, 1),
        (2.5, 3, False, 2.5, 1),
        (2.04, 2, True, 2, 0),
        (50.0, 50, True, 50, 0),
        (0.0, 50, False, 0, 50),
        (0.0, 0, True, 0, 0),
    ],
)
def test_avrundingen_er_aldri_mer_enn_det_som_gjelder(
    sum_: float, antall: int, naar: bool, vist: float, mangler: int
) -> None:
    assert regler.naar(sum_, antall) == naar
    assert regler.i_tall(sum_) == pytest.approx(vist)
    assert regler.gjenstaar(antall, sum_) == mangler


# --- ended -----------------------------------------------------------------------------------------------


def test_avsluttet_foer_tiden_dekker_ikke_lenger(u: Utlaan) -> None:
    id_ = u.til(Status.IVERKSATT)
    assert _behov(u).status == "dekket"
    with om(days=2):
        flyt.avslutt(u.mottaker, id_, grunn="Toppen er over.")
        assert _behov(u).status == "aapent" and steps.dekket([u.behov.id]) == {u.behov.id: 0}
        # So others can be agreed on for the rest.
        assert [r.behov.id for r in oversikt.hent(u.avgiver).andres] == [u.behov.id]


def test_avsluttet_til_tiden_dekker_fortsatt(u: Utlaan) -> None:
    u.til(Status.IVERKSATT)
    with om(days=8, minutes=1):
        assert klokke.sett_i_gang_og_avslutt() == 1
        assert _behov(u).status == "dekket" and steps.dekket([u.behov.id]) == {u.behov.id: 2}


def test_den_som_var_ferdig_foer_slutten_teller_med(u: Utlaan) -> None:
    """One of two had gone home at the time that was agreed: the other alone is missed."""
    id_ = _avtal(u, _linje(u.personer[0], til=u.behov.fra + 3.5 * DAG), _linje(u.personer[1]))
    with om(days=1, minutes=1):
        flyt.iverksett(u.mottaker, id_)
    with om(days=6):
        flyt.avslutt(u.mottaker, id_, grunn="Toppen er over.")
        assert steps.dekket([u.behov.id]) == {u.behov.id: 0.5}


# --- premises --------------------------------------------------------------------------------------------


def test_hva_et_lokale_mangler() -> None:
    krav = Rom("sengepost", int(Lokalkrav.BAD), 10, 200)
    assert regler.mangler_lokale(krav, Rom("sengepost", int(Lokalkrav.BAD | Lokalkrav.SLUSE), 10, 200)) == []
    assert regler.mangler_lokale(krav, Rom("lager", 0, 9, None)) == ["slag", "krav", "plasser", "kvm"]
    # What is not asked for, need not be there.
    assert regler.mangler_lokale(Rom("lager", 0, None, None), Rom("lager", 0, None, None)) == []


@pytest.mark.parametrize(
    ("krav", "ventet"),
    [
        ({"plasser": 12}, "Lokalet har færre plasser enn det som trengs."),
        ({"kvm": 300}, "Lokalet er mindre enn det som trengs."),
    ],
)
def test_for_smaa_lokaler_foreslaas_ikke(u: Utlaan, krav: dict[str, int], ventet: str) -> None:
    lite, stort = lag_lokale(u.scene.hf, kvm=100), lag_lokale(u.scene.hf, plasser=20, kvm=400)
    behov = lag_behov(u.scene.kommune, slag=Slag.LOKALE, antall=1, **krav)
    id_ = utkast.opprett(
        u.avgiver, behov.id, [utkast.Ny(lokale_id=lite.id)], **LOV, bestemmelse_id=u.bestemmelse.id
    )
    with pytest.raises(UgyldigData) as feil:
        flyt.foreslaa(u.avgiver, id_)
    (felt,) = feil.value.detaljer["felter"].values()
    assert [str(m) for m in felt] == [ventet]
    # What can be chosen is large enough.
    tilbud = [lag_tilbud(lokale, behov) for lokale in (lite, stort)]
    annet = lag_lokale(u.scene.hf, kvm=100)
    lag_tilbud(annet, behov)
    db.session.rollback()
    assert [k.noekkel for k in lesing.hent_endring(u.avgiver, id_).kandidater] == [f"l-{stort.id}"]
    assert [k.noekkel for k in lesing.hent_endring(u.mottaker, _hos(u, behov, lite)).kandidater] == [
        f"t-{tilbud[1].id}"
    ]


def _hos(u: Utlaan, behov: Behov, lokale: Lokale) -> UUID:
    """A draft of the receiver's, of that room alone."""
    return utkast.opprett(u.mottaker, behov.id, [utkast.Ny(tilbud_id=lag_tilbud(lokale, behov).id)])


# --- asked once ------------------------------------------------------------------------------------------


@contextmanager
def _telt() -> Iterator[list[str]]:
    """The questions of the absences and of the lines."""
    sagt: list[str] = []

    def noter(_c: Any, _k: Any, setning: str, *_: Any) -> None:
        if setning.startswith("SELECT") and ("FROM ressursfravaer" in setning or "opptar" in setning):
            sagt.append(setning)

    sa.event.listen(db.engine, "before_cursor_execute", noter)
    try:
        yield sagt
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", noter)


@pytest.mark.parametrize("slag", list(Slag))
def test_ledige_spoer_like_mye_for_en_som_for_mange(u: Utlaan, slag: Slag) -> None:
    antall = []
    for flere in (1, 4):
        behov = lag_behov(u.scene.kommune, slag=slag, antall=flere)
        linjer = [
            utkast.Ny(ressursperson_id=lag_ressurs(u.scene.hf).id, samtykket=True)
            if slag == Slag.PERSONELL
            else utkast.Ny(lokale_id=lag_lokale(u.scene.hf).id)
            for _n in range(flere)
        ]
        omd = u.les(utkast.opprett(u.avgiver, behov.id, linjer, **LOV, bestemmelse_id=u.bestemmelse.id))
        assert len(omd.linjer) == flere
        with _telt() as sagt:
            kontroll.ledige(omd)
        antall.append(len(sagt))
    assert antall == [2, 2]


def _bort(hva: Ressursperson | Lokale, **tid: Any) -> None:
    felt = "ressursperson_id" if isinstance(hva, Ressursperson) else "lokale_id"
    lagre(Ressursfravaer(id=uuid4(), **{felt: hva.id}, opprettet=now(), **tid))


def test_fravaer_gjelder_linjens_egen_tid(u: Utlaan) -> None:
    """Away after the own line, but in another's time: not in the way."""
    midt = u.behov.fra + 3 * DAG
    linjer = (_linje(u.personer[0], til=midt), _linje(u.personer[1]))
    omd = u.les(utkast.opprett(u.avgiver, u.behov.id, linjer, **LOV, bestemmelse_id=u.bestemmelse.id))
    _bort(u.personer[0], fra=midt, til=midt + DAG)
    kontroll.ledige(omd)
    _bort(u.personer[0], fra=midt - timedelta(hours=1), til=midt)
    with pytest.raises(Opptatt) as feil:
        kontroll.ledige(omd)
    assert str(feil.value.melding).startswith("Máret Somby er ikke tilgjengelig")


def test_et_rom_er_opptatt_bare_i_sin_egen_tid(u: Utlaan) -> None:
    """Two rooms, each in a part of the time: what is promised in the other part is not in the way."""
    behov = lag_behov(u.scene.kommune, slag=Slag.LOKALE, antall=2)
    midt = behov.fra + 3 * DAG
    a, b = lag_lokale(u.scene.hf), lag_lokale(u.scene.hf)

    def avtal(*linjer: utkast.Ny) -> UUID:
        id_ = utkast.opprett(u.avgiver, behov.id, linjer, **LOV, bestemmelse_id=u.bestemmelse.id)
        flyt.foreslaa(u.avgiver, id_)
        flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
        return id_

    avtal(utkast.Ny(lokale_id=a.id, til=midt), utkast.Ny(lokale_id=b.id, fra=midt))
    avtal(utkast.Ny(lokale_id=a.id, fra=midt), utkast.Ny(lokale_id=b.id, til=midt))
    with pytest.raises(Opptatt) as feil:
        avtal(utkast.Ny(lokale_id=a.id, fra=midt - DAG))
    assert "er alt i bruk i perioden" in str(feil.value.melding)


def test_fravaer_leses_bare_om_dem_det_gjelder(u: Utlaan, monkeypatch: pytest.MonkeyPatch) -> None:
    fremmed = lag_ressurs(u.scene.annen_kommune)
    for person in (fremmed, u.personer[1]):
        _bort(person, fra=u.behov.fra, til=u.behov.til)
    id_ = utkast.opprett(u.avgiver, u.behov.id, [_linje(u.personer[0])], **LOV)
    lest: list[UUID] = []
    ekte = steps.borte

    def noter(*args: Any) -> Any:
        ut = ekte(*args)
        lest.extend(ut)
        return ut

    monkeypatch.setattr(steps, "borte", noter)
    assert lesing.hent_endring(u.avgiver, id_).kandidater == []
    assert lest == [u.personer[1].id]
