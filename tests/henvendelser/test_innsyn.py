"""Need to know: opening with a reason, the case's own log, and the list of unusual patterns."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now, som_om
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, Konflikt, UgyldigData
from portal.henvendelser.forloep import INNSYN_VARER, Innsynsgrunn, Status
from portal.henvendelser.models import Innsyn, Innsynsoppfoelging
from portal.henvendelser.service import flyt, innsending, innsyn, lesing, meldinger
from portal.identitet.models import Medlemskap, Person
from portal.varsler.models import Utsending
from tests.bygg import PERSONNUMMER, Opptak, Scene, lag_aktor, logg_over, revisjon, uten_spor

GRUNN = "Overtar pasienten på kirurgisk post i natt."


def aapne(scene: Scene, hvem: Aktor, id_: UUID, begrunnelse: str = GRUNN, grunn: str = "overtar") -> UUID:
    return innsyn.aapne_med_grunn(hvem, scene.les(id_).saksnummer, grunn, begrunnelse)


def antall_innsyn() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Innsyn)) or 0


def utsendinger() -> list[Utsending]:
    """The letters of their own, apart from those of notices."""
    db.session.rollback()
    egne = sa.select(Utsending).where(Utsending.varsel_id.is_(None))
    return list(db.session.scalars(egne.order_by(Utsending.til)))


def epost(aktor: Aktor) -> str:
    return db.session.get_one(Person, aktor.person_id).epost


@transactional
def sperr(aktor: Aktor) -> None:
    db.session.get_one(Person, aktor.person_id).aktiv = False


# --- opening with a reason -------------------------------------------------------------------------------


@pytest.mark.parametrize("hvem", ["kirurg", "annen_lege", "kommuneoverlege"])
def test_kliniker_av_partene_aapner_med_grunn(hvem: str, scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    kliniker: Aktor = getattr(scene, hvem)
    assert not lesing.kan_se(kliniker, id_)
    opptak.hendelser.clear()
    assert aapne(scene, kliniker, id_) == id_
    assert lesing.kan_se(kliniker, id_)
    rad = logg_over(id_)[-1]
    assert (rad.type, rad.tekst, rad.avsender_id) == ("innsyn", GRUNN, kliniker.person_id)
    assert rad.data["grunn"] == "overtar"
    # Everybody in the case gets the row live, and it is unread for the responsible.
    assert opptak.navn() == ["henvendelse.hendelse", "henvendelse.sak_endret"]
    assert opptak.hendelser[0][1]["hendelse"]["tekst"] == GRUNN
    assert lesing.antall_uleste(scene.spesialist, [scene.les(id_)])[id_] >= 1


def test_revisjonen_har_grunnen_men_aldri_ordene(scene: Scene) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    aapne(scene, scene.kirurg, id_)
    (innslag,) = revisjon("henvendelse.innsyn")
    assert innslag.kjede == f"sak:{id_}"
    assert orjson.loads(innslag.detaljer) == {
        "grunn": "overtar",
        "saksnummer": scene.les(id_).saksnummer,
        "sekvens": logg_over(id_)[-1].sekvens,
    }
    assert not [i for i in revisjon() if "Overtar" in i.detaljer]


def test_tilgangen_er_bare_lesing_og_tar_slutt(scene: Scene) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    start = now()
    with som_om(start):
        aapne(scene, scene.kirurg, id_)
    with som_om(start + INNSYN_VARER - timedelta(minutes=1)):
        assert innsending.apne(scene.kirurg, id_).id == id_
        with pytest.raises(IkkeTilgang):
            meldinger.send_melding(scene.kirurg, id_, UUID(int=1), "Hei")
        with pytest.raises(IkkeTilgang):
            flyt.gi_tilbake(scene.kirurg, id_, "Nei")
        with pytest.raises(IkkeTilgang):
            innsending.oppdater_opplysninger(scene.kirurg, id_, 1, {})
    with som_om(start + INNSYN_VARER + timedelta(seconds=1)), pytest.raises(IkkeFunnet):
        innsending.apne(scene.kirurg, id_)


def test_den_ansvarlige_faar_brev_uten_kliniske_opplysninger(scene: Scene) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    aapne(scene, scene.kirurg, id_)
    (brev,) = utsendinger()
    assert brev.til == epost(scene.spesialist)
    assert scene.les(id_).saksnummer in brev.emne and scene.kirurg.navn in brev.tekst
    assert brev.tekst.endswith(f"/henvendelser/{id_}\n")
    assert not [o for o in ("Overtar", "Tungpust", "indremedisin") if o in brev.emne + brev.tekst]


def test_uten_ansvarlig_faar_vaktlederne_og_innmelderen_brev(scene: Scene) -> None:
    id_ = scene.send()
    aapne(scene, scene.kirurg, id_)
    assert {b.til for b in utsendinger()} == {epost(scene.vaktleder), epost(scene.lege)}


def test_en_ansvarlig_som_er_borte_er_ingen_ansvarlig(scene: Scene) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    sperr(scene.spesialist)
    aapne(scene, scene.kirurg, id_)
    assert {b.til for b in utsendinger()} == {epost(scene.vaktleder), epost(scene.lege)}


@transactional
def slutt(aktor: Aktor) -> None:
    db.session.get_one(Medlemskap, aktor.medlemskap_id).gyldig_til = now()


def test_den_som_har_sluttet_faar_ikke_brev(scene: Scene) -> None:
    id_ = scene.send()
    slutt(scene.lege)
    aapne(scene, scene.kirurg, id_)
    assert {b.til for b in utsendinger()} == {epost(scene.vaktleder)}


def test_den_egne_saken_aapnes_uten_spor(scene: Scene, opptak: Opptak) -> None:
    """Whoever may see the case already is only led to it; so is a second click."""
    id_ = scene.sak(Status.AKSEPTERT)
    for hvem in (scene.lege, scene.kollega, scene.spesialist, scene.spesialist2, scene.vaktleder):
        with uten_spor(opptak):
            assert aapne(scene, hvem, id_) == id_
    aapne(scene, scene.kirurg, id_)
    with uten_spor(opptak):
        aapne(scene, scene.kirurg, id_)
    assert antall_innsyn() == 1


@pytest.mark.parametrize(
    ("hvem", "feil"),
    [
        ("fremmed_lege", IkkeFunnet),
        ("fremmed_spesialist", IkkeFunnet),
        ("fremmed_vaktleder", IkkeFunnet),
        ("koordinator", IkkeTilgang),
        ("administrator", IkkeTilgang),
        ("systemadministrator", IkkeTilgang),
        ("innsyn", IkkeTilgang),
    ],
)
def test_alle_andre_nektes(hvem: str, feil: type[Exception], scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    with uten_spor(opptak, avslag=1), pytest.raises(feil):
        aapne(scene, getattr(scene, hvem), id_)
    with uten_spor(opptak, avslag=1), pytest.raises(feil):
        innsyn.aapne_med_grunn(getattr(scene, hvem), "99-999999", "overtar", GRUNN)


@pytest.mark.parametrize(
    "begrunnelse",
    [
        "",
        " ",
        " " * 40,
        "kort",
        "1234567890123",
        "..........!!",
        "aaaaaaaaaaaa",
        "\u200b" * 30 + "abc",
        "x" * 1001,
    ],
)
def test_en_begrunnelse_som_ikke_er_noen(begrunnelse: str, scene: Scene, opptak: Opptak) -> None:
    id_ = scene.send()
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        aapne(scene, scene.kirurg, id_, begrunnelse)
    assert list(feil.value.detaljer["felter"]) == ["begrunnelse"]


def test_fodselsnummer_i_begrunnelsen_stoppes(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.send()
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        aapne(scene, scene.kirurg, id_, f"Overtar pasienten {PERSONNUMMER} i natt")
    assert feil.value.kode == "personnummer"


def test_feil_paa_slutten_etterlater_ingenting(
    scene: Scene, opptak: Opptak, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = scene.send()

    def stopp(*_: object) -> None:
        raise RuntimeError("stopp")

    monkeypatch.setattr(innsyn, "_si_fra", stopp)
    with uten_spor(opptak), pytest.raises(RuntimeError):
        aapne(scene, scene.kirurg, id_)


# --- the form --------------------------------------------------------------------------------------------


def test_skjemaet_leder_til_saken(scene: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    klient = som(scene.kirurg)
    assert klient.get(f"/henvendelser/{id_}").status_code == 404
    nummer = scene.les(id_).saksnummer
    # As it is said on the telephone.
    data = {"saksnummer": f" {nummer.replace('-', ' ')} ", "grunn": "konsultert", "begrunnelse": GRUNN}
    svar = klient.post("/henvendelser/innsyn", data=data)
    assert (svar.status_code, svar.headers["Location"]) == (303, f"/henvendelser/{id_}")
    side = klient.get(f"/henvendelser/{id_}").text
    assert "Du ser saken fordi du har oppgitt en grunn. Tilgangen varer til" in side
    assert GRUNN in side
    assert f"/henvendelser/{id_}/journal" not in side
    assert "Du ser saken fordi" not in som(scene.spesialist).get(f"/henvendelser/{id_}").text


def test_den_som_bare_leser_blir_ikke_bedt_om_aa_gjenaapne(
    scene: Scene, som: Callable[[Aktor], FlaskClient]
) -> None:
    id_ = scene.sak(Status.LUKKET)
    aapne(scene, scene.kirurg, id_)
    vises = {}
    for hvem in ("kirurg", "lege"):
        side = som(getattr(scene, hvem)).get(f"/henvendelser/{id_}").text
        vises[hvem] = re.findall(r'data-stengt="([\w-]+)">', side)
    assert vises == {"kirurg": ["bare-lese"], "lege": ["avsluttet"]}


def test_skjemaet_sier_hva_som_mangler(
    scene: Scene, som: Callable[[Aktor], FlaskClient], opptak: Opptak
) -> None:
    klient = som(scene.kirurg)
    with uten_spor(opptak):
        svar = klient.post("/henvendelser/innsyn", data={"saksnummer": "417", "begrunnelse": " "})
    assert svar.status_code == 422
    assert "som 26-000417" in svar.text and "Velg ett av alternativene." in svar.text
    assert "Skriv noe her." in svar.text
    data = {"saksnummer": "26-000417", "grunn": "overtar", "begrunnelse": "kort  . "}
    svar = klient.post("/henvendelser/innsyn", data=data)
    assert svar.status_code == 422
    assert "Skriv hvorfor med egne ord, minst 10 tegn." in svar.text


def test_en_fremmed_sak_og_ingen_sak_svarer_likt(
    scene: Scene, som: Callable[[Aktor], FlaskClient], opptak: Opptak
) -> None:
    nummer = scene.les(scene.send()).saksnummer
    klient = som(scene.fremmed_lege)
    sider = []
    for n in (nummer, "98-765432"):
        data = {"saksnummer": n, "grunn": "overtar", "begrunnelse": GRUNN}
        with uten_spor(opptak, avslag=1):
            svar = klient.post("/henvendelser/innsyn", data=data)
        assert svar.status_code == 404
        assert "Dette finnes ikke, eller du har ikke tilgang til det." in svar.text
        # What was typed stands there still.
        assert GRUNN in svar.text
        sider.append(svar.text.replace(n, "NUMMER").split("<main")[1].split('name="csrf_token"')[0])
    assert sider[0] == sider[1]


def test_feilsiden_viser_klinikere_veien_og_bare_dem(
    scene: Scene, som: Callable[[Aktor], FlaskClient]
) -> None:
    vei = "Har du tjenstlig behov for en sak i egen organisasjon?"
    id_ = scene.send()
    for adresse in (f"/henvendelser/{id_}", f"/henvendelser/{UUID(int=4)}"):
        assert vei in som(scene.kirurg).get(adresse).text
        assert vei not in som(scene.koordinator).get(adresse).text


@pytest.mark.parametrize("hvem", ["koordinator", "administrator", "systemadministrator", "innsyn"])
def test_skjemaet_er_for_klinikere(
    hvem: str, scene: Scene, som: Callable[[Aktor], FlaskClient], opptak: Opptak
) -> None:
    klient = som(getattr(scene, hvem))
    with uten_spor(opptak, avslag=1):
        assert klient.get("/henvendelser/innsyn").status_code == 403
    with uten_spor(opptak, avslag=1):
        assert klient.post("/henvendelser/innsyn", data={}).status_code == 403


# --- the case's own log ----------------------------------------------------------------------------------


def test_sakens_logg_sier_hvem_naar_hvorfor(scene: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    aapne(scene, scene.kirurg, id_)
    som(scene.kirurg).get(f"/henvendelser/{id_}")
    for leser in (scene.lege, scene.spesialist, scene.kirurg):
        side = som(leser).get(f"/henvendelser/{id_}/innsynslogg")
        assert side.status_code == 200
        for ord_ in (
            scene.kirurg.navn,
            "Åpnet med begrunnelse",
            "Overtar eller skal overta",
            GRUNN,
            "Sak åpnet",
        ):
            assert ord_ in side.text
    linjer, neste = innsyn.hent_innsynslogg(scene.lege, id_, bare_aapninger=True)
    assert neste is None
    assert {linje.handling for linje in linjer} == {"henvendelse.aapnet", "henvendelse.innsyn"}
    assert linjer == sorted(linjer, key=lambda linje: -linje.nummer)
    assert [linje.begrunnelse for linje in linjer if linje.handling == "henvendelse.innsyn"] == [GRUNN]


def test_sakens_logg_blas_uten_hull(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, som: Callable[[Aktor], FlaskClient]
) -> None:
    monkeypatch.setattr(innsyn, "PER_SIDE", 3)
    id_ = scene.sak(Status.LUKKET)
    nummer: list[int] = []
    foer = None
    while True:
        linjer, foer = innsyn.hent_innsynslogg(scene.lege, id_, foer=foer)
        nummer += [linje.nummer for linje in linjer]
        if foer is None:
            break
    assert len(nummer) > 3
    assert nummer == list(range(len(nummer), 0, -1))
    side = som(scene.lege).get(f"/henvendelser/{id_}/innsynslogg?foer=3").text
    assert "Til de nyeste" in side and "Henvendelse sendt" in side


def test_bare_de_som_ser_saken_ser_loggen(
    scene: Scene, som: Callable[[Aktor], FlaskClient], opptak: Opptak
) -> None:
    id_ = scene.send()
    for hvem in (
        "kirurg",
        "annen_lege",
        "fremmed_lege",
        "koordinator",
        "administrator",
        "systemadministrator",
    ):
        klient = som(getattr(scene, hvem))
        with uten_spor(opptak, avslag=1):
            assert klient.get(f"/henvendelser/{id_}/innsynslogg").status_code == 404
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
            innsyn.hent_innsynslogg(getattr(scene, hvem), id_)


# --- unusual patterns ------------------------------------------------------------------------------------


def moenstre(scene: Scene, aktor: Aktor | None = None, org: UUID | None = None) -> dict[Any, innsyn.Moenster]:
    return {m.person_id: m for m in innsyn.aapne_oppfoelging(aktor or scene.administrator, org)}


def test_fem_begrunnelser_er_mange(scene: Scene) -> None:
    saker = [scene.send() for _ in range(5)]
    for id_ in saker[:4]:
        aapne(scene, scene.kirurg, id_)
    assert moenstre(scene) == {}
    aapne(scene, scene.kirurg, saker[4], grunn="kvalitet")
    funnet = moenstre(scene)[scene.kirurg.person_id]
    assert funnet.hvorfor == ["mange_grunner"]
    assert funnet.grunner == {"overtar": 4, "kvalitet": 1}
    assert funnet.navn == scene.kirurg.navn and funnet.rolle == "spesialist"


def test_tjue_saker_uten_aa_delta_er_mange(scene: Scene) -> None:
    """On-call browsing: the cases are in the queue, but the person never takes part."""
    saker = [scene.send() for _ in range(innsyn.MANGE_UTENFOR)]
    for id_ in saker[1:]:
        innsending.apne(scene.spesialist2, id_)
        innsending.apne(scene.spesialist2, id_)
    assert scene.spesialist2.person_id not in moenstre(scene)
    innsending.apne(scene.spesialist2, saker[0])
    funnet = moenstre(scene)[scene.spesialist2.person_id]
    assert "mange_saker" in funnet.hvorfor
    assert (funnet.aapnet, funnet.utenfor, funnet.andel) == (20, 20, 100)
    assert set(funnet.saksnumre) == {scene.les(s).saksnummer for s in saker}
    # Whoever takes part in one has it as an own case.
    flyt.aksepter(scene.spesialist2, saker[0])
    flyt.gi_tilbake(scene.spesialist2, saker[0], "Feil fag")
    assert scene.spesialist2.person_id not in moenstre(scene)


def test_langt_over_de_andre_i_samme_rolle(scene: Scene) -> None:
    saker = [scene.send() for _ in range(7)]
    kolleger = [lag_aktor(Rolle.SPESIALIST, scene.hf) for _ in range(3)]
    for kollega in kolleger:
        innsending.apne(kollega, saker[0])
    for id_ in saker[:5]:
        innsending.apne(scene.spesialist2, id_)
    funnet = moenstre(scene)
    assert list(funnet) == [scene.spesialist2.person_id]
    assert funnet[scene.spesialist2.person_id].hvorfor == ["over_medianen"]
    assert funnet[scene.spesialist2.person_id].median == 1
    # Not when the others look at as much.
    for kollega in kolleger:
        for id_ in saker[:2]:
            innsending.apne(kollega, id_)
    assert moenstre(scene) == {}


def test_bare_de_siste_tretti_dagene(scene: Scene) -> None:
    saker = [scene.send() for _ in range(5)]
    naa = now()
    with som_om(naa - timedelta(days=29)):
        for id_ in saker:
            nummer = scene.les(id_).saksnummer
            innsyn.aapne_med_grunn(scene.kirurg, nummer, "overtar", GRUNN)
    assert scene.kirurg.person_id in moenstre(scene)
    with som_om(naa + timedelta(days=2)):
        assert moenstre(scene) == {}


def test_foelges_opp_og_kommer_tilbake_med_nye(scene: Scene) -> None:
    for id_ in [scene.send() for _ in range(5)]:
        aapne(scene, scene.kirurg, id_)
    innsyn.foelg_opp(scene.administrator, scene.kirurg.person_id, "Snakket med henne: vakt på to poster.")
    assert moenstre(scene) == {}
    (rad,) = db.session.scalars(sa.select(Innsynsoppfoelging))
    assert (rad.organisasjon_id, rad.fulgt_opp_av_id) == (scene.hf.id, scene.administrator.person_id)
    (innslag,) = revisjon("innsyn.fulgt_opp")
    assert innslag.kjede == f"org:{scene.hf.id}" and "Snakket" not in innslag.detaljer
    assert [t.merknad for t in innsyn.tidligere_oppfoelginger(scene.administrator)] == [rad.merknad]
    nye = [scene.send() for _ in range(5)]
    for id_ in nye:
        aapne(scene, scene.kirurg, id_)
    assert moenstre(scene)[scene.kirurg.person_id].grunner == {"overtar": 5}
    # «Valget ditt blir logget.»
    innsyn.foelg_opp(
        scene.administrator,
        scene.kirurg.person_id,
        f"Lagernummer {PERSONNUMMER} er ingen person.",
        ikke_fnr=True,
    )
    (innslag,) = revisjon("henvendelse.ikke_personnummer")
    assert (innslag.kjede, innslag.detaljer) == (f"org:{scene.hf.id}", '{"antall":1}')


def test_ingen_foelger_opp_seg_selv(scene: Scene, opptak: Opptak) -> None:
    """Also not an administrator who is a clinician beside: somebody else has to."""
    person_id = scene.kirurg.person_id
    for id_ in [scene.send() for _ in range(5)]:
        aapne(scene, scene.kirurg, id_)
    selv = Aktor(
        navn=scene.kirurg.navn,
        person_id=person_id,
        medlemskap_id=scene.administrator.medlemskap_id,
        rolle=Rolle.ADMINISTRATOR,
        organisasjon_id=scene.hf.id,
    )
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        innsyn.foelg_opp(selv, person_id, "Alt i orden med meg selv.")
    innsyn.foelg_opp(scene.systemadministrator, person_id, "Snakket med henne.", scene.hf.id)


def test_den_som_ikke_er_paa_lista_kan_ikke_foelges_opp(scene: Scene, opptak: Opptak) -> None:
    with uten_spor(opptak), pytest.raises(Konflikt):
        innsyn.foelg_opp(scene.administrator, scene.kirurg.person_id, "Alt i orden her.")
    with uten_spor(opptak), pytest.raises(UgyldigData):
        innsyn.foelg_opp(scene.administrator, scene.kirurg.person_id, " ")


def test_en_administrator_ser_sin_egen_organisasjon(scene: Scene, opptak: Opptak) -> None:
    for id_ in [scene.send() for _ in range(5)]:
        aapne(scene, scene.kirurg, id_)
        aapne(scene, scene.annen_lege, id_)
    i_kommunen = lag_aktor(Rolle.ADMINISTRATOR, scene.kommune)
    assert list(moenstre(scene)) == [scene.kirurg.person_id]
    assert list(moenstre(scene, i_kommunen)) == [scene.annen_lege.person_id]
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
        innsyn.aapne_oppfoelging(i_kommunen, scene.hf.id)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
        innsyn.foelg_opp(i_kommunen, scene.kirurg.person_id, "Prøver hos naboen.", scene.hf.id)
    assert list(moenstre(scene, scene.systemadministrator, scene.kommune.id)) == [scene.annen_lege.person_id]


def test_siden_for_oppfoelging(scene: Scene, som: Callable[[Aktor], FlaskClient], opptak: Opptak) -> None:
    saker = [scene.send(situasjon="KANARIFUGL") for _ in range(5)]
    for id_ in saker:
        aapne(scene, scene.kirurg, id_)
        som(scene.kirurg).get(f"/henvendelser/{id_}")
    klient = som(scene.administrator)
    side = klient.get("/innsyn/oppfoelging").text
    assert scene.kirurg.navn in side and "Mange åpninger med begrunnelse" in side
    assert scene.les(saker[0]).saksnummer in side
    assert "KANARIFUGL" not in side and GRUNN not in side
    assert len(revisjon("innsyn.moenstre_lest")) == 1
    adresse = f"/innsyn/oppfoelging/{scene.kirurg.person_id}"
    svar = klient.post(adresse, data={"merknad": "kort"})
    assert svar.status_code == 422 and "Skriv hvorfor med egne ord, minst 10 tegn." in svar.text
    svar = klient.post(adresse, data={"merknad": "Snakket med henne i dag."}, follow_redirects=True)
    assert "Oppfølgingen er lagret." in svar.text and "Ingen å følge opp" in svar.text
    assert "Snakket med henne i dag." in svar.text
    svar = klient.post(adresse, data={"merknad": "Snakket med henne i dag."}, follow_redirects=True)
    assert "Denne personen er alt fulgt opp." in svar.text
    for hvem in ("lege", "spesialist", "vaktleder", "koordinator", "innsyn", "kommuneoverlege"):
        annen = som(getattr(scene, hvem))
        with uten_spor(opptak, avslag=1):
            assert annen.get("/innsyn/oppfoelging").status_code == 403
        with uten_spor(opptak, avslag=1):
            assert annen.post(adresse, data={"merknad": "Snakket med henne i dag."}).status_code == 403


def test_hver_grunn_har_ord(scene: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    side = som(scene.lege).get("/henvendelser/innsyn").text
    for grunn in Innsynsgrunn:
        assert f'value="{grunn}"' in side
