"""What time does to reallocations: each due row once, at its time, whatever happens to the others."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.core.aktor import Rolle
from portal.core.clock import now
from portal.core.db import db
from portal.omdisponering import steps
from portal.omdisponering.forloep import Hendelsestype, Side, Status
from portal.omdisponering.models import Behov, Omdisponering, Omdisponeringshendelse
from portal.omdisponering.service import flyt, klokke
from portal.plasser.models import Plass, Plasstall
from portal.plasser.service import reservasjoner
from portal.varsler.models import Varsel
from tests.bygg import Opptak, lag_aktor, om, skriv, uten_spor
from tests.omdisponering.hjelp import DAG, T, Utlaan, lag_behov, lag_ressurs


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def _bemannet(u: Utlaan) -> int:
    db.session.rollback()
    return db.session.get_one(Plasstall, u.plassenhet_id, populate_existing=True).bemannet


def _varsler(id_: UUID, kode: str = "") -> list[tuple[str, UUID]]:
    """(code, whose organisation's) of the notices about a reallocation, in order."""
    db.session.rollback()
    sporring = sa.select(Varsel).where(Varsel.gjelder == steps.gjelder(id_)).order_by(Varsel.opprettet)
    return [(v.kode, v.person_id) for v in db.session.scalars(sporring) if kode in ("", v.kode)]


def _typer(id_: UUID) -> list[str]:
    db.session.rollback()
    return list(
        db.session.scalars(
            sa.select(Omdisponeringshendelse.type)
            .where(Omdisponeringshendelse.omdisponering_id == id_)
            .order_by(Omdisponeringshendelse.nr)
        )
    )


def test_begynner_og_slutter_av_seg_selv_en_gang(u: Utlaan, opptak: Opptak) -> None:
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    with uten_spor(opptak):
        assert klokke.sett_i_gang_og_avslutt() == 0
    with om(hours=24, seconds=5):
        # The web processes leave it to the worker for a while.
        assert klokke.sett_i_gang_og_avslutt(klokke.ARBEIDEREN_FOERST) == 0
        assert klokke.sett_i_gang_og_avslutt() == 1
        assert (u.les(id_).status, _bemannet(u)) == (Status.IVERKSATT, 4)
        with uten_spor(opptak):
            assert klokke.sett_i_gang_og_avslutt() == 0
    with om(days=8, seconds=1):
        assert klokke.sett_i_gang_og_avslutt() == 1
        assert (u.les(id_).status, _bemannet(u)) == (Status.AVSLUTTET, 2)
        with uten_spor(opptak):
            assert klokke.sett_i_gang_og_avslutt() == 0
    assert _typer(id_)[-2:] == ["iverksatt", "avsluttet"]
    hendelser = db.session.scalars(
        sa.select(Omdisponeringshendelse.person_id).where(
            Omdisponeringshendelse.omdisponering_id == id_,
            Omdisponeringshendelse.type.in_(["iverksatt", "avsluttet"]),
        )
    ).all()
    assert set(hendelser) == {None}
    assert {v for _k, v in _varsler(id_, "omdisponering.avsluttet")} >= {
        u.avgiver.person_id,
        u.mottaker.person_id,
    }


def test_det_som_alt_er_over_begynner_og_slutter_i_ett(u: Utlaan) -> None:
    """The worker stood still through all of it: nobody finds beds open that have no staff any more."""
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    with om(days=30):
        assert klokke.sett_i_gang_og_avslutt() == 1
    omd = u.les(id_)
    assert (omd.status, omd.ble_aapnet, _bemannet(u)) == (Status.AVSLUTTET, 2, 2)
    assert not any(li.opptar for li in omd.linjer)


def test_en_som_feiler_stopper_ikke_de_andre(
    u: Utlaan, monkeypatch: pytest.MonkeyPatch, opptak: Opptak
) -> None:
    ider = []
    for nr in range(3):
        u.personer = [lag_ressurs(u.scene.hf, u.post, navn=f"Person {nr}")]
        ider.append(u.til(Status.GODKJENT_MOTTAKER, behov=lag_behov(u.scene.kommune, u.oehd), aapnes=0))
    syk = sorted(ider)[1]
    ekte = steps.begynn

    def begynn(aktor: object, omd: Omdisponering, *plasser: int) -> None:
        if omd.id == syk:
            raise RuntimeError("the unit has burnt down")
        ekte(aktor, omd, *plasser)  # type: ignore[arg-type]

    monkeypatch.setattr(steps, "begynn", begynn)
    with om(days=1, minutes=1):
        assert klokke.sett_i_gang_og_avslutt() == 2
        assert {i: u.les(i).status for i in ider} == {
            i: Status.GODKJENT_MOTTAKER if i == syk else Status.IVERKSATT for i in ider
        }
        with uten_spor(opptak):
            assert klokke.sett_i_gang_og_avslutt() == 0
        monkeypatch.setattr(steps, "begynn", ekte)
        assert klokke.sett_i_gang_og_avslutt() == 1
    assert u.les(syk).status == Status.IVERKSATT


@pytest.mark.parametrize("status", [Status.UTKAST, Status.FORESLAATT, Status.GODKJENT_AVGIVER])
def test_forslag_faller_naar_perioden_er_over(u: Utlaan, opptak: Opptak, status: Status) -> None:
    id_ = u.til(status)
    with om(days=7, hours=23), uten_spor(opptak):
        assert klokke.la_forfalle() == 0
    with om(days=8, minutes=1):
        assert klokke.la_forfalle() == 1
        omd = u.les(id_)
        assert (omd.status, omd.svarfrist) == (Status.TRUKKET, None)
        assert not any(li.opptar for li in omd.linjer)
        with uten_spor(opptak):
            assert klokke.la_forfalle() == 0
    trukket = {p for _k, p in _varsler(id_, "omdisponering.trukket")}
    if status == Status.UTKAST:
        assert not trukket
    else:
        assert {u.avgiver.person_id, u.mottaker.person_id} <= trukket


def test_det_avtalte_faller_ikke(u: Utlaan, opptak: Opptak) -> None:
    u.til(Status.GODKJENT_MOTTAKER)
    with om(days=9), uten_spor(opptak):
        assert klokke.la_forfalle() == 0


# --- answers ---------------------------------------------------------------------------------------------


def _purringer(u: Utlaan, id_: UUID) -> dict[Side, int]:
    alle = [p for _k, p in _varsler(id_, "omdisponering.purret")]
    return {Side.AVGIVER: alle.count(u.avgiver.person_id), Side.MOTTAKER: alle.count(u.mottaker.person_id)}


def test_purrer_halvveis_og_ved_fristen_en_gang_og_bare_den_som_skal_svare(u: Utlaan, opptak: Opptak) -> None:
    id_ = u.til(Status.FORESLAATT)
    frist = u.les(id_).svarfrist
    assert frist is not None and frist - now() > 23 * T
    with om(hours=11, minutes=50), uten_spor(opptak):
        assert klokke.purr() == 0
    with om(hours=12, minutes=10):
        assert klokke.purr() == 1
        with uten_spor(opptak):
            assert klokke.purr() == 0
    assert _purringer(u, id_) == {Side.AVGIVER: 1, Side.MOTTAKER: 0}
    with om(hours=24, minutes=1):
        assert klokke.purr() == 1
    assert _purringer(u, id_) == {Side.AVGIVER: 2, Side.MOTTAKER: 0}
    with om(days=3), uten_spor(opptak):
        assert klokke.purr() == 0


def test_den_som_har_svart_purres_ikke_og_den_andre_faar_sin_egen_tid(u: Utlaan, opptak: Opptak) -> None:
    """The two sides' answers each have their own half and their own end."""
    u.behov = lag_behov(u.scene.kommune, u.oehd, fra=now() + 5 * DAG)
    id_ = u.til(Status.FORESLAATT)
    with om(hours=13):
        assert klokke.purr() == 1
        flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
        assert u.les(id_).purret is None
    with om(hours=24, minutes=30), uten_spor(opptak):
        assert klokke.purr() == 0
    with om(hours=25, minutes=30):
        assert klokke.purr() == 1
    assert _purringer(u, id_) == {Side.AVGIVER: 1, Side.MOTTAKER: 1}
    with om(hours=26):
        flyt.godkjenn(u.mottaker, id_, lest=u.les(id_).innhold_hash)
    with om(hours=40), uten_spor(opptak):
        assert klokke.purr() == 0


def test_en_stoppet_arbeider_purrer_en_gang_ved_fristen(u: Utlaan) -> None:
    id_ = u.til(Status.FORESLAATT)
    with om(hours=30):
        assert (klokke.purr(), klokke.purr()) == (1, 0)
    assert _purringer(u, id_) == {Side.AVGIVER: 1, Side.MOTTAKER: 0}
    assert _typer(id_).count(Hendelsestype.PURRET) == 1


def test_utkast_og_avtalte_purres_ikke(u: Utlaan, opptak: Opptak) -> None:
    u.til(Status.UTKAST)
    u.personer = [lag_ressurs(u.scene.hf, u.post)]
    u.til(Status.GODKJENT_MOTTAKER)
    with om(hours=30), uten_spor(opptak):
        assert klokke.purr() == 0


# --- the end ---------------------------------------------------------------------------------------------


def test_begge_faar_vite_dagen_foer_at_det_slutter(u: Utlaan, opptak: Opptak) -> None:
    id_ = u.til(Status.IVERKSATT)
    with om(days=6, hours=23), uten_spor(opptak):
        assert klokke.si_fra_om_slutt() == 0
    with om(days=7, minutes=1):
        assert klokke.si_fra_om_slutt() == 1
        with uten_spor(opptak):
            assert klokke.si_fra_om_slutt() == 0
    assert {p for _k, p in _varsler(id_, "omdisponering.slutter_snart")} >= {
        u.avgiver.person_id,
        u.mottaker.person_id,
    }
    assert len(_varsler(id_, "omdisponering.slutter_snart")) == len(
        set(_varsler(id_, "omdisponering.slutter_snart"))
    )


def test_det_som_er_kortere_enn_et_doegn_sies_det_ikke_fra_om(u: Utlaan) -> None:
    fra = now() + DAG
    u.behov = lag_behov(u.scene.kommune, u.oehd, fra=fra, til=fra + 12 * T)
    id_ = u.til(Status.IVERKSATT)
    with om(days=1, hours=1):
        assert klokke.si_fra_om_slutt() == 0
    assert not _varsler(id_, "omdisponering.slutter_snart")


@pytest.mark.parametrize("ender", ["frigitt", "utloept"])
def test_holdt_plass_gis_tilbake_naar_holdet_er_over(u: Utlaan, ender: str) -> None:
    """Somebody is on the way to a borrowed bed when the loan ends: it keeps the staff until then, and no longer."""
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    lege = lag_aktor(Rolle.LEGE_KOMMUNE, u.scene.kommune, u.oehd)
    with om(days=8, minutes=-5):
        klokke.sett_i_gang_og_avslutt()
        holdt = [
            reservasjoner.reserver(
                lege,
                u.plassenhet_id,
                klient_id=uuid4(),
                kommune_id=u.scene.kommune.id,
                over_kvote=True,
            )
            for _ in range(4)
        ]
    with om(days=8, minutes=1):
        assert klokke.sett_i_gang_og_avslutt() == 1
        assert (u.les(id_).status, _bemannet(u)) == (Status.AVSLUTTET, 4)
        if ender == "frigitt":
            for h in holdt:
                reservasjoner.frigi(lege, h)
    if ender == "utloept":
        with om(days=9):
            assert reservasjoner.loes_ut_forfalte() == 4
    assert _bemannet(u) == 2
    assert not db.session.scalar(sa.select(sa.func.count()).where(Plass.laan != ""))


def test_behovet_er_dekket_saa_lenge_det_er_avtalt(u: Utlaan) -> None:
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    with om(days=1, minutes=1):
        klokke.sett_i_gang_og_avslutt()
    assert u.les(id_).status == Status.IVERKSATT
    assert db.session.get_one(Behov, u.behov.id, populate_existing=True).status == "dekket"


def test_frister_i_databasen_fra_andre_er_ikke_vaare(u: Utlaan, opptak: Opptak) -> None:
    """A proposal whose row is held by somebody who answers right now is left for the next round."""
    id_ = u.til(Status.FORESLAATT)
    skriv(
        sa.update(Omdisponering)
        .where(Omdisponering.id == id_)
        .values(svarfrist=now() - timedelta(minutes=1), purret=now())
    )
    with uten_spor(opptak):
        assert klokke.purr() == 0
