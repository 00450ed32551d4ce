"""What is changed of a person after an approval is told at once, on the page and to both sides: the receiver never why.

The lender lends two nurses (`Utlaan`); one of them is changed by the lender's other coordinator, so that both hear.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import UgyldigData
from portal.omdisponering import roert
from portal.omdisponering.forloep import Samtykke, Status
from portal.omdisponering.models import Behov
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.omdisponering.service import flyt, lesing, reserve, ressurser, ressursimport, samtykke, utkast
from portal.varsler.models import Varsel
from tests.bygg import lag_aktor, om, skriv
from tests.omdisponering.hjelp import DAG, LOV, Utlaan, lag_behov, lag_ressurs, lag_vedtak
from tests.skjemaer import skjema

Som = Callable[[Aktor], FlaskClient]
KODE = "omdisponering.holder_ikke"


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


@pytest.fixture
def kollega(u: Utlaan) -> Aktor:
    return lag_aktor(Rolle.KOORDINATOR, u.scene.hf)


def _varsler(aktor: Aktor, kode: str = KODE) -> list[Varsel]:
    db.session.rollback()
    return list(
        db.session.scalars(
            sa.select(Varsel).filter_by(person_id=aktor.person_id, kode=kode).order_by(Varsel.opprettet)
        )
    )


def _fortalt(u: Utlaan, kollega: Aktor) -> tuple[int, int]:
    """How many notices the lender's coordinator and the receiver's have got."""
    assert not _varsler(kollega), "who did it knows"
    return len(_varsler(u.avgiver)), len(_varsler(u.mottaker))


def _numre(u: Utlaan, *ider: UUID) -> list[str]:
    return sorted(u.les(i).nummer for i in ider)


@pytest.mark.parametrize("status", [Status.GODKJENT_AVGIVER, Status.GODKJENT_MOTTAKER, Status.IVERKSATT])
def test_mindre_andel_sies_med_en_gang_og_en_gang(u: Utlaan, kollega: Aktor, status: Status) -> None:
    id_ = u.til(status)
    person = u.personer[0].id
    with om(days=1, hours=1) if status == Status.IVERKSATT else om(minutes=1):
        assert ressurser.endre(kollega, person, prosent=40) == _numre(u, id_)
        assert _fortalt(u, kollega) == (1, 1)
        # Saved again unchanged, or with another telephone number: nothing new.
        assert ressurser.endre(kollega, person, prosent=40) == []
        assert ressurser.endre(kollega, person, telefon="900 00 003") == []
        assert _fortalt(u, kollega) == (1, 1)
        # Mended, and broken anew: that is another time.
        assert ressurser.endre(kollega, person, prosent=100) == []
        assert ressurser.endre(kollega, person, prosent=50) == _numre(u, id_)
        assert _fortalt(u, kollega) == (2, 2)
    for varsel in (*_varsler(u.avgiver), *_varsler(u.mottaker)):
        assert varsel.lenke == f"/omdisponering/{id_}" and u.les(id_).nummer in varsel.tittel
        assert "Máret" not in f"{varsel.tittel}{varsel.tekst}" and "%" not in varsel.tekst


def test_mottaker_faar_aldri_vite_hvorfor(u: Utlaan, kollega: Aktor) -> None:
    """A share, an exemption, a vaccine, the training, an authorisation: all are told in the same words."""
    vedtak = lag_vedtak(u.scene.hf)
    skriv(
        sa.update(Ressursperson)
        .where(Ressursperson.id == u.personer[0].id)
        .values(vaksinert=True, smittevern=date(2026, 1, 2), hpr="1234567", hpr_slaatt_opp=date(2026, 1, 2))
    )
    u.personer = [u.personer[0]]
    id_ = u.til(Status.FORESLAATT, vedtak_id=vedtak.id)
    linje = u.les(id_).linjer[0].id
    flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash, beordret=[linje])
    flyt.godkjenn(u.mottaker, id_, lest=u.les(id_).innhold_hash)
    krav = {"krever_vaksine": True, "krever_smittevern": True, "krever_autorisasjon": True}
    skriv(sa.update(Behov).where(Behov.id == u.behov.id).values(**krav))
    person = u.personer[0].id
    for felter in ({"prosent": 20}, {"fritatt": True}, {"vaksinert": None}, {"smittevern": None}):
        assert ressurser.endre(kollega, person, **felter) == _numre(u, id_), felter
    assert ressurser.merk_hpr(kollega, person, hpr="1234567", gyldig=False) == _numre(u, id_)
    assert _fortalt(u, kollega) == (5, 5)
    assert len({(v.tittel, v.tekst) for v in _varsler(u.mottaker)}) == 1
    # On the page the lender reads why, the receiver that the lender must look at it.
    galt = lesing.hent(kollega, id_).holder_ikke[linje]
    assert len(galt) == 5
    assert lesing.hent(u.mottaker, id_).holder_ikke == {linje: [roert.AVGIVER_SER]}


def test_det_som_fortsatt_holder_sies_det_ingenting_om(u: Utlaan, kollega: Aktor) -> None:
    """Enough is left, nobody is ordered, a draft and a proposal promise nothing, and what is over is over."""
    person = u.personer[0].id
    u.til(Status.UTKAST)
    u.til(Status.FORESLAATT)
    assert ressurser.endre(kollega, person, prosent=90) == []
    ressurser.endre(kollega, person, prosent=100)
    id_ = u.til(Status.AVSLUTTET)
    assert ressurser.endre(kollega, person, prosent=30) == []
    ressurser.endre(kollega, person, prosent=100)
    frivillig = u.til(Status.GODKJENT_MOTTAKER)
    assert ressurser.endre(kollega, person, fritatt=True, navn="Máret S. Somby") == []
    assert _fortalt(u, kollega) == (0, 0)
    assert not lesing.hent(u.avgiver, frivillig).holder_ikke and not lesing.hent(u.avgiver, id_).holder_ikke


def test_to_halve_som_til_sammen_blir_for_mye(u: Utlaan, kollega: Aktor) -> None:
    person = u.personer[0].id
    ider = []
    for kommune in (u.scene.kommune, u.scene.annen_kommune):
        id_ = utkast.opprett(
            u.avgiver,
            lag_behov(kommune).id,
            [utkast.Ny(ressursperson_id=person, andel=50, samtykket=True)],
            **{**LOV, "bestemmelse_id": u.bestemmelse.id},
        )
        flyt.foreslaa_og_godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
        ider.append(id_)
    assert ressurser.endre(kollega, person, prosent=60) == _numre(u, *ider)
    assert _fortalt(u, kollega) == (2, 1) and len(_varsler(u.fremmed)) == 1
    s = ressurser.hent(kollega, person)
    assert s.over == 100 and sorted(omd.nummer for omd, _galt in s.holder_ikke) == _numre(u, *ider)


def test_fravaer_etter_godkjenning_sies_og_staar_paa_sidene(u: Utlaan, kollega: Aktor, som: Som) -> None:
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    person = u.personer[0].id
    fra, til = u.behov.fra + DAG, u.behov.fra + 2 * DAG
    assert ressurser.meld_borte(kollega, person, fra=fra, til=til) == _numre(u, id_)
    with pytest.raises(UgyldigData):
        ressurser.meld_borte(kollega, person, fra=fra, til=til)
    for aktor in (u.avgiver, u.mottaker):
        (varsel,) = _varsler(aktor, "omdisponering.borte")
        assert varsel.lenke == f"/omdisponering/{id_}"
    # What is changed beside the absence is not the absence told anew.
    assert ressurser.endre(kollega, person, telefon="900 00 004") == []
    for adresse in (f"/omdisponering/personer/{person}", f"/omdisponering/{id_}"):
        assert "Personen er ikke tilgjengelig i hele perioden." in som(kollega).get(adresse).text
    mottakers = som(u.mottaker).get(f"/omdisponering/{id_}").text
    assert "Avgiver må se på denne linjen." in mottakers and "ikke tilgjengelig" not in mottakers


def test_siden_sier_hva_som_er_roert_naar_det_lagres(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    nummer = u.les(id_).nummer
    person = f"/omdisponering/personer/{u.personer[0].id}"
    klient = som(u.avgiver)
    felter = skjema(klient.get(f"{person}/endre"), f"{person}/endre")
    assert klient.post(f"{person}/endre", data={**felter, "prosent": "30"}).status_code == 303
    side = klient.get(person).text
    assert f"Dette er godkjent, og holder ikke lenger: {nummer}." in side
    side = klient.get(person).text
    assert "Dette er godkjent, og holder ikke lenger" not in side
    assert "Godkjent, men holder ikke lenger" in side and f'href="/omdisponering/{id_}"' in side
    assert "Personen kan avgis høyst 30 %." in side
    felter = skjema(klient.get(f"{person}/endre"), f"{person}/endre")
    assert klient.post(f"{person}/endre", data=felter).status_code == 303
    assert "Dette er godkjent, og holder ikke lenger" not in klient.get(person).text
    assert len(_varsler(u.mottaker)) == 1 and not _varsler(u.avgiver)


def test_en_fil_som_senker_andelen_sier_det_ogsaa(u: Utlaan, kollega: Aktor) -> None:
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    linjer = [f"{p.id};{p.navn};Sykepleier;20" for p in u.personer]
    tekst = "\n".join(["id;navn;stilling;prosent", *linjer])
    raa = ressursimport.les_linjer(tekst)
    assert ressursimport.importer(kollega, raa).holder_ikke == _numre(u, id_)
    assert _fortalt(u, kollega) == (1, 1)
    assert ressursimport.importer(kollega, raa).holder_ikke == []
    assert _fortalt(u, kollega) == (1, 1)
    assert all(v.gjelder == f"omdisponering:{id_}" for v in _varsler(u.mottaker))


def test_reservens_egen_endring_sies_til_begge(u: Utlaan, klient: FlaskClient) -> None:
    noekkel = "n" * 43
    person = lag_ressurs(
        u.scene.hf,
        navn="Berit Pensjonist",
        epost="berit@eksempel.no",
        samtykke=Samtykke.GITT,
        samtykket=now(),
        noekkel_hash=samtykke.reserveregister.hash_av(noekkel),
        noekkel_utloeper=now() + 10 * DAG,
    )
    u.personer = [person]
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    adresse = f"/omdisponering/samtykke/{noekkel}"
    felt = {"gjoer": "endre", "epost": "berit@eksempel.no", "sted_id": str(u.scene.kommune.id)}
    assert klient.post(adresse, data={**felt, "prosent": "50"}).status_code == 303
    assert "De det gjelder, har fått beskjed." in klient.get(adresse).text
    assert klient.post(adresse, data={**felt, "prosent": "50"}).status_code == 303
    assert "De det gjelder, har fått beskjed." not in klient.get(adresse).text
    assert (len(_varsler(u.avgiver)), len(_varsler(u.mottaker))) == (1, 1)
    legefelt: dict[str, Any] = {"navn": "Berit P.", "stilling": "lege", "epost": "berit@eksempel.no"}
    assert reserve.endre(u.avgiver, person.id, **legefelt).numre == _numre(u, id_)
    assert (len(_varsler(u.avgiver)), len(_varsler(u.mottaker))) == (1, 2)
    assert reserve.endre(u.avgiver, person.id, **legefelt).numre == []
    assert len(_varsler(u.mottaker)) == 2 and u.les(id_).status == Status.GODKJENT_MOTTAKER
