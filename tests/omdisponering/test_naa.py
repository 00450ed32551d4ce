"""Who is where now and the next two days, with numbers to ring; and a person's own assignments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.db import db, transactional
from portal.identitet.models import Enhet, Organisasjon
from portal.omdisponering import access
from portal.omdisponering.forloep import Status
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.omdisponering.service import flyt, naa, utkast
from portal.omdisponering.tidslinjeregler import Retning
from tests.bygg import lag_aktor, lag_enhet, om
from tests.omdisponering.hjelp import LOV, Utlaan, lag_behov, lag_ressurs

Som = Callable[[Aktor], FlaskClient]
SIDE = "/omdisponering/naa"


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def _hent(aktor: Aktor) -> naa.Naa:
    db.session.rollback()
    return naa.hent(aktor)


@transactional
def _telefoner(u: Utlaan) -> None:
    db.session.get_one(Enhet, u.oehd.id).telefon = "78480010"
    db.session.get_one(Organisasjon, u.scene.hf.id).telefon = "78421000"
    db.session.get_one(Ressursperson, u.personer[0].id).telefon = "90011222"


@transactional
def _selv(u: Utlaan) -> Aktor:
    """The first of those lent has a user, in a role and a place that have no part in it."""
    aktor = lag_aktor(Rolle.ADMINISTRATOR, u.scene.annen_kommune, navn="Máret Somby")
    db.session.flush()
    db.session.get_one(Ressursperson, u.personer[0].id).person_id = aktor.person_id
    return aktor


def test_her_og_paa_vei_per_enhet_med_telefon(u: Utlaan, som: Som) -> None:
    _telefoner(u)
    u.til(Status.GODKJENT_MOTTAKER)
    # They begin tomorrow: on their way, at both ends.
    for aktor, retning, enhet in (
        (u.mottaker, Retning.INN, "ØHD Guovdageaidnu"),
        (u.avgiver, Retning.UT, "Medisinsk post"),
    ):
        n = _hent(aktor)
        assert (n.her[retning], n.kommer[retning]) == (0, 2)
        (bolk,) = n.bolker[retning]
        assert bolk.enhet == enhet and [p.navn for p in bolk.kommer] == ["Máret Somby", "Åse Ørn"]
        annen = Retning.UT if retning == Retning.INN else Retning.INN
        assert n.bolker[annen] == []
    tekst = som(u.mottaker).get(SIDE).text
    for ventet in (
        "Máret Somby",
        "900 11 222",
        "tel:90011222",
        "78 42 10 00",
        "ØHD Guovdageaidnu",
        "om 23 t",
    ):
        assert ventet in tekst, ventet
    assert "78 48 00 10" in som(u.avgiver).get(SIDE).text


def test_de_som_er_her_staar_med_naar_de_slutter(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.IVERKSATT)
    with om(days=8, hours=-3, minutes=-5):
        tekst = som(u.mottaker).get(SIDE).text
        assert "slutter" in tekst and "om 3 t" in tekst
        assert "Skulle ha begynt" not in tekst
        assert _hent(u.mottaker).her[Retning.INN] == 2
    with om(days=8, minutes=1):
        assert _hent(u.mottaker).her[Retning.INN] == 0
    with om(days=2):
        flyt.avslutt(u.mottaker, id_, grunn="Toppen er over.")
        assert _hent(u.mottaker).her[Retning.INN] == 0


def test_den_som_skulle_ha_begynt_er_merket(u: Utlaan, som: Som) -> None:
    u.til(Status.GODKJENT_MOTTAKER)
    with om(days=1, minutes=5):
        n = _hent(u.mottaker)
        assert (n.her[Retning.INN], n.kommer[Retning.INN]) == (2, 0)
        assert "Skulle ha begynt" in som(u.mottaker).get(SIDE).text


def test_lenger_fram_enn_to_doegn_er_ikke_her_ennaa(u: Utlaan) -> None:
    @transactional
    def senere() -> None:
        u.behov.fra += timedelta(days=3)
        u.behov.til += timedelta(days=3)
        db.session.merge(u.behov)

    senere()
    u.til(Status.GODKJENT_MOTTAKER)
    n = _hent(u.mottaker)
    assert (n.her[Retning.INN], n.kommer[Retning.INN]) == (0, 0)


@pytest.mark.parametrize(
    "status", [Status.UTKAST, Status.FORESLAATT, Status.GODKJENT_AVGIVER, Status.TRUKKET]
)
def test_det_som_ikke_er_avtalt_staar_ikke_her(u: Utlaan, status: Status) -> None:
    u.til(status)
    for aktor in (u.avgiver, u.mottaker):
        n = _hent(aktor)
        assert not any(n.bolker.values()) and n.mine == []


def test_klinikere_ser_det_og_andre_ikke(u: Utlaan, som: Som) -> None:
    u.til(Status.GODKJENT_MOTTAKER)
    sykepleier = lag_aktor(Rolle.HELSEPERSONELL, u.scene.kommune)
    assert "Máret Somby" in som(sykepleier).get(SIDE).text
    for aktor in (
        u.fremmed,
        lag_aktor(Rolle.ADMINISTRATOR, u.scene.kommune),
        lag_aktor(Rolle.INNSYN, u.scene.rhf),
    ):
        svar = som(aktor).get(SIDE)
        assert svar.status_code == 200 and "Somby" not in svar.text and "90011222" not in svar.text


def test_privat_nummer_bare_for_dem_som_styrer_og_de_to_enhetene(u: Utlaan, som: Som) -> None:
    _telefoner(u)
    u.til(Status.GODKJENT_MOTTAKER)
    legevakt = lag_enhet(u.scene.kommune, "legevakt", "Vakta i nord")
    for aktor, har in (
        (u.avgiver, True),
        (lag_aktor(Rolle.VAKTLEDER, u.scene.kommune), True),
        (lag_aktor(Rolle.HELSEPERSONELL, u.scene.kommune, u.oehd), True),
        (lag_aktor(Rolle.SPESIALIST, u.scene.hf, u.post), True),
        (lag_aktor(Rolle.HELSEPERSONELL, u.scene.kommune, legevakt), False),
        (lag_aktor(Rolle.HELSEPERSONELL, u.scene.kommune), False),
        (lag_aktor(Rolle.SPESIALIST, u.scene.hf), False),
    ):
        tekst = som(aktor).get(SIDE).text
        assert "Máret Somby" in tekst and ("90011222" in tekst) == har, (aktor.rolle, aktor.enhet_id)


def test_uten_enhet_paa_noen_av_sidene_er_det_ingen_enhets_nummer(u: Utlaan, som: Som) -> None:
    """None is no unit: a clinician of none is of none of theirs."""
    _telefoner(u)
    u.til(Status.GODKJENT_MOTTAKER, mottaker_enhet_id=None, avgiver_enhet_id=None, aapnes=0)
    assert "90011222" not in som(lag_aktor(Rolle.HELSEPERSONELL, u.scene.kommune)).get(SIDE).text
    # The unit that they belong to at home may ring them.
    assert "90011222" in som(lag_aktor(Rolle.SPESIALIST, u.scene.hf, u.post)).get(SIDE).text


def test_klinikere_ser_det_som_er_slutt_i_en_uke(u: Utlaan, som: Som) -> None:
    """It ended after two days: seen until the ninth, in every way."""
    id_ = u.til(Status.AVSLUTTET)
    sykepleier = lag_aktor(Rolle.HELSEPERSONELL, u.scene.kommune, u.oehd)
    for dager, ser in ((8, True), (10, False)):
        with om(days=dager):
            db.session.rollback()
            omd = u.les(id_)
            assert access.ser(sykepleier, omd) == access.ser_personer(sykepleier, omd) == ser
            funnet = db.session.scalars(access.synlige(sykepleier)).all()
            assert [o.id for o in funnet] == ([id_] if ser else [])
            assert som(sykepleier).get(f"/omdisponering/{id_}").status_code == (200 if ser else 404)
            # Who works with it sees it for good.
            assert access.ser(u.mottaker, u.les(id_))
            assert [o.id for o in db.session.scalars(access.synlige(u.mottaker))] == [id_]


def test_mine_oppdrag_har_brev_og_kalender(u: Utlaan, som: Som) -> None:
    selv = _selv(u)
    _telefoner(u)
    id_ = u.til(Status.GODKJENT_AVGIVER)
    assert _hent(selv).mine == []
    assert "Du har ingen oppdrag" in som(selv).get(SIDE).text
    flyt.godkjenn(u.mottaker, id_, lest=u.les(id_).innhold_hash)
    (mitt,) = _hent(selv).mine
    tekst = som(selv).get(SIDE).text
    assert f"/omdisponering/{id_}/brev/{mitt.linje_id}.pdf" in tekst
    assert f"/omdisponering/{id_}/{mitt.linje_id}.ics" in tekst
    assert "ØHD Guovdageaidnu" in tekst and "78 48 00 10" in tekst
    # Nobody else who is lent, and nothing of the organisation's.
    assert "Åse Ørn" not in tekst and "Ut fra oss" not in tekst


def test_et_oppdrag_som_ble_trukket_staar_som_avlyst(u: Utlaan, som: Som) -> None:
    selv = _selv(u)
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    flyt.trekk(u.avgiver, id_, grunn="Syk selv.")
    tekst = som(selv).get(SIDE).text
    assert "Avlyst" in tekst and "Ta ut av kalenderen" in tekst
    assert f"/omdisponering/{id_}/brev/" not in tekst
    with om(days=60):
        assert _hent(selv).mine == []


def test_egne_som_er_stroeket_er_ikke_mine(u: Utlaan) -> None:
    selv = _selv(u)
    id_ = u.til(Status.FORESLAATT)
    beholdt = next(li.id for li in u.les(id_).linjer if li.ressursperson_id == u.personer[1].id)
    flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash, behold=[beholdt])
    flyt.godkjenn(u.mottaker, id_, lest=u.les(id_).innhold_hash)
    assert _hent(selv).mine == []
    assert [p.navn for b in _hent(u.mottaker).bolker[Retning.INN] for p in b.kommer] == ["Åse Ørn"]


def test_flere_enn_det_er_plass_til_sier_fra(u: Utlaan, som: Som, monkeypatch: Any) -> None:
    monkeypatch.setattr(naa, "FLEST", 1)
    u.til(Status.GODKJENT_MOTTAKER)
    n = _hent(u.mottaker)
    assert n.flere and n.kommer[Retning.INN] == 2
    assert sum(len(b.kommer) for b in n.bolker[Retning.INN]) == 1
    assert "Se alle på tidslinjen" in som(u.mottaker).get(SIDE).text


def test_uten_enhet_staar_til_slutt(u: Utlaan) -> None:
    u.til(Status.GODKJENT_MOTTAKER)
    loes = lag_ressurs(u.scene.hf, navn="Ola Løs")
    id_ = utkast.opprett(
        u.avgiver,
        lag_behov(u.scene.kommune, fra=u.behov.fra).id,
        [utkast.Ny(ressursperson_id=loes.id, samtykket=True)],
        **{**LOV, "bestemmelse_id": u.bestemmelse.id},
    )
    flyt.foreslaa(u.avgiver, id_)
    for aktor in (u.avgiver, u.mottaker):
        flyt.godkjenn(aktor, id_, lest=u.les(id_).innhold_hash)
    assert [b.enhet for b in _hent(u.avgiver).bolker[Retning.UT]] == ["Medisinsk post", ""]
