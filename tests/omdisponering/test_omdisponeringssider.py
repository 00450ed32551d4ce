"""A reallocation's pages at both sides, over HTTP: what is seen, what can be pressed, and what comes back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.core.aktor import Aktor, Rolle
from portal.core.db import db
from portal.core.errors import UgyldigData
from portal.omdisponering.forloep import LOVFELT, Status
from portal.omdisponering.service import flyt, utkast
from portal.plasser.models import Plasstall
from tests.bygg import Opptak, lag_aktor, om, revisjon, skriv, uten_spor
from tests.omdisponering.hjelp import LOV, Utlaan, lag_behov, lag_gulv, lag_ressurs, lag_tilbud, lag_vedtak

Som = Callable[[Aktor], FlaskClient]


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def _side(klient: FlaskClient, id_: UUID, mer: str = "") -> str:
    svar = klient.get(f"/omdisponering/{id_}{mer}")
    assert svar.status_code == 200, svar.status
    return svar.text


def _send(klient: FlaskClient, id_: UUID, hva: str, **data: Any) -> TestResponse:
    return klient.post(f"/omdisponering/{id_}/{hva}", data=data)


def _feil(svar: TestResponse) -> list[str]:
    """What a page says is wrong."""
    return re.findall(
        r'class="ds-validation-message"[^>]*>([^<]+)|feiloppsummering.*?<li>(.*?)</li>', svar.text, re.S
    )


def _knapper(side: str) -> set[str]:
    """What the page's forms would do."""
    return set(re.findall(r'(?:form|action)="?[^>]*?/omdisponering/[0-9a-f-]{36}/([a-z-]+)"', side))


def _lest(side: str) -> str:
    funnet = re.search(r'name="lest" value="([0-9a-f]{64})"', side)
    assert funnet is not None
    return funnet[1]


def _avgivers(u: Utlaan, id_: UUID, **endret: Any) -> dict[str, Any]:
    """The lender's form as its page sends it with everybody kept, and everybody's yes."""
    linjer = [str(li.id) for li in u.les(id_).linjer]
    return {
        "lest": u.les(id_).innhold_hash,
        "linjer": "1",
        "behold": linjer,
        "ja": linjer,
        "stenges": "0",
        "aapnes": "2",
        **endret,
    }


# --- what is seen ----------------------------------------------------------------------------------------


def test_navnene_vises_mottakeren_foerst_naar_avgiver_har_godkjent(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.FORESLAATT)
    avgiver, mottaker = som(u.avgiver), som(u.mottaker)
    assert "Máret Somby" in _side(avgiver, id_)
    for mer in ("", "/endre"):
        side = _side(mottaker, id_, mer)
        assert "Máret Somby" not in side and "Åse Ørn" not in side
        assert "Medisinsk post" not in re.sub(r"<select.*?</select>|<dl.*?</dl>", "", side, flags=re.S)
        assert side.count("Sykepleier</strong>") == 2
    flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    assert "Máret Somby" in _side(mottaker, id_)


def test_et_utkast_finnes_bare_for_den_som_skriver_det(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.UTKAST)
    assert som(u.mottaker).get(f"/omdisponering/{id_}").status_code == 404
    assert som(u.fremmed).get(f"/omdisponering/{id_}").status_code == 404
    assert "ser det ikke før dere foreslår det" in _side(som(u.avgiver), id_)


def test_den_som_foreslaar_uten_vilkaar_faar_vite_at_de_mangler(u: Utlaan, som: Som) -> None:
    for mangler in ({}, {"finansiering": ""}):
        id_ = utkast.opprett(
            u.mottaker,
            u.behov.id,
            [utkast.Ny(tilbud_id=lag_tilbud(p, u.behov).id) for p in u.personer],
            **{**LOV, "bestemmelse_id": u.bestemmelse.id, **mangler},
        )
        side = som(u.mottaker).get(f"/omdisponering/{id_}").text
        assert "Foreslå for" in side
        assert ("Noen av dere må fylle dem ut" in side) == bool(mangler)


def test_klinikeren_ser_det_avtalte_uten_knapper(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    kliniker = som(u.scene.lege)
    side = _side(kliniker, id_)
    assert "Máret Somby" in side and not _knapper(side)
    assert "Historikk" not in side
    assert kliniker.get(f"/omdisponering/{id_}/endre").status_code == 403
    annet = u.til(Status.FORESLAATT, behov=lag_behov(u.scene.kommune, u.oehd))
    assert kliniker.get(f"/omdisponering/{annet}").status_code == 404


def test_den_som_laanes_ut_ser_sin_egen_linje_alene(u: Utlaan, som: Som) -> None:
    selv = lag_aktor(Rolle.HELSEPERSONELL, u.scene.annen_kommune)
    u.personer[0] = lag_ressurs(u.scene.hf, u.post, navn="Elle Egen", person_id=selv.person_id)
    id_ = u.til(Status.FORESLAATT)
    assert som(selv).get(f"/omdisponering/{id_}").status_code == 404
    flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    flyt.godkjenn(u.mottaker, id_, lest=u.les(id_).innhold_hash)
    side = _side(som(selv), id_)
    assert "Elle Egen" in side and "Åse Ørn" not in side and not _knapper(side)
    assert "Avklart: ansvarsforhold." in side


#: The forms of the page, by state and side: beside «trekk» and «avslaa» the one that is waited for.
KNAPPER = {
    Status.UTKAST: ({"foreslaa", "foreslaa-og-godkjenn", "trekk"}, None),
    Status.FORESLAATT: ({"godkjenn", "trekk"}, {"avslaa"}),
    Status.GODKJENT_AVGIVER: ({"trekk"}, {"godkjenn", "avslaa"}),
    Status.GODKJENT_MOTTAKER: ({"trekk"}, {"trekk"}),
    Status.IVERKSATT: ({"avslutt"}, {"avslutt"}),
    Status.AVSLUTTET: (set(), set()),
    Status.AVSLAATT: (set(), set()),
    Status.TRUKKET: (set(), set()),
}


@pytest.mark.parametrize("status", list(Status))
def test_bare_det_siden_kan_gjoere_staar_paa_siden(u: Utlaan, som: Som, status: Status) -> None:
    id_ = u.til(status)
    for aktor, ventet in zip((u.avgiver, u.mottaker), KNAPPER[status], strict=True):
        if ventet is None:
            continue
        side = _side(som(aktor), id_)
        assert _knapper(side) == ventet, aktor
        assert (f"/omdisponering/{id_}/endre" in side) == (
            status in (Status.UTKAST, Status.FORESLAATT, Status.GODKJENT_AVGIVER)
        )


def test_uten_virkning_paa_plassene_staar_det_en_setning(u: Utlaan, som: Som) -> None:
    """No row of noughts: not on the page, nor in its history."""
    id_ = u.til(Status.IVERKSATT, aapnes=0)
    for aktor in (u.avgiver, u.mottaker):
        side = _side(som(aktor), id_)
        assert "Ingen ØHD-plasser ble stengt eller åpnet." in side
        assert "0 plasser" not in side and "0 ble" not in side and "0 stengt" not in side


def test_virkningen_staar_foer_noen_skriver_under(u: Utlaan, som: Som) -> None:
    lag_gulv(u.oehd, antall=4, gulv=0, plasser_per=1.5)
    id_ = u.til(Status.FORESLAATT, aapnes=3)
    for aktor in (u.avgiver, u.mottaker):
        side = _side(som(aktor), id_)
        assert "Avgir 2 sykepleiere: 3 ØHD-plasser åpnes hos ØHD Guovdageaidnu." in side
        assert "Bemannede plasser: fra 2 til 4." in side
        assert "Avtalt 3, men bare 2 kan åpnes slik det er nå." in side
        assert "Etter enhetens egne tall: 2." in side


def test_hvor_langt_under_gulvet_vet_avgiver_alene(u: Utlaan, som: Som) -> None:
    lag_gulv(u.post, antall=4, gulv=3)
    id_ = u.til(Status.FORESLAATT)
    assert "kommer 1 under minstebemanningen" in _side(som(u.avgiver), id_)
    assert "minstebemanningen" not in _side(som(u.mottaker), id_)


def test_hvorfor_under_gulvet_er_avgivers_og_staar_naar_mottaker_endrer(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.FORESLAATT, gulv_overstyrt="Tre vikarer kommer.")
    assert "Tre vikarer kommer." in _side(som(u.avgiver), id_)
    mottaker = som(u.mottaker)
    skjema = _skjema(_side(mottaker, id_, "/endre"))
    for side in (_side(mottaker, id_), _side(mottaker, id_, "/endre")):
        assert "vikarer" not in side and "gulv_overstyrt" not in side
    sendt = {**skjema, "merknad": "Nytt.", "gulv_overstyrt": "Noe annet."}
    assert mottaker.post(f"/omdisponering/{id_}/endre", data=sendt).status_code == 303
    omd = u.les(id_)
    assert (omd.merknad, omd.gulv_overstyrt) == ("Nytt.", "Tre vikarer kommer.")
    with pytest.raises(UgyldigData) as feil:
        utkast.endre(u.mottaker, id_, lest=omd.innhold_hash, gulv_overstyrt="Noe annet.")
    assert set(feil.value.detaljer["felter"]) == {"gulv_overstyrt"}


# --- what is done ----------------------------------------------------------------------------------------


def test_foreslaa_og_godkjenn_i_ett_klikk_og_saa_mottakeren(u: Utlaan, som: Som) -> None:
    id_ = u.utkast()
    svar = _send(som(u.avgiver), id_, "foreslaa-og-godkjenn", **_avgivers(u, id_))
    assert svar.status_code == 303
    assert u.les(id_).status == Status.GODKJENT_AVGIVER
    mottaker = som(u.mottaker)
    svar = _send(mottaker, id_, "godkjenn", lest=_lest(_side(mottaker, id_)))
    assert svar.status_code == 303
    assert u.les(id_).status == Status.GODKJENT_MOTTAKER
    assert "Avtalt. Begynner av seg selv" in _side(mottaker, id_)


def test_naar_det_ene_av_de_to_ikke_gaar_staar_utkastet(u: Utlaan, som: Som) -> None:
    """Refused, the draft is the lender's alone as before, with what was ticked still in the form."""
    lag_gulv(u.post, antall=4, gulv=3)
    id_ = u.utkast()
    klient = som(u.avgiver)
    en = str(u.les(id_).linjer[0].id)
    svar = _send(klient, id_, "foreslaa-og-godkjenn", **_avgivers(u, id_, ja=[en]))
    assert svar.status_code == 422 and "Kryss av for at personen har sagt ja." in svar.text
    assert svar.text.count('name="ja"') == 2 and svar.text.count('name="ja" value="' + en + '" checked') == 1
    svar = _send(klient, id_, "foreslaa-og-godkjenn", **_avgivers(u, id_))
    assert svar.status_code == 422
    assert "Enheten faller 1 under minstebemanningen" in svar.text and "Bare foreslå" in svar.text
    assert u.les(id_).status == Status.UTKAST
    assert som(u.mottaker).get(f"/omdisponering/{id_}").status_code == 404
    ferdig = _avgivers(u, id_, gulv_overstyrt="Tre vikarer kommer.")
    svar = _send(klient, id_, "foreslaa-og-godkjenn", **ferdig)
    assert svar.status_code == 303
    assert u.les(id_).gulv_overstyrt == "Tre vikarer kommer."


def test_avgiver_beholder_faerre_og_krysser_av_for_ja(u: Utlaan, som: Som) -> None:
    tilbud = [lag_tilbud(p, u.behov) for p in u.personer]
    id_ = utkast.opprett(
        u.mottaker,
        u.behov.id,
        [utkast.Ny(tilbud_id=t.id) for t in tilbud],
        **LOV,
        bestemmelse_id=u.bestemmelse.id,
    )
    flyt.foreslaa(u.mottaker, id_)
    en, to = (str(li.id) for li in u.les(id_).linjer)
    klient = som(u.avgiver)
    svar = _send(klient, id_, "godkjenn", **_avgivers(u, id_, behold=[en, to], ja=[en], aapnes="1"))
    assert svar.status_code == 422
    assert svar.text.count("Kryss av for at personen har sagt ja.") == 2  # on top, and by the line
    assert f"{u.personer[1].navn}: Kryss av for at personen har sagt ja." in svar.text
    assert f'id="behold-{to}" name="behold" value="{to}" checked' in svar.text
    svar = _send(klient, id_, "godkjenn", **_avgivers(u, id_, behold=[en], ja=[en], aapnes="1"))
    assert svar.status_code == 303
    omd = u.les(id_)
    assert [(str(li.id), li.opptar, li.samtykket is not None) for li in omd.linjer] == [
        (en, True, True),
        (to, False, False),
    ]
    assert omd.aapnes == 1
    side = _side(som(u.mottaker), id_)
    assert "Ikke godkjent av avgiver" in side and "Åse Ørn" in side


def test_beordring_bare_etter_et_vedtak_og_aldri_den_som_er_fritatt(u: Utlaan, som: Som) -> None:
    u.personer = [lag_ressurs(u.scene.hf, u.post), lag_ressurs(u.scene.hf, u.post, fritatt=True, navn="Fri")]
    vedtak = lag_vedtak(u.scene.hf)
    id_ = u.til(Status.FORESLAATT)
    en, to = (str(li.id) for li in u.les(id_).linjer)
    klient = som(u.avgiver)
    assert f'id="beordret-{en}"' in _side(klient, id_) and f'id="beordret-{to}"' not in _side(klient, id_)
    svar = _send(klient, id_, "godkjenn", **_avgivers(u, id_, ja=[to], beordret=[en]))
    assert svar.status_code == 422 and "Velg vedtaket" in svar.text
    svar = _send(klient, id_, "godkjenn", **_avgivers(u, id_, beordret=[en, to], vedtak_id=str(vedtak.id)))
    assert svar.status_code == 422 and "fritatt for beordring" in svar.text
    svar = _send(
        klient, id_, "godkjenn", **_avgivers(u, id_, ja=[to], beordret=[en], vedtak_id=str(vedtak.id))
    )
    assert svar.status_code == 303
    assert "helseberedskapsloven § 4-1" in _side(som(u.mottaker), id_)
    assert "Beordret" in _side(som(u.mottaker), id_)


def test_et_gammelt_klikk_viser_det_som_staar_naa(u: Utlaan, som: Som, opptak: Opptak) -> None:
    id_ = u.til(Status.FORESLAATT)
    klient = som(u.avgiver)
    gammel = _avgivers(u, id_)
    utkast.endre(u.mottaker, id_, lest=gammel["lest"], finansiering="Kommunen dekker alt.")
    mottaker = som(u.mottaker)
    with uten_spor(opptak):
        svar = _send(klient, id_, "godkjenn", **gammel)
        assert svar.status_code == 409
        assert (
            "Kommunen dekker alt." in svar.text and "Forslaget er endret etter at du åpnet det" in svar.text
        )
        assert _lest(svar.text) == u.les(id_).innhold_hash != gammel["lest"]
        svar = _send(mottaker, id_, "avslaa", lest=gammel["lest"], grunn="Vi har fått andre.")
        assert svar.status_code == 409
        assert re.search(r'<textarea[^>]*id="grunn"[^>]*>\s*Vi har fått andre\.</textarea>', svar.text)


@pytest.mark.parametrize(
    ("status", "hva", "hvem"),
    [
        (Status.FORESLAATT, "avslaa", "mottaker"),
        (Status.FORESLAATT, "trekk", "avgiver"),
        (Status.GODKJENT_MOTTAKER, "trekk", "mottaker"),
        (Status.IVERKSATT, "avslutt", "mottaker"),
    ],
)
def test_et_nei_har_en_grunn_uten_foedselsnummer(
    u: Utlaan, som: Som, opptak: Opptak, status: Status, hva: str, hvem: str
) -> None:
    id_ = u.til(status)
    klient = som(getattr(u, hvem))
    lest = u.les(id_).innhold_hash
    with uten_spor(opptak):
        tom = _send(klient, id_, hva, lest=lest, grunn="  ")
        nummer = _send(klient, id_, hva, lest=lest, grunn="Gjelder 01010112377 på post 3.")
    assert tom.status_code == nummer.status_code == 422
    assert "Skriv hvorfor" in tom.text
    assert "fødselsnummer" in nummer.text and "<mark>01010112377</mark>" in nummer.text
    svar = _send(klient, id_, hva, lest=lest, grunn="Toppen er over.")
    assert svar.status_code == 303
    assert "Toppen er over." in _side(klient, id_)
    svar = _send(klient, id_, hva, lest=lest, grunn="Toppen er over.")
    assert svar.status_code == 409


def test_begynner_og_slutter_med_plassene(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    klient = som(u.mottaker)
    lest = u.les(id_).innhold_hash

    def bemannet() -> int:
        db.session.rollback()
        return db.session.get_one(Plasstall, u.plassenhet_id, populate_existing=True).bemannet

    assert _send(klient, id_, "iverksett", lest=lest).status_code == 409
    with om(days=1, minutes=1):
        klient = som(u.mottaker)
        assert "Sett i gang nå" in _side(klient, id_)
        assert _send(klient, id_, "iverksett", lest=lest).status_code == 303
        assert bemannet() == 4
        side = _side(klient, id_)
        assert "0 plasser ble stengt da den begynte, 2 ble åpnet" in side
        assert f"/omdisponering/{id_}/oppfoelging" in side
        assert _send(klient, id_, "avslutt", lest=lest, grunn="Over.").status_code == 303
        assert bemannet() == 2


# --- the form --------------------------------------------------------------------------------------------


def _skjema(side: str) -> dict[str, Any]:
    """The edit form's fields as the page has them."""
    felter: dict[str, Any] = {}
    side = side.split('method="post" action="/omdisponering/')[-1].split("</form>")[0]
    for merke in re.findall(r"<input[^>]*>", side):
        navn = re.search(r'name="([^"]+)"', merke)
        verdi = re.search(r'value="([^"]*)"', merke)
        if navn is None or navn[1] == "csrf_token":
            continue
        if 'type="checkbox"' in merke:
            if " checked" in merke and verdi:
                felter.setdefault(navn[1], []).append(verdi[1])
        else:
            felter[navn[1]] = verdi[1] if verdi else ""
    for navn_, tekst in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n(.*?)</textarea>', side, re.S):
        felter[navn_] = tekst
    for navn_, valg in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', side, re.S):
        valgt = re.search(r'<option value="([^"]*)" selected', valg)
        felter[navn_] = valgt[1] if valgt else ""
    felter.pop("ikke_fnr", None)
    return felter


def test_skjemaet_sendt_som_det_staar_endrer_ingenting(u: Utlaan, som: Som, opptak: Opptak) -> None:
    """Also the moments that have seconds, which a form does not show."""
    id_ = u.til(Status.FORESLAATT)
    for aktor in (u.avgiver, u.mottaker):
        klient = som(aktor)
        skjema = _skjema(_side(klient, id_, "/endre"))
        foer = u.les(id_).innhold_hash
        svar = klient.post(f"/omdisponering/{id_}/endre", data={**skjema, "gjoer": "lagre"})
        assert svar.status_code == 303, _feil(svar)
        assert u.les(id_).innhold_hash == foer


def test_legger_til_tar_bort_og_endrer(u: Utlaan, som: Som) -> None:
    ny = lag_ressurs(u.scene.hf, u.post, navn="Ny Person", prosent=60)
    lag_ressurs(u.scene.hf, u.post, navn="Lege Legesen", stilling="lege")
    id_ = u.til(Status.FORESLAATT)
    klient = som(u.avgiver)
    side = _side(klient, id_, "/endre")
    assert "Ny Person" in side and "Lege Legesen" not in side
    skjema = _skjema(side)
    beholdt = f"p-{u.personer[0].id}"
    skjema |= {"hva": [beholdt, f"p-{ny.id}"], "ja": [beholdt], f"andel.{beholdt}": "50"}
    svar = klient.post(f"/omdisponering/{id_}/endre", data=skjema)
    assert svar.status_code == 303, _feil(svar)
    assert [(li.ressursperson_id, li.andel, li.samtykket is not None) for li in u.les(id_).linjer] == [
        (u.personer[0].id, 50, True),
        (ny.id, 60, False),
    ]


def test_feil_i_en_linje_staar_ved_den_og_det_skrevne_staar(u: Utlaan, som: Som, opptak: Opptak) -> None:
    id_ = u.til(Status.FORESLAATT)
    klient = som(u.avgiver)
    skjema = _skjema(_side(klient, id_, "/endre"))
    a, b = (f"p-{p.id}" for p in u.personer)
    skjema |= {"finansiering": "Halvparten hver."}
    for endret, noekkel, melding in (
        ({f"andel.{b}": "120"}, b, "fra 1 til 100 prosent"),
        ({f"til.{a}": skjema[f"fra.{a}"]}, a, "Slutten må være etter begynnelsen."),
        ({f"fra.{b}": "2020-01-01T10:00"}, b, "Perioden er utenfor behovet."),
    ):
        with uten_spor(opptak):
            svar = klient.post(f"/omdisponering/{id_}/endre", data={**skjema, **endret})
        assert svar.status_code == 422
        rad = svar.text.split(f'id="linje-{noekkel}"')[1].split("</li>")[0]
        assert melding in rad
        assert "Halvparten hver." in svar.text
        assert next(iter(endret.values())) in rad


def test_vilkaarene_hentes_fra_bestemmelsen_der_feltet_er_tomt(u: Utlaan, som: Som) -> None:
    skriv(
        u.bestemmelse.__table__.update()
        .where(u.bestemmelse.__table__.c.id == u.bestemmelse.id)
        .values(
            tiltak=[
                {"navn": "Felles vakt", "ansvarsforhold": "", "arbeidsgiveransvar": "Avgiver."},
                {"navn": "Lån", "ansvarsforhold": "Mottaker leder.", "finansiering": "Etter sats."},
            ]
        )
    )
    id_ = u.til(Status.UTKAST, **dict.fromkeys(LOVFELT, ""), bestemmelse_id=None)
    klient = som(u.avgiver)
    side = _side(klient, id_, "/endre")
    assert 'data-ansvarsforhold="Mottaker leder."' in side
    skjema = _skjema(side) | {"bestemmelse_id": str(u.bestemmelse.id), "finansiering": "Vi betaler."}
    svar = klient.post(f"/omdisponering/{id_}/endre", data={**skjema, "gjoer": "hent"})
    assert svar.status_code == 200
    fylt = _skjema(svar.text)
    assert [fylt[f] for f in LOVFELT] == ["Mottaker leder.", "Avgiver.", "", "Vi betaler."]
    assert u.les(id_).ansvarsforhold == ""
    assert klient.post(f"/omdisponering/{id_}/endre", data=fylt).status_code == 303
    omd = u.les(id_)
    assert (omd.ansvarsforhold, omd.bestemmelse_id) == ("Mottaker leder.", u.bestemmelse.id)


def test_to_som_skriver_samtidig_mister_ingenting(u: Utlaan, som: Som, opptak: Opptak) -> None:
    id_ = u.til(Status.FORESLAATT)
    klient = som(u.mottaker)
    skjema = _skjema(_side(klient, id_, "/endre")) | {"organisering": "Turnus lages hos oss."}
    utkast.endre(u.avgiver, id_, lest=skjema["lest"], organisering="Turnus lages hos avgiver.")
    gammel = skjema["lest"]
    assert "Endret av" in _side(klient, id_, f"/endre?lest={gammel}")
    assert "Endret av" not in _side(klient, id_, "/endre")
    with uten_spor(opptak):
        svar = klient.post(f"/omdisponering/{id_}/endre", data=skjema)
    assert svar.status_code == 409
    assert "Slik står det nå, skrevet av en annen" in svar.text
    assert "Turnus lages hos avgiver." in svar.text and "Turnus lages hos oss." in svar.text
    igjen = _skjema(svar.text)
    assert igjen["lest"] == u.les(id_).innhold_hash
    assert klient.post(f"/omdisponering/{id_}/endre", data=igjen).status_code == 303
    assert u.les(id_).organisering == "Turnus lages hos oss."


def test_mottakeren_velger_blant_det_som_er_tilbudt_uten_aa_faa_vite_hvem(u: Utlaan, som: Som) -> None:
    ekstra = lag_ressurs(u.scene.hf, u.post, navn="Hemmelig Navn", kompetanse=1)
    tilbud = lag_tilbud(ekstra, u.behov)
    id_ = u.til(Status.FORESLAATT)
    klient = som(u.mottaker)
    side = _side(klient, id_, "/endre")
    assert f"t-{tilbud.id}" in side and "Intensiv" in side and "Hemmelig Navn" not in side
    skjema = _skjema(side)
    skjema["hva"] = [*skjema["hva"], f"t-{tilbud.id}"]
    assert klient.post(f"/omdisponering/{id_}/endre", data=skjema).status_code == 303
    linjer = u.les(id_).linjer
    assert len(linjer) == 3 and linjer[2].tilbud_id == tilbud.id
    # The yes of those who stood there is kept; nobody has said it for the new one.
    assert [li.samtykket is not None for li in linjer] == [True, True, False]
    skriv(tilbud.__table__.update().where(tilbud.__table__.c.id == tilbud.id).values(status="trukket"))
    skjema = _skjema(_side(klient, id_, "/endre"))
    svar = klient.post(f"/omdisponering/{id_}/endre", data={**skjema, "merknad": "Ny."})
    assert svar.status_code == 422 and "kan ikke avgis lenger" in svar.text


def test_det_avtalte_endres_ikke(u: Utlaan, som: Som) -> None:
    def side_sier_hvem_som_bestemmer(id_: UUID) -> bool:
        side = som(u.avgiver).get(f"/omdisponering/{id_}").text
        assert "Regnet ut fra plassene slik de er nå." in side
        return "Dere bestemmer tallene." in side

    assert side_sier_hvem_som_bestemmer(u.til(Status.FORESLAATT))
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    assert not side_sier_hvem_som_bestemmer(id_)
    svar = som(u.avgiver).get(f"/omdisponering/{id_}/endre")
    assert svar.status_code == 409 and "Trekk det, og lag et nytt forslag" in svar.text


def test_et_foedselsnummer_i_vilkaarene_stoppes_til_noen_sier_at_det_ikke_er_det(
    u: Utlaan, som: Som, opptak: Opptak
) -> None:
    id_ = u.til(Status.FORESLAATT)
    klient = som(u.avgiver)
    skjema = _skjema(_side(klient, id_, "/endre")) | {"merknad": "Konto 01010112377."}
    with uten_spor(opptak):
        svar = klient.post(f"/omdisponering/{id_}/endre", data=skjema)
    assert svar.status_code == 422 and "<mark>01010112377</mark>" in svar.text
    assert klient.post(f"/omdisponering/{id_}/endre", data={**skjema, "ikke_fnr": "1"}).status_code == 303
    assert json.loads(revisjon("omdisponering.endret", objekt=id_)[-1].detaljer)["sluppet_tall"] == 1


def test_siden_paa_tre_spraak(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.GODKJENT_AVGIVER, gulv_overstyrt="Vikarer.")
    for spraak in ("nn", "en"):
        klient = som(u.mottaker)
        klient.post("/spraak", data={"spraak": spraak, "neste": "/"})
        assert u.les(id_).nummer in _side(klient, id_)


def test_svarfristen_teller_ned_for_den_som_skal_svare(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.FORESLAATT)
    frist = u.les(id_).svarfrist
    assert frist is not None
    side = _side(som(u.avgiver), id_)
    assert "Venter på dere" in side and f'data-frist="{frist.isoformat()}"' in side
    assert f"Venter på {u.scene.hf.kortnavn}." in _side(som(u.mottaker), id_)
    with om(days=20):
        assert (
            "Perioden er over"
            in som(u.avgiver).post(f"/omdisponering/{id_}/godkjenn", data=_avgivers(u, id_)).text
        )
