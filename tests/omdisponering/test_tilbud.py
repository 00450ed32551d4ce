"""Offers: several people or rooms picked at once, what cannot be offered and why, and what others see of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now, oslo
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData, UgyldigOvergang, Utdatert
from portal.omdisponering.forloep import Kompetanse, Lokalkrav, Samtykke, Slag, Status
from portal.omdisponering.models import Behov, Omdisponering, Tilbud
from portal.omdisponering.ressursmodeller import Ressursfravaer
from portal.omdisponering.service import flyt, oversikt, tilbud, utkast
from portal.omdisponering.tilbudsrest import Tatt
from portal.varsler.models import Varsel
from tests.bygg import lag_aktor, lagre, om, revisjon, skriv
from tests.omdisponering.hjelp import (
    DAG,
    LOV,
    Utlaan,
    lag_behov,
    lag_lokale,
    lag_ressurs,
    lag_tilbud,
    setninger,
)

Som = Callable[[Aktor], FlaskClient]


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def tilby(u: Utlaan, **endret: Any) -> list[UUID]:
    """The trust offers both its nurses to the kommune's need."""
    return tilbud.tilby(
        u.avgiver,
        **{
            "personer": [p.id for p in u.personer],
            "fra": u.behov.fra,
            "til": u.behov.til,
            "behov_id": u.behov.id,
            **endret,
        },
    )


def alle() -> list[Tilbud]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Tilbud).order_by(Tilbud.opprettet, Tilbud.id)))


def varsler(kode: str, person: Aktor) -> list[Varsel]:
    db.session.rollback()
    return list(
        db.session.scalars(sa.select(Varsel).where(Varsel.kode == kode, Varsel.person_id == person.person_id))
    )


def test_flere_paa_en_gang_og_ett_varsel(u: Utlaan) -> None:
    nye = tilby(u, andel=50, merknad="Kan ta natt.")
    assert {(t.ressursperson_id, t.andel, t.status) for t in alle()} == {
        (p.id, 50, "aapent") for p in u.personer
    }
    (varsel,) = varsler("behov.tilbud", u.mottaker)
    assert "tilbyr 2: Sykepleier" in varsel.tittel and "Máret" not in varsel.tittel + varsel.tekst
    assert len(revisjon("tilbud.opprettet")) == 2
    assert len({str(i) for i in nye}) == 2


@pytest.mark.parametrize(
    ("endret", "felt"),
    [
        ({"personer": []}, "hvem"),
        ({"andel": 0}, "andel"),
        ({"andel": 101}, "andel"),
        ({"fra": None}, "fra"),
        ({"til": None}, "til"),
        ({"fra": now() + 40 * DAG, "til": now() + 41 * DAG}, "fra"),
        ({"fra": now() - 9 * DAG, "til": now() - 8 * DAG}, "til"),
        ({"fra": now() + 9 * DAG, "til": now() + 5 * DAG}, "til"),
    ],
)
def test_galt_utfylt_sier_hvor(u: Utlaan, endret: dict[str, Any], felt: str) -> None:
    with pytest.raises(UgyldigData) as feil:
        tilby(u, **endret)
    assert set(feil.value.detaljer["felter"]) == {felt}
    assert not alle() and not revisjon("tilbud.opprettet") and not varsler("behov.tilbud", u.mottaker)


def _feil(u: Utlaan, person: UUID, **endret: Any) -> str:
    with pytest.raises(UgyldigData) as feil:
        tilby(u, personer=[person], **endret)
    assert set(feil.value.detaljer["felter"]) == {f"person-{person}"}
    assert not any(t.ressursperson_id == person for t in alle())
    return " ".join(str(x) for x in feil.value.detaljer["felter"][f"person-{person}"])


def test_det_som_ikke_kan_avgis_kan_ikke_tilbys(u: Utlaan) -> None:
    halv = lag_ressurs(u.scene.hf, u.post, navn="Jon Halv", prosent=50)
    assert "høyst 50 %" in _feil(u, halv.id, andel=60)
    borte = lag_ressurs(u.scene.hf, u.post, navn="Ida Borte")
    lagre(
        Ressursfravaer(
            id=uuid4(), ressursperson_id=borte.id, fra=u.behov.fra, til=u.behov.fra + DAG, opprettet=now()
        )
    )
    assert "ikke tilgjengelig" in _feil(u, borte.id)
    lege = lag_ressurs(u.scene.hf, u.post, navn="Kai Lege", stilling="lege")
    assert "en annen stilling" in _feil(u, lege.id)
    venter = lag_ressurs(u.scene.hf, navn="Ola Reserve", samtykke=Samtykke.VENTER)
    assert "kan ikke avgis lenger" in _feil(u, venter.id)
    # Promised by an approved reallocation.
    u.til(Status.GODKJENT_AVGIVER)
    assert "alt lovet bort" in _feil(u, u.personer[0].id)
    with pytest.raises(IkkeFunnet):
        tilby(u, personer=[lag_ressurs(u.scene.annet_hf).id])


def test_det_som_er_igjen_av_en_kan_tilbys(u: Utlaan) -> None:
    person = u.personer[0]
    id_ = utkast.opprett(
        u.avgiver,
        u.behov.id,
        [utkast.Ny(ressursperson_id=person.id, andel=60, samtykket=True)],
        **{**LOV, "bestemmelse_id": u.bestemmelse.id},
    )
    flyt.foreslaa(u.avgiver, id_)
    flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    assert "alt lovet bort" in _feil(u, person.id, andel=50)
    tilby(u, personer=[person.id], andel=40)
    assert [t.andel for t in alle()] == [40]


def test_samme_tilbud_to_ganger(u: Utlaan) -> None:
    tilby(u)
    with pytest.raises(UgyldigData) as feil:
        tilby(u)
    assert set(feil.value.detaljer["felter"]) == {f"person-{p.id}" for p in u.personer}
    # To everybody is another thing, and to another time.
    tilby(u, behov_id=None)
    tilby(u, behov_id=None, fra=u.behov.til, til=u.behov.til + DAG)
    assert len(alle()) == 6


def test_til_eget_behov_eller_ett_som_er_lukket(u: Utlaan) -> None:
    eget = lag_behov(u.scene.hf)
    with pytest.raises(UgyldigOvergang):
        tilby(u, behov_id=eget.id)
    lukket = lag_behov(u.scene.kommune, status="lukket")
    with pytest.raises(UgyldigOvergang):
        tilby(u, behov_id=lukket.id)
    with pytest.raises(IkkeFunnet):
        tilby(u, behov_id=lag_behov(u.scene.kommune, status="utkast", meldt=None).id)


def test_lokale_maa_vaere_det_som_trengs(u: Utlaan) -> None:
    trengs = lag_behov(
        u.scene.kommune, slag=Slag.LOKALE, antall=1, plasser=8, lokalkrav=int(Lokalkrav.OKSYGENUTTAK)
    )
    lite = lag_lokale(u.scene.hf, plasser=4, krav=int(Lokalkrav.OKSYGENUTTAK))
    uten = lag_lokale(u.scene.hf, krav=int(Lokalkrav.BAD))
    passer = lag_lokale(u.scene.hf, krav=int(Lokalkrav.OKSYGENUTTAK | Lokalkrav.BAD))
    with pytest.raises(UgyldigData) as feil:
        tilby(u, personer=[], lokaler=[lite.id, uten.id, passer.id], behov_id=trengs.id)
    assert set(feil.value.detaljer["felter"]) == {f"lokale-{lite.id}", f"lokale-{uten.id}"}
    (id_,) = tilby(u, personer=[], lokaler=[passer.id], behov_id=trengs.id)
    s = oversikt.hent_behov(u.mottaker, trengs.id)
    assert [(r.tilbud.id, r.navn) for r in s.tilbud] == [(id_, passer.navn)]


def test_trukket_er_borte_for_alle(u: Utlaan, som: Som) -> None:
    foerste, andre = tilby(u)
    with pytest.raises(IkkeTilgang):
        tilbud.trekk(u.mottaker, foerste)
    with pytest.raises(Utdatert):
        tilbud.trekk(u.avgiver, foerste, lest=7)
    tilbud.trekk(u.avgiver, foerste, lest=1)
    with pytest.raises(UgyldigOvergang):
        tilbud.trekk(u.avgiver, foerste)
    assert [r.tilbud.id for r in oversikt.hent_behov(u.mottaker, u.behov.id).tilbud] == [andre]
    db.session.rollback()
    svar = som(u.avgiver).post(f"/omdisponering/tilbud/{foerste}/trekk", data={"lest": "2"})
    assert svar.status_code == 409 and "alt trukket" in svar.get_data(as_text=True)
    assert [r.navn for r in tilbud.hent_liste(u.avgiver).egne]


# --- who sees what ---------------------------------------------------------------------------------------


def test_andre_ser_hva_men_aldri_hvem(u: Utlaan, som: Som) -> None:
    person = lag_ressurs(
        u.scene.hf, u.post, navn="Biret Hemmelig", kompetanse=int(Kompetanse.INTENSIV), telefon="99999999"
    )
    tilby(u, personer=[person.id], behov_id=None)
    tilby(u, personer=[person.id])
    egen, annen, tredje = som(u.avgiver), som(u.mottaker), som(u.fremmed)
    assert "Biret Hemmelig" in egen.get("/omdisponering/tilbud").get_data(as_text=True)
    for klient, adresse in (
        (annen, "/omdisponering/tilbud"),
        (tredje, "/omdisponering/tilbud"),
        (annen, f"/omdisponering/behov/{u.behov.id}"),
        (tredje, f"/omdisponering/behov/{u.behov.id}"),
        (annen, "/omdisponering/"),
    ):
        side = klient.get(adresse).get_data(as_text=True)
        assert "Biret" not in side and "99999999" not in side and str(person.id) not in side
    assert "Intensiv" in annen.get("/omdisponering/tilbud").get_data(as_text=True)
    # What is offered to one need is for who has it, and for who offers.
    assert len(tilbud.hent_liste(u.mottaker).andres) == 2
    assert len(tilbud.hent_liste(u.fremmed).andres) == 1
    assert len(oversikt.hent_behov(u.mottaker, u.behov.id).tilbud) == 2
    assert not oversikt.hent_behov(u.fremmed, u.behov.id).tilbud
    db.session.rollback()
    lege = lag_aktor(Rolle.LEGE_KOMMUNE, u.scene.kommune)
    assert som(lege).get("/omdisponering/tilbud").status_code == 403


# --- the pages -------------------------------------------------------------------------------------------


def test_skjemaet_viser_hvem_som_kan_og_hvorfor_ikke(u: Utlaan, som: Som) -> None:
    lag_ressurs(u.scene.hf, u.post, navn="Kai Lege", stilling="lege")
    opptatt = lag_ressurs(u.scene.hf, u.post, navn="Ida Borte")
    lagre(
        Ressursfravaer(
            id=uuid4(), ressursperson_id=opptatt.id, fra=u.behov.fra, til=u.behov.til, opprettet=now()
        )
    )
    side = som(u.avgiver).get(f"/omdisponering/tilbud/ny?behov={u.behov.id}").get_data(as_text=True)
    assert "Kai Lege" not in side and "1 annen i registeret" in side
    bokser = {
        m.group(1): m.group(0) for m in re.finditer(r'<input[^>]*id="person-([0-9a-f-]{36})"[^>]*>', side)
    }
    assert set(bokser) == {str(p.id) for p in (*u.personer, opptatt)}
    # Away then, not later: the box can be ticked when the period is another.
    assert "Ida Borte er ikke tilgjengelig" in side and " disabled" not in "".join(bokser.values())
    senere = som(u.avgiver).post(
        "/omdisponering/tilbud/ny",
        data={
            "slag": "personell",
            "behov_id": str(u.behov.id),
            "fra": "2031-01-05T08:00",
            "til": "2031-01-06T08:00",
            "gjoer": "se",
        },
    )
    assert senere.status_code == 200 and "ikke tilgjengelig" not in senere.get_data(as_text=True)
    assert not alle()


def test_den_som_mangler_det_behovet_krever_kan_ikke_krysses_av(u: Utlaan, som: Som) -> None:
    krevende = lag_behov(u.scene.kommune, krever_smittevern=True)
    side = som(u.avgiver).get(f"/omdisponering/tilbud/ny?behov={krevende.id}").get_data(as_text=True)
    assert len(re.findall(r'<input[^>]*id="person-[^>]* disabled', side)) == len(u.personer)
    assert "opplæring i smittevern" in side


def test_avkryssede_kommer_igjen_naar_noe_er_galt(u: Utlaan, som: Som) -> None:
    klient = som(u.avgiver)
    data = {
        "slag": "personell",
        "behov_id": str(u.behov.id),
        "personer": [str(p.id) for p in u.personer],
        "fra": "2031-01-05T08:00",
        "til": "2031-01-04T08:00",
        "andel": "80",
        "merknad": "Kan ta natt.",
    }
    svar = klient.post("/omdisponering/tilbud/ny", data=data)
    side = svar.get_data(as_text=True)
    assert svar.status_code == 422 and "Slutten må være etter begynnelsen" in side and "Kan ta natt." in side
    for p in u.personer:
        assert re.search(rf'id="person-{p.id}"[^>]* checked', side)
    # The availability is of the need's time again, and nothing was stored.
    assert not alle()


def test_avgiver_velger_og_mottaker_lager_utkast_av_tilbudene(u: Utlaan, som: Som) -> None:
    avgiver, mottaker = som(u.avgiver), som(u.mottaker)
    fra, til = (oslo(x).strftime("%d.%m.%Y %H:%M") for x in (u.behov.fra + timedelta(hours=2), u.behov.til))
    svar = avgiver.post(
        "/omdisponering/tilbud/ny",
        data={
            "slag": "personell",
            "behov_id": str(u.behov.id),
            "personer": [str(p.id) for p in u.personer],
            "fra": fra,
            "til": til,
            "andel": "100",
        },
    )
    assert svar.status_code == 303, svar.get_data(as_text=True)
    adresse = f"/omdisponering/behov/{u.behov.id}"
    side = mottaker.get(adresse).get_data(as_text=True)
    valg = re.findall(r'name="tilbud" value="([0-9a-f-]{36})"', side)
    assert len(valg) == 2
    svar = mottaker.post(f"{adresse}/utkast", data={"tilbud": []})
    assert svar.status_code == 422 and "Velg minst" in svar.get_data(as_text=True)
    svar = mottaker.post(f"{adresse}/utkast", data={"tilbud": valg})
    assert svar.status_code == 303
    db.session.rollback()
    id_ = UUID(svar.headers["Location"].rsplit("/", 1)[1])
    omd = db.session.get_one(Omdisponering, id_)
    assert {str(li.tilbud_id) for li in omd.linjer} == set(valg)
    db.session.rollback()
    flyt.foreslaa(u.mottaker, id_)
    assert [r.omd.id for r in oversikt.hent(u.avgiver).venter] == [id_]


def test_to_avgivere_ett_utkast_om_gangen(u: Utlaan, som: Som) -> None:
    egen = lag_tilbud(u.personer[0], u.behov)
    annen = lag_tilbud(lag_ressurs(u.scene.annet_hf), u.behov)
    svar = som(u.mottaker).post(
        f"/omdisponering/behov/{u.behov.id}/utkast", data={"tilbud": [str(egen.id), str(annen.id)]}
    )
    side = svar.get_data(as_text=True)
    assert svar.status_code == 422 and "fra flere avgivere" in side
    assert len(re.findall(r'name="tilbud"[^>]* checked', side)) == 2


def lov(u: Utlaan, tilbud_id: UUID, behov_id: UUID | None = None, **linje: Any) -> Omdisponering:
    """The lender approves what is made of an offer."""
    id_ = utkast.opprett(
        u.avgiver,
        behov_id or u.behov.id,
        [utkast.Ny(tilbud_id=tilbud_id, samtykket=True, **linje)],
        **{**LOV, "bestemmelse_id": u.bestemmelse.id},
    )
    flyt.foreslaa_og_godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    return u.les(id_)


def staar(u: Utlaan) -> tuple[dict[UUID, Tatt | None], int]:
    """What the receiver's page says of each offer, and how many the card of the need counts."""
    s = oversikt.hent_behov(u.mottaker, u.behov.id)
    assert s.kan_lage_utkast == any(r.tatt is None for r in s.tilbud)
    return {r.tilbud.id: r.tatt for r in s.tilbud}, s.rad.tilbud


def test_det_som_er_lovet_behovet_kan_ikke_velges_igjen(u: Utlaan, som: Som) -> None:
    """Both sides see what has become of the offer, and how far it has come; the card counts those that are left."""
    tatt, ledig = tilby(u)
    omd = lov(u, tatt)

    def side_sier(ord_: str) -> None:
        for aktor in (u.mottaker, u.avgiver):
            side = som(aktor).get(f"/omdisponering/behov/{u.behov.id}").text
            bokser = dict(re.findall(r'name="tilbud" value="([0-9a-f-]{36})"([^>]*)>', side))
            assert " disabled" in bokser[str(tatt)]
            assert f'{ord_} <a class="ds-link" href="/omdisponering/{omd.id}">{omd.nummer}</a>' in side

    assert list(staar(u)[0].items()) == [(ledig, None), (tatt, Tatt(omd.id, omd.nummer))]
    side_sier("Satt av i")
    flyt.godkjenn(u.mottaker, omd.id, lest=u.les(omd.id).innhold_hash)
    assert staar(u) == ({ledig: None, tatt: Tatt(omd.id, omd.nummer, avtalt=True)}, 1)
    side_sier("Avtalt i")


def test_det_som_er_lovet_bort_til_andre_sies_uten_hvem(u: Utlaan, som: Som) -> None:
    rettet = lag_tilbud(u.personer[0], u.behov, rettet=True).id
    annet = lag_behov(u.scene.annen_kommune, fra=u.behov.fra)
    nummer = lov(u, lag_tilbud(u.personer[0], u.behov).id, annet.id).nummer
    funnet, antall = staar(u)
    assert funnet[rettet] == Tatt() and antall == 0
    side = som(u.mottaker).get(f"/omdisponering/behov/{u.behov.id}").text
    assert "Lovet bort i perioden" in side and nummer not in side


@pytest.mark.parametrize(
    ("behovets", "tilbudt", "lovet", "igjen"),
    [
        # As much as the need asks for is agreed: another draft would ask for as much again, and not get it.
        (60, 100, 60, False),
        (100, 60, 60, False),
        # So much is left that another draft could have it.
        (40, 100, 40, True),
        (30, 60, 30, True),
    ],
)
def test_det_som_er_igjen_av_et_tilbud_kan_velges(
    u: Utlaan, behovets: int, tilbudt: int, lovet: int, igjen: bool
) -> None:
    skriv(sa.update(Behov).where(Behov.id == u.behov.id).values(andel=behovets))
    (id_,) = tilby(u, personer=[u.personer[0].id], andel=tilbudt)
    lov(u, id_, andel=lovet)
    funnet, antall = staar(u)
    assert ((funnet[id_] is None), antall) == (igjen, int(igjen))


def test_halvparten_lovet_til_andre_lar_resten_staa(u: Utlaan) -> None:
    (id_,) = tilby(u, personer=[u.personer[0].id])
    annet = lag_behov(u.scene.annen_kommune, fra=u.behov.fra)
    lov(u, lag_tilbud(u.personer[0], u.behov).id, annet.id, andel=50)
    assert staar(u)[0][id_] is None


def test_en_dag_avtalt_lar_resten_av_uka_staa(u: Utlaan) -> None:
    (id_,) = tilby(u, personer=[u.personer[0].id])
    lov(u, id_, fra=u.behov.fra, til=u.behov.fra + DAG)
    assert staar(u) == ({id_: None}, 1)
    # The rest of it is promised to others: nothing is left at any moment.
    annet = lag_behov(u.scene.annen_kommune, fra=u.behov.fra)
    resten = lag_tilbud(u.personer[0], u.behov).id
    lov(u, resten, annet.id, fra=u.behov.fra + DAG, til=u.behov.til)
    funnet, antall = staar(u)
    assert funnet[id_] is not None and antall == 0


def test_dager_som_er_over_er_ingenting_aa_velge(u: Utlaan) -> None:
    (id_,) = tilby(u, personer=[u.personer[0].id])
    lov(u, id_, fra=u.behov.fra + 2 * DAG, til=u.behov.til)
    assert staar(u)[0][id_] is None
    with om(days=3, minutes=1):
        assert staar(u)[0][id_] is not None


def test_like_mange_sporsmaal_hvor_mange_behov_og_tilbud_det_er(u: Utlaan) -> None:
    def les() -> None:
        oversikt.hent_behovsliste(u.mottaker, hvem="egne")

    tilby(u)
    lov(u, alle()[0].id)
    faa = setninger(les)
    for n in range(4):
        behov = lag_behov(u.scene.kommune, u.oehd)
        for p in [lag_ressurs(u.scene.hf, u.post, navn=f"Ny {n} {i}") for i in range(3)]:
            lov(u, lag_tilbud(p, behov, rettet=True).id, behov.id)
    assert setninger(les) == faa
