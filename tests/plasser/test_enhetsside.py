"""The unit's page: who sees what, one click for each state, and what comes too late changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now, oslo
from portal.core.db import db, transactional
from portal.plasser.forloep import Evne, Holdstatus, Tilstand
from portal.plasser.models import Avslag, Opphold, Plass, Plassenhet, Reservasjon
from portal.plasser.service import drift, reservasjoner
from tests.bygg import PERSONNUMMER, Opptak, Scene, lag_aktor, om, revisjon, uten_spor
from tests.plasser.hjelp import Folk, lag_folk, lag_plassenhet, les_opphold, les_plasser, les_tall, ny_plass

Som = Callable[[Aktor], FlaskClient]


def tekst(svar: Any) -> str:
    """What a page says, as one line of words."""
    assert svar.status_code in (200, 409, 422), svar.status_code
    hoved = svar.get_data(as_text=True).split('<main id="innhold"', 1)[1].split("</main>", 1)[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", hoved)).split())


def side(enhet_id: UUID, *videre: object) -> str:
    return "/".join(["/plasser", str(enhet_id), *map(str, videre)])


@pytest.fixture
def enhet_id(scene: Scene) -> UUID:
    """Three beds: a free one, one that somebody lies in, and one that is cleaned."""
    return lag_plassenhet(scene, [Tilstand.LEDIG, Tilstand.BELAGT, Tilstand.RENGJOERES], evner=Evne.OKSYGEN)


@pytest.fixture
def folk(scene: Scene, enhet_id: UUID) -> Folk:
    return lag_folk(scene, enhet_id, kvote=1)


def _ledig(enhet_id: UUID) -> Plass:
    return next(p for p in les_plasser(enhet_id) if p.tilstand == Tilstand.LEDIG)


def _hold(folk: Folk, enhet_id: UUID, **valg: Any) -> UUID:
    return reservasjoner.reserver(folk.medlemslege, enhet_id, klient_id=uuid4(), **valg)


# --- who sees what ---------------------------------------------------------------------------------------


def test_enhetens_folk_ser_hver_plass_med_knapper(som: Som, enhet_id: UUID, folk: Folk) -> None:
    sett = som(folk.sykepleier).get(side(enhet_id))
    ord_ = tekst(sett)
    for noe in ("Ledig", "Belagt", "Rengjøres", "Legg inn", "Skriv ut", "Ingen endring", "Sist bekreftet"):
        assert noe in ord_, noe
    # What can be done is a verb; only a state looks like a state.
    knapper = re.findall(r"<button[^>]*>(.*?)</button>", sett.text, re.S)
    knapper = [" ".join(re.sub(r"<[^>]+>", " ", k).split()) for k in knapper]
    assert any(k.startswith("Sett ledig") for k in knapper)
    assert any(k.startswith("Til rengjøring") for k in knapper)
    assert not any(k.startswith(("Ledig", "Rengjøres", "Stengt", "Belagt")) for k in knapper)
    opphold = les_opphold(enhet_id)[0]
    assert f"/opphold/{opphold.id}/utskrivning" in sett.text


def test_stengt_for_mangel_paa_folk_er_ikke_bare_bemannet(som: Som, scene: Scene) -> None:
    enhet_id = lag_plassenhet(scene, [Tilstand.BELAGT, Tilstand.STENGT])
    sett = som(lag_folk(scene, enhet_id).sykepleier).get(side(enhet_id))
    assert "Bemanning 2 av 2 bemannet, 1 stengt" in tekst(sett)
    # None free: nothing shines.
    assert re.search(r'plasstall__del--ledig" data-null>', sett.text)
    assert re.search(r'plasstall__del--belagt">', sett.text)


def test_andre_leser_og_ser_ingen_opphold(som: Som, enhet_id: UUID, folk: Folk, scene: Scene) -> None:
    _hold(folk, enhet_id, merknad="Kommer 21.")
    opphold = les_opphold(enhet_id)[0]
    for aktor in (folk.fremmed, folk.fremmed_koordinator, scene.innsyn, scene.spesialist):
        sett = som(aktor).get(side(enhet_id))
        ord_ = tekst(sett)
        assert "Holdt" in ord_ and "Oksygen" in ord_
        assert str(opphold.id) not in sett.text and "Kommer 21" not in sett.text
        assert "Mons Medlemslege" not in sett.text and "Legg inn" not in ord_ and "Forleng" not in ord_
        assert "<form" not in sett.text.split("<main", 1)[1].split("</main>", 1)[0]
    assert "Kommer 21" in tekst(som(folk.sykepleier).get(side(enhet_id)))
    # The host's coordinator sees who holds it, not what was written about the patient.
    vert = som(folk.koordinator).get(side(enhet_id))
    assert "Mons Medlemslege" in tekst(vert) and "Kommer 21" not in vert.text
    kollega = som(lag_aktor(Rolle.LEGE_KOMMUNE, folk.medlem)).get(side(enhet_id))
    assert "Holdt for dere" in tekst(kollega) and "Kommer 21" not in kollega.text
    egen = tekst(som(folk.medlemslege).get(side(enhet_id)))
    assert "Holdt for dere" in egen and "Kommer 21" in egen and "Legg inn" not in egen


def test_kriterier_vises_som_tekst_og_aldri_som_markup(som: Som, scene: Scene) -> None:
    enhet_id = lag_plassenhet(scene, kriterier="**Avklart** tilstand <script>alert(1)</script>")
    sett = som(scene.fremmed_lege).get(side(enhet_id)).text
    assert "<strong>Avklart</strong>" in sett and "<script>alert" not in sett


def test_ukjent_er_ikke_null(som: Som, scene: Scene) -> None:
    """Nobody has ever said anything: the page says so, and «ingen endring» is not offered."""
    enhet_id = lag_plassenhet(scene, [Tilstand.UKJENT, Tilstand.UKJENT], bekreftet=None)
    folk = lag_folk(scene, enhet_id)
    ord_ = tekst(som(folk.sykepleier).get(side(enhet_id)))
    assert "Ingen har sagt hvordan plassene står ennå" in ord_
    assert "Ingen endring" not in ord_ and "2 plasser er ukjente" in ord_
    svar = som(folk.sykepleier).post(side(enhet_id, "ingen-endring"))
    assert svar.status_code == 409 and "Si først hvordan disse plassene står: 1, 2." in tekst(svar)


def test_tallene_blir_gamle_etter_fasens_frist(som: Som, enhet_id: UUID, folk: Folk) -> None:
    klient = som(folk.sykepleier)
    assert klient.post(side(enhet_id, "ingen-endring")).status_code == 303
    assert "Gjelder til" in tekst(klient.get(side(enhet_id)))
    with om(hours=11.9):
        assert "Tallene er gamle" not in tekst(som(folk.fremmed).get(side(enhet_id)))
    with om(hours=12.1):
        ord_ = tekst(som(folk.fremmed).get(side(enhet_id)))
        assert "Tallene er gamle" in ord_ and "Sunniva Sykepleier" in ord_


# --- one click -------------------------------------------------------------------------------------------


def test_ett_trykk_setter_tilstanden_og_bekrefter(som: Som, enhet_id: UUID, folk: Folk) -> None:
    klient, plass = som(folk.sykepleier), _ledig(enhet_id)
    svar = klient.post(
        side(enhet_id, "plass", plass.id, "tilstand"),
        data={"tilstand": "stengt", "grunn": "smitte", "lest": plass.versjon},
    )
    assert svar.status_code == 303 and svar.location.endswith(f"#plass-{plass.id}")
    stengt = next(p for p in les_plasser(enhet_id) if p.id == plass.id)
    assert (stengt.tilstand, stengt.stengt_grunn) == ("stengt", "smitte")
    assert les_tall(enhet_id).ledig == 0
    assert db.session.get_one(Plassenhet, enhet_id).bekreftet_av_id == folk.sykepleier.person_id
    ord_ = tekst(klient.get(side(enhet_id)))
    assert "Stengt : smitte" in ord_ or "Stengt: smitte" in ord_
    assert "Sunniva Sykepleier" in ord_


def test_et_trykk_paa_en_gammel_side_endrer_ingenting(
    som: Som, enhet_id: UUID, folk: Folk, opptak: Opptak
) -> None:
    plass = _ledig(enhet_id)
    lest = plass.versjon
    drift.sett_tilstand(folk.lege, enhet_id, plass.id, tilstand=Tilstand.RENGJOERES, lest=lest)
    klient = som(folk.sykepleier)
    with uten_spor(opptak):
        svar = klient.post(
            side(enhet_id, "plass", plass.id, "tilstand"),
            data={"tilstand": "stengt", "grunn": "utstyr", "lest": lest},
        )
    ord_ = tekst(svar)
    assert svar.status_code == 409 and "Plassen er endret etter at du åpnet siden" in ord_
    # The state as it is now, who set it, and the reason that was about to be given within reach.
    assert (
        "1 er nå: rengjøres, satt av Ole Oversiktslege." in ord_
        and '<details class="plasskort__mer" open>' in svar.text
    )


def test_en_stengt_plass_maa_ha_en_grunn(som: Som, enhet_id: UUID, folk: Folk) -> None:
    plass = _ledig(enhet_id)
    svar = som(folk.sykepleier).post(
        side(enhet_id, "plass", plass.id, "tilstand"), data={"tilstand": "stengt", "lest": plass.versjon}
    )
    assert svar.status_code == 422 and "Velg hvorfor plassen stenges" in tekst(svar)


def test_en_belagt_plass_kan_ikke_stenges(som: Som, enhet_id: UUID, folk: Folk) -> None:
    plass = next(p for p in les_plasser(enhet_id) if p.tilstand == Tilstand.BELAGT)
    svar = som(folk.sykepleier).post(
        side(enhet_id, "plass", plass.id, "tilstand"), data={"tilstand": "stengt", "grunn": "rom"}
    )
    assert svar.status_code == 409 and "Skriv ut pasienten først" in tekst(svar)
    assert les_tall(enhet_id).belagt == 1


def test_bemanning_pr_plass(som: Som, enhet_id: UUID, folk: Folk) -> None:
    klient, plass = som(folk.sykepleier), _ledig(enhet_id)
    for bemannet, ledige in (("0", 0), ("1", 1)):
        rad = next(p for p in les_plasser(enhet_id) if p.id == plass.id)
        svar = klient.post(
            side(enhet_id, "plass", plass.id, "bemanning"), data={"bemannet": bemannet, "lest": rad.versjon}
        )
        assert svar.status_code == 303
        assert les_tall(enhet_id).ledig == ledige


# --- admission and discharge -----------------------------------------------------------------------------


def test_innleggelse_rett_i_en_ledig_plass(som: Som, enhet_id: UUID, folk: Folk, scene: Scene) -> None:
    klient, plass = som(folk.sykepleier), _ledig(enhet_id)
    skjema = klient.get(side(enhet_id, f"innleggelse?plass={plass.id}"))
    assert "Medlemskommunen (0 av 1 i bruk)" in tekst(skjema)
    da = now() - timedelta(minutes=40)
    svar = klient.post(
        side(enhet_id, "innleggelse"),
        data={
            "plass_id": plass.id,
            "lest": plass.versjon,
            "kommune_id": folk.medlem.id,
            "inn": f"{oslo(da):%Y-%m-%dT%H:%M}",
            "fra_hvor": "legevakt",
            "aldersgruppe": "80-89",
            "aarsaksgruppe": "",
            "planlagt_timer": "48",
        },
    )
    assert svar.status_code == 303, tekst(svar)
    nytt = next(o for o in les_opphold(enhet_id) if o.plass_id == plass.id)
    assert (nytt.kommune_id, nytt.fra_hvor, nytt.aldersgruppe) == (folk.medlem.id, "legevakt", "80-89")
    assert nytt.aarsaksgruppe is None and nytt.planlagt_timer == 48
    assert nytt.inn == da.replace(second=0, microsecond=0)
    ord_ = tekst(klient.get(side(enhet_id)))
    assert "Medlemskommunen" in ord_ and "80–89 år" in ord_ and "planlagt 48 timer" in ord_


def test_en_avvist_innleggelse_mister_ikke_det_som_er_skrevet(som: Som, enhet_id: UUID, folk: Folk) -> None:
    plass = _ledig(enhet_id)
    data = {"plass_id": str(plass.id), "lest": plass.versjon, "aldersgruppe": "90+", "planlagt_timer": "24"}
    svar = som(folk.sykepleier).post(side(enhet_id, "innleggelse"), data=data)
    assert svar.status_code == 422 and "Velg en kommune som er med" in tekst(svar)
    assert re.search(r'value="90\+"\s*checked', svar.text) and 'value="24"' in svar.text
    # The bed is gone meanwhile: another can be chosen, and the rest stands.
    ny_plass(enhet_id)
    drift.sett_tilstand(folk.lege, enhet_id, plass.id, tilstand=Tilstand.RENGJOERES)
    svar = som(folk.sykepleier).post(
        side(enhet_id, "innleggelse"), data={**data, "kommune_id": str(folk.medlem.id)}
    )
    assert svar.status_code == 409 and '<select class="ds-input" id="plass_id"' in svar.text
    assert re.search(r'value="90\+"\s*checked', svar.text)


@pytest.mark.parametrize("timer", [-15 * 24, 2])
def test_innleggelsen_er_verken_i_framtiden_eller_for_lenge_siden(
    som: Som, enhet_id: UUID, folk: Folk, timer: int
) -> None:
    plass = _ledig(enhet_id)
    tid = f"{oslo(now() + timedelta(hours=timer)):%Y-%m-%dT%H:%M}"
    svar = som(folk.sykepleier).post(
        side(enhet_id, "innleggelse"),
        data={"plass_id": plass.id, "kommune_id": folk.medlem.id, "inn": tid},
    )
    assert svar.status_code == 422 and f'value="{tid}"' in svar.text
    assert les_tall(enhet_id).belagt == 1


def test_opplysninger_kan_fylles_ut_etterpaa(som: Som, enhet_id: UUID, folk: Folk) -> None:
    klient, opphold = som(folk.sykepleier), les_opphold(enhet_id)[0]
    adresse = side(enhet_id, "opphold", opphold.id)
    assert klient.get(adresse).status_code == 200
    data = {"fra_hvor": "hjem", "aldersgruppe": "67-79", "planlagt_timer": "36", "lest": opphold.versjon}
    assert klient.post(adresse, data=data).status_code == 303
    nytt = les_opphold(enhet_id)[0]
    assert (nytt.fra_hvor, nytt.aldersgruppe, nytt.planlagt_timer) == ("hjem", "67-79", 36)
    svar = klient.post(adresse, data=data)
    assert svar.status_code == 409 and 'value="36"' in svar.text


def test_utskrivning(som: Som, enhet_id: UUID, folk: Folk) -> None:
    klient, opphold = som(folk.sykepleier), les_opphold(enhet_id)[0]
    adresse = side(enhet_id, "opphold", opphold.id, "utskrivning")
    assert "Plassen må rengjøres" in tekst(klient.get(adresse))
    foer = f"{oslo(opphold.inn - timedelta(hours=1)):%Y-%m-%dT%H:%M}"
    svar = klient.post(adresse, data={"ut": foer, "til_hvor": "hjem", "lest": opphold.versjon})
    assert svar.status_code == 422 and "kan ikke være før innleggelsen" in tekst(svar)
    assert f'value="{foer}"' in svar.text and re.search(r'value="hjem"\s*checked', svar.text)
    # The box is not ticked: the bed is free at once.
    assert klient.post(adresse, data={"til_hvor": "hjem", "lest": opphold.versjon}).status_code == 303
    assert les_opphold(enhet_id)[0].til_hvor == "hjem"
    assert les_tall(enhet_id).ledig == 2
    svar = klient.post(adresse, data={})
    assert svar.status_code == 409 and "alt skrevet ut" in tekst(svar)


# --- holds -----------------------------------------------------------------------------------------------


def test_medlemskommunens_lege_holder_fra_siden(som: Som, enhet_id: UUID, folk: Folk) -> None:
    klient = som(folk.medlemslege)
    skjema = klient.get(side(enhet_id))
    klient_id = re.search(r'name="klient_id" value="([^"]+)"', skjema.text)
    assert klient_id and "Hold plass i 2 timer" in tekst(skjema)
    data = {"klient_id": klient_id[1], "plass_id": "", "evner": str(int(Evne.OKSYGEN)), "merknad": "Ca. 21."}
    for _gang in range(2):
        # The same form sent twice is one hold.
        assert klient.post(side(enhet_id, "hold"), data=data).status_code == 303
    rad = db.session.scalars(sa.select(Reservasjon)).one()
    assert (rad.kommune_id, rad.merknad, rad.evner) == (folk.medlem.id, "Ca. 21.", Evne.OKSYGEN)
    for hvem in (klient, som(folk.sykepleier)):
        sett = hvem.get(side(enhet_id))
        assert f'data-frist="{rad.utloeper.isoformat()}"' in sett.text and "Ca. 21." in tekst(sett)
    assert "Mons Medlemslege" in tekst(som(folk.sykepleier).get(side(enhet_id)))


def test_den_som_kommer_for_sent_faar_vite_hvem_og_hvor(
    som: Som, enhet_id: UUID, folk: Folk, scene: Scene
) -> None:
    annen = lag_plassenhet(
        scene,
        2,
        evner=Evne.OKSYGEN,
        vert=scene.annen_kommune,
        kvoter={scene.annen_kommune.id: 1, folk.medlem.id: 1},
    )
    uten_oksygen = lag_plassenhet(scene, 2, vert=scene.annen_kommune)
    plass = _ledig(enhet_id)
    reservasjoner.reserver(folk.lege, enhet_id, klient_id=uuid4(), plass_id=plass.id)
    klient_id = uuid4()
    svar = som(folk.medlemslege).post(
        side(enhet_id, "hold"),
        data={
            "klient_id": klient_id,
            "plass_id": plass.id,
            "evner": str(int(Evne.OKSYGEN)),
            "merknad": "Ca. 21.",
        },
    )
    ord_ = tekst(svar)
    assert svar.status_code == 409 and f"{scene.kommune.kortnavn} har den" in ord_
    assert f"/plasser/{annen}/hold?evner={int(Evne.OKSYGEN)}" in svar.text
    assert str(uten_oksygen) not in svar.text
    # None is free any more: no form, and what was typed is not lost.
    assert (
        "Du skrev til enheten: Ca. 21." in ord_
        and "Hold plass i" not in ord_
        and str(klient_id) not in svar.text
    )


def test_den_som_ba_om_en_hvilken_som_helst_faar_vite_hvem_som_tok_den_siste(som: Som, scene: Scene) -> None:
    enhet_id = lag_plassenhet(scene, [Tilstand.BELAGT, Tilstand.LEDIG, Tilstand.LEDIG])
    folk = lag_folk(scene, enhet_id, kvote=2)
    reservasjoner.reserver(folk.lege, enhet_id, klient_id=uuid4())
    with om(minutes=5):
        reservasjoner.reserver(folk.medlemslege, enhet_id, klient_id=uuid4())
        klient, data = som(folk.medlemslege), {"klient_id": uuid4(), "plass_id": ""}
        svar = klient.post(side(enhet_id, "hold"), data=data)
        ord_ = tekst(svar)
        assert svar.status_code == 409 and re.search(r"Siste plass ble holdt for \w+ kl\. \d\d:\d\d\.", ord_)
        assert f"holdt for {folk.medlem.kortnavn} kl." in ord_ and folk.medlemslege.navn not in ord_
        assert "Hold plass i" not in ord_
        siden = tekst(klient.get(side(enhet_id)))
        assert "Hold plass i" not in siden
    # Whose time is over holds no bed, though nobody has come by to write that down.
    with om(hours=3):
        assert "Hold plass i 2 timer" in tekst(som(folk.medlemslege).get(side(enhet_id)))


def test_den_siste_som_ble_lagt_inn_uten_hold_navngis_ikke(som: Som, scene: Scene) -> None:
    enhet_id = lag_plassenhet(scene, 2)
    folk = lag_folk(scene, enhet_id, kvote=1)
    reservasjoner.reserver(folk.medlemslege, enhet_id, klient_id=uuid4())
    with om(minutes=5):
        drift.legg_inn(folk.sykepleier, enhet_id, plass_id=_ledig(enhet_id).id, kommune_id=scene.kommune.id)
        svar = som(scene.lege).post(side(enhet_id, "hold"), data={"klient_id": uuid4()})
        assert svar.status_code == 409 and "Siste plass" not in tekst(svar)


def test_brukt_kvote_sies_foer_skjemaet_og_tilbys_ikke(som: Som, scene: Scene) -> None:
    enhet_id = lag_plassenhet(scene, 3)
    folk = lag_folk(scene, enhet_id, kvote=1)
    annen = lag_plassenhet(
        scene, vert=scene.annen_kommune, kvoter={scene.annen_kommune.id: 1, folk.medlem.id: 0}
    )
    klient = som(folk.medlemslege)
    assert "Hold plass i 2 timer" in tekst(klient.get(side(enhet_id)))
    reservasjoner.reserver(folk.medlemslege, enhet_id, klient_id=uuid4())
    for svar in (
        klient.get(side(enhet_id)),
        klient.get(side(enhet_id, "hold")),
        klient.post(side(enhet_id, "hold"), data={"klient_id": uuid4()}),
    ):
        ord_ = tekst(svar)
        assert "Kvoten er brukt (1 av 1): ring 78 48 00 10" in ord_ and "Hold plass i" not in ord_
    assert "allerede alle plassene den har her (1 av 1). Ring enheten." in ord_
    # Nor in the list of others.
    assert f"/plasser/{annen}/hold" not in svar.text and "har ingen kvote her: ring" in ord_
    # The unit's own people give it one more.
    assert "Hold plass i" in tekst(som(folk.sykepleier).get(side(enhet_id, "hold")))
    # A hold whose time is over counts no more.
    with om(hours=3):
        assert "Hold plass i 2 timer" in tekst(som(folk.medlemslege).get(side(enhet_id)))


def test_identitet_stoppes_i_beskjeden_til_enheten(
    som: Som, enhet_id: UUID, folk: Folk, opptak: Opptak
) -> None:
    klient = som(folk.medlemslege)
    data = {"klient_id": uuid4(), "merknad": f"Gjelder {PERSONNUMMER}"}
    with uten_spor(opptak):
        svar = klient.post(side(enhet_id, "hold"), data=data)
    assert svar.status_code == 422 and f"<mark>{PERSONNUMMER}</mark>" in svar.text
    assert f'value="Gjelder {PERSONNUMMER}"' in svar.text
    assert klient.post(side(enhet_id, "hold"), data={**data, "ikke_fnr": "1"}).status_code == 303
    assert '"sluppet_tall":1' in revisjon("plasser.reservert")[0].detaljer


def test_over_kvoten_maa_enheten_bekrefte(som: Som, scene: Scene) -> None:
    enhet_id = lag_plassenhet(scene, 3)
    folk = lag_folk(scene, enhet_id, kvote=0)
    svar = som(folk.medlemslege).post(side(enhet_id, "hold"), data={"klient_id": uuid4()})
    assert svar.status_code == 409 and "Ring enheten" in tekst(svar)
    klient, data = som(folk.sykepleier), {"klient_id": uuid4(), "kommune_id": folk.medlem.id}
    svar = klient.post(side(enhet_id, "hold"), data=data)
    assert svar.status_code == 409 and "Ja, gi kommunen en plass til" in tekst(svar)
    assert les_tall(enhet_id).holdt == 0
    assert klient.post(side(enhet_id, "hold"), data={**data, "over_kvote": "1"}).status_code == 303
    assert les_tall(enhet_id).holdt == 1


def test_forleng_en_gang_og_frigi(som: Som, enhet_id: UUID, folk: Folk) -> None:
    hold = _hold(folk, enhet_id)
    klient = som(folk.medlemslege)
    assert klient.post(side(enhet_id, "hold", hold, "forleng")).status_code == 303
    assert "Forleng" not in tekst(klient.get(side(enhet_id)))
    svar = klient.post(side(enhet_id, "hold", hold, "forleng"))
    assert svar.status_code == 409 and "alt forlenget" in tekst(svar)
    assert som(folk.sykepleier).post(side(enhet_id, "hold", hold, "frigi")).status_code == 303
    assert les_tall(enhet_id).ledig == 1
    svar = klient.post(side(enhet_id, "hold", hold, "frigi"))
    assert svar.status_code == 409 and "ikke holdt lenger" in tekst(svar)


def test_et_fremmed_hold_finnes_ikke(som: Som, enhet_id: UUID, folk: Folk) -> None:
    hold = _hold(folk, enhet_id)
    for hva in ("forleng", "frigi", "avvis"):
        assert som(folk.fremmed).post(side(enhet_id, "hold", hold, hva)).status_code == 404
    # Who holds it does not answer for the unit.
    assert som(folk.medlemslege).post(side(enhet_id, "hold", hold, "avvis")).status_code == 403
    assert les_tall(enhet_id).holdt == 1


def test_innleggelse_fra_hold(som: Som, enhet_id: UUID, folk: Folk) -> None:
    hold = _hold(folk, enhet_id, merknad="Ambulanse.")
    klient = som(folk.sykepleier)
    skjema = klient.get(side(enhet_id, f"innleggelse?hold={hold}"))
    assert "Ambulanse." in tekst(skjema) and 'name="kommune_id"' not in skjema.text
    svar = klient.post(side(enhet_id, "innleggelse"), data={"reservasjon_id": hold, "fra_hvor": "hjem"})
    assert svar.status_code == 303
    nytt = next(o for o in les_opphold(enhet_id) if o.reservasjon_id == hold)
    assert (nytt.kommune_id, nytt.fra_hvor) == (folk.medlem.id, "hjem")
    assert les_tall(enhet_id).belagt == 2


def test_avvis_med_grunn(som: Som, enhet_id: UUID, folk: Folk) -> None:
    hold = _hold(folk, enhet_id)
    klient, adresse = som(folk.sykepleier), side(enhet_id, "hold", hold, "avvis")
    assert klient.get(adresse).status_code == 200
    svar = klient.post(adresse, data={"merknad": "Isolatet er i bruk."})
    assert svar.status_code == 422 and 'value="Isolatet er i bruk."' in svar.text
    svar = klient.post(adresse, data={"grunn": "smitte", "merknad": PERSONNUMMER})
    assert svar.status_code == 422 and les_tall(enhet_id).holdt == 1
    assert klient.post(adresse, data={"grunn": "smitte", "merknad": "Utbrudd."}).status_code == 303
    assert les_tall(enhet_id).ledig == 1
    avslag = db.session.scalars(sa.select(Avslag)).one()
    assert (avslag.grunn, avslag.reservasjon_id, avslag.kommune_id) == ("smitte", hold, folk.medlem.id)
    assert db.session.get_one(Reservasjon, hold).status == Holdstatus.AVVIST


def test_et_utloept_hold_stenger_ikke_plassen(som: Som, enhet_id: UUID, folk: Folk) -> None:
    """The worker stands still: the page says that the time is over, and one click makes the bed free."""
    _hold(folk, enhet_id)
    with om(hours=3):
        klient = som(folk.sykepleier)
        plass = next(p for p in les_plasser(enhet_id) if p.tilstand == Tilstand.HOLDT)
        ord_ = tekst(klient.get(side(enhet_id)))
        assert "Tiden er ute" in ord_ and "Forleng" not in ord_
        svar = klient.post(
            side(enhet_id, "plass", plass.id, "tilstand"), data={"tilstand": "ledig", "lest": plass.versjon}
        )
        assert svar.status_code == 303
        assert les_tall(enhet_id).ledig == 1
        assert db.session.scalars(sa.select(Reservasjon)).one().status == Holdstatus.UTLOEPT


# --- who may ---------------------------------------------------------------------------------------------


def test_bare_enhetens_folk_og_koordinatoren_driver(
    som: Som, enhet_id: UUID, folk: Folk, scene: Scene
) -> None:
    plass = _ledig(enhet_id)
    adresse = side(enhet_id, "plass", plass.id, "tilstand")
    for aktor in (folk.medlemslege, folk.fremmed, folk.fremmed_koordinator, scene.lege, scene.innsyn):
        assert som(aktor).post(adresse, data={"tilstand": "rengjoeres"}).status_code == 403
        assert som(aktor).get(side(enhet_id, f"innleggelse?plass={plass.id}")).status_code == 403
    assert les_tall(enhet_id).ledig == 1
    assert som(folk.koordinator).post(adresse, data={"tilstand": "rengjoeres"}).status_code == 303


def test_et_opphold_finnes_ikke_for_andre(som: Som, enhet_id: UUID, folk: Folk, scene: Scene) -> None:
    opphold = les_opphold(enhet_id)[0]
    for aktor in (folk.medlemslege, folk.fremmed_koordinator, scene.lege):
        for hva in ("", "/utskrivning"):
            assert som(aktor).get(side(enhet_id, "opphold", f"{opphold.id}{hva}")).status_code == 404
            assert som(aktor).post(side(enhet_id, "opphold", f"{opphold.id}{hva}")).status_code == 404
    db.session.rollback()
    assert db.session.get_one(Opphold, opphold.id).ut is None


def test_et_opphold_under_en_annen_enhets_adresse_finnes_ikke(
    som: Som, enhet_id: UUID, folk: Folk, scene: Scene
) -> None:
    annen = lag_plassenhet(scene, [Tilstand.BELAGT])
    opphold = les_opphold(annen)[0]
    assert som(folk.koordinator).get(side(enhet_id, "opphold", opphold.id)).status_code == 404


def test_en_nedlagt_enhet_kan_leses(som: Som, enhet_id: UUID, folk: Folk) -> None:
    @transactional
    def legg_ned() -> None:
        db.session.get_one(Plassenhet, enhet_id).nedlagt = now()

    legg_ned()
    ord_ = tekst(som(folk.sykepleier).get(side(enhet_id)))
    assert "Enheten er nedlagt" in ord_ and "Legg inn" not in ord_ and "Hold plass" not in ord_


def test_en_kommuneoverlege_i_enheten_driver_ogsaa(som: Som, enhet_id: UUID, scene: Scene) -> None:
    enhet = db.session.get_one(Plassenhet, enhet_id).enhet
    overlege = lag_aktor(Rolle.KOMMUNEOVERLEGE, scene.kommune, enhet)
    assert som(overlege).post(side(enhet_id, "ingen-endring")).status_code == 303
