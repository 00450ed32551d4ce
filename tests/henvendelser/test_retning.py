"""Both directions: a kommune asks a hospital, and a hospital a kommune, with the same form, log, rules and figures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData
from portal.henvendelser import forloep
from portal.henvendelser.forloep import Plan, Raad, Retning, Side, Status, Utfall
from portal.henvendelser.service import flyt, innsending, lesing, meldinger, oppfoelging
from portal.henvendelser.service.sammenslaaing import foelg_sammenslaatte
from portal.identitet.fagomraader import ALLE_OMRAADER, FAGOMRAADER, KOMMUNALE_OMRAADER
from portal.identitet.models import Organisasjon
from tests.bygg import Opptak, Scene, lag_aktor, lag_kommune, logg_over, uten_spor

Som = Callable[[Aktor], FlaskClient]


class BeggeVeier:
    """The scene with somebody in the kommune who answers."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.svarer = lag_aktor(
            Rolle.HELSEPERSONELL, scene.kommune, scene.annen_enhet, ("utskrivning", "sykehjem"), "Elle Svarer"
        )
        self.svarer2 = lag_aktor(Rolle.LEGE_KOMMUNE, scene.kommune, scene.enhet, ("sykehjem",))
        self.vaktleder = lag_aktor(Rolle.VAKTLEDER, scene.kommune)

    def data(self, **endret: Any) -> dict[str, Any]:
        return {
            **self.scene.henvendelse(
                mottaker_id=self.scene.kommune.id, fagomraade="sykehjem", plan_uten_raad="skrive_ut"
            ),
            **endret,
        }

    def send(self, **endret: Any) -> UUID:
        return innsending.opprett(self.scene.spesialist, self.data(**endret))

    def sak(self, retning: Retning, status: Status) -> UUID:
        """A case of that direction that is accepted or answered."""
        til_sykehus = retning == Retning.TIL_SYKEHUS
        if til_sykehus:
            return self.scene.sak(status)
        id_ = self.send()
        flyt.aksepter(self.svarer, id_)
        if status == Status.BESVART:
            flyt.besvar(self.svarer, id_, Raad.KAN_TA_IMOT, "Fra mandag.")
        return id_

    def sidene(self, retning: Retning) -> tuple[Aktor, Aktor]:
        """Who asks and who answers."""
        if retning == Retning.TIL_SYKEHUS:
            return self.scene.lege, self.scene.spesialist
        return self.scene.spesialist, self.svarer


@pytest.fixture
def veier(scene: Scene) -> Iterator[BeggeVeier]:
    yield BeggeVeier(scene)


def _felter(info: pytest.ExceptionInfo[UgyldigData]) -> set[str]:
    return set(info.value.detaljer["felter"])


# --- the whole way ---------------------------------------------------------------------------------------


def test_sykehuset_spoer_og_kommunen_svarer(veier: BeggeVeier, opptak: Opptak) -> None:
    s = veier.scene
    id_ = veier.send(mottaker_id=None)
    sak = s.les(id_)
    assert (sak.retning, sak.status, sak.mottaker_id) == (Retning.TIL_KOMMUNE, Status.NY, s.kommune.id)
    assert (sak.avsender_id, sak.innmelder_id) == (s.hf.id, s.spesialist.person_id)
    assert [k.id for k in lesing.hent_koe(veier.svarer).ventende] == [id_]
    assert (
        "henvendelse.koe_endret",
        {"noekkel": f"{s.kommune.id}:sykehjem", "versjon": 1},
    ) in opptak.hendelser
    flyt.aksepter(veier.svarer, id_)
    meldinger.send_melding(veier.svarer, id_, uuid4(), "Hva trenger hun hjelp til?")
    meldinger.send_melding(s.spesialist, id_, uuid4(), "Forflytning, to ganger om dagen.")
    flyt.besvar(veier.svarer, id_, "kan_ta_imot", "Plass fra mandag.")
    flyt.lukk(s.spesialist, id_, "utskrevet")
    sak = s.les(id_)
    assert (sak.status, sak.raad, sak.utfall) == (Status.LUKKET, "kan_ta_imot", "utskrevet")
    # No admission was in question: it counts in no such figure.
    assert sak.unngaatt == "utelatt"
    assert [(h.type, h.side) for h in logg_over(id_)][:7] == [
        ("sendt", Side.INNMELDER),
        ("eskalert", Side.SYSTEM),
        ("akseptert", Side.MOTTAKER),
        ("melding", Side.MOTTAKER),
        ("melding", Side.INNMELDER),
        ("besvart", Side.MOTTAKER),
        ("lukket", Side.INNMELDER),
    ]


def test_bare_den_som_svarer_for_tjenesten_ser_den(veier: BeggeVeier) -> None:
    """The same need to know as the other way: the other physicians of both sides do not see it."""
    id_ = veier.send(fagomraade="utskrivning", utskrivning={"innlagt": now(), "usikker": True})
    for aktor in (veier.svarer, veier.vaktleder, veier.scene.vaktleder, veier.scene.spesialist):
        assert lesing.hent_sak(aktor, id_).id == id_
    s = veier.scene
    for aktor in (veier.svarer2, s.lege, s.kommuneoverlege, s.spesialist2, s.fremmed_lege, s.koordinator):
        with pytest.raises(IkkeFunnet):
            lesing.hent_sak(aktor, id_)
    # Taking it is for those who answer for the service; a vaktleder distributes and does not answer.
    with pytest.raises(IkkeTilgang):
        flyt.aksepter(veier.vaktleder, id_)


def test_tiden_er_ute_og_pasienten_blir_paa_sykehuset(veier: BeggeVeier) -> None:
    id_ = veier.send()
    flyt.tiden_er_ute(veier.scene.spesialist, id_)
    assert veier.scene.les(id_).utfall == Utfall.BLE_PAA_SYKEHUSET
    id_ = veier.scene.send()
    flyt.tiden_er_ute(veier.scene.lege, id_)
    assert veier.scene.les(id_).utfall == Utfall.INNLAGT


# --- the codes of each direction -------------------------------------------------------------------------

RETNINGER = list(Retning)


def test_hver_kode_hoerer_til_en_retning() -> None:
    for tabell, koder in ((forloep.PLANER, Plan), (forloep.RAAD, Raad), (forloep.UTFALL, Utfall)):
        assert set(tabell) == set(Retning)
        assert {k for sett in tabell.values() for k in sett} == set(koder)
    for retning, utfall in forloep.UTFALL_UTEN_SVAR.items():
        assert utfall in forloep.UTFALL[retning]


@pytest.mark.parametrize(("retning", "plan"), list(product(Retning, Plan)))
def test_planen_hoerer_til_retningen(retning: Retning, plan: Plan, veier: BeggeVeier, opptak: Opptak) -> None:
    spoer, _ = veier.sidene(retning)
    data = veier.data() if retning == Retning.TIL_KOMMUNE else veier.scene.henvendelse()
    data["plan_uten_raad"] = str(plan)
    if plan in forloep.PLANER[retning]:
        assert veier.scene.les(innsending.opprett(spoer, data)).plan_uten_raad == plan
        return
    with uten_spor(opptak), pytest.raises(UgyldigData) as info:
        innsending.opprett(spoer, data)
    assert _felter(info) == {"plan_uten_raad"}


@pytest.mark.parametrize(("retning", "raad"), list(product(Retning, Raad)))
def test_raadet_hoerer_til_retningen(retning: Retning, raad: Raad, veier: BeggeVeier, opptak: Opptak) -> None:
    _, svarer = veier.sidene(retning)
    id_ = veier.sak(retning, Status.AKSEPTERT)
    if raad in forloep.RAAD[retning]:
        flyt.besvar(svarer, id_, str(raad), "Slik gjør vi.")
        assert veier.scene.les(id_).raad == raad
        return
    with uten_spor(opptak), pytest.raises(UgyldigData) as info:
        flyt.besvar(svarer, id_, str(raad), "Slik gjør vi.")
    assert _felter(info) == {"raad"}


@pytest.mark.parametrize(("retning", "utfall"), list(product(Retning, Utfall)))
def test_utfallet_hoerer_til_retningen(
    retning: Retning, utfall: Utfall, veier: BeggeVeier, opptak: Opptak
) -> None:
    spoer, _ = veier.sidene(retning)
    id_ = veier.sak(retning, Status.BESVART)
    if utfall in forloep.UTFALL[retning]:
        flyt.lukk(spoer, id_, str(utfall))
        assert veier.scene.les(id_).utfall == utfall
        return
    with uten_spor(opptak), pytest.raises(UgyldigData) as info:
        flyt.lukk(spoer, id_, str(utfall))
    assert _felter(info) == {"utfall"}


# --- the receiver ----------------------------------------------------------------------------------------


def test_bostedskommunen_er_mottakeren(veier: BeggeVeier) -> None:
    s = veier.scene
    id_ = veier.send(mottaker_id=None, bostedskommune_id=s.kommune.id)
    assert s.les(id_).mottaker_id == s.kommune.id
    # Another may be chosen, as where the patient is to be with family.
    id_ = veier.send(mottaker_id=s.kommune.id, bostedskommune_id=s.annen_kommune.id)
    assert s.les(id_).mottaker_id == s.kommune.id
    with pytest.raises(UgyldigData) as info:
        veier.send(mottaker_id=None, bostedskommune_id=None)
    assert _felter(info) == {"mottaker_id"}


def test_feil_mottaker(veier: BeggeVeier, opptak: Opptak) -> None:
    s = veier.scene
    nedlagt = lag_kommune(nedlagt=now().date())
    with uten_spor(opptak):
        for mottaker in (s.hf.id, s.annet_hf.id, s.rhf.id, nedlagt.id, uuid4()):
            with pytest.raises(UgyldigData) as info:
                veier.send(mottaker_id=mottaker)
            assert _felter(info) == {"mottaker_id"}
        for mottaker in (s.kommune.id, s.annen_kommune.id, s.rhf.id):
            with pytest.raises(UgyldigData) as info:
                s.send(mottaker_id=mottaker)
            assert _felter(info) == {"mottaker_id"}


@pytest.mark.parametrize("fag", [*FAGOMRAADER, *KOMMUNALE_OMRAADER])
def test_omraadet_er_mottakerens(fag: str, veier: BeggeVeier, opptak: Opptak) -> None:
    """A specialty is not asked of a kommune, nor a service of a hospital; nor what nobody answers for."""
    s = veier.scene
    svares_av_kommunen, svares_av_sykehuset = (
        {"utskrivning", "sykehjem"},
        {"indremedisin", "geriatri", "kirurgi"},
    )
    mer = {"utskrivning": {"innlagt": now(), "usikker": True}} if fag == "utskrivning" else {}
    for spoer, data, svares in (
        (s.spesialist, veier.data(fagomraade=fag, **mer), svares_av_kommunen),
        (s.lege, s.henvendelse(fagomraade=fag), svares_av_sykehuset),
    ):
        if fag in svares:
            assert s.les(innsending.opprett(spoer, data)).fagomraade == fag
            continue
        with uten_spor(opptak), pytest.raises(UgyldigData) as info:
            innsending.opprett(spoer, data)
        assert _felter(info) == {"fagomraade"}
        ingen_svarer = (fag in KOMMUNALE_OMRAADER) == (spoer is s.spesialist)
        assert info.value.kode == ("ingen_svarer" if ingen_svarer else "ugyldig")


def test_sendes_videre_paa_sin_side(veier: BeggeVeier, opptak: Opptak) -> None:
    s = veier.scene
    nabo = lag_aktor(Rolle.HELSEPERSONELL, s.annen_kommune, fag=("sykehjem",))
    id_ = veier.send()
    with uten_spor(opptak):
        for mottaker, fag, felt in (
            (s.hf.id, "indremedisin", "mottaker_id"),
            (s.kommune.id, "geriatri", "fagomraade"),
            (s.kommune.id, "legevakt", "fagomraade"),
            (s.kommune.id, "sykehjem", "fagomraade"),
        ):
            with pytest.raises(UgyldigData) as info:
                flyt.videresend(veier.svarer, id_, mottaker, fag, "Til dere.")
            assert _felter(info) == {felt}, (mottaker, fag)
    til_sykehus = s.sak(Status.NY)
    with pytest.raises(UgyldigData):
        flyt.videresend(s.spesialist, til_sykehus, s.kommune.id, "sykehjem", "Til dere.")
    flyt.videresend(veier.svarer, id_, s.annen_kommune.id, "sykehjem", "Hun bor hos dere.")
    assert s.les(id_).retning == Retning.TIL_KOMMUNE
    assert lesing.hent_sak(nabo, id_).id == id_
    with pytest.raises(IkkeFunnet):
        lesing.hent_sak(veier.svarer, id_)


def test_gjenaapnes_av_den_som_svarer(veier: BeggeVeier) -> None:
    id_ = veier.sak(Retning.TIL_KOMMUNE, Status.BESVART)
    flyt.lukk(veier.scene.spesialist, id_, "ble_paa_sykehuset")
    flyt.gjenaapne(veier.svarer2, id_)
    assert veier.scene.les(id_).ansvarlig_id == veier.svarer2.person_id


def test_sakene_foelger_en_kommune_som_slaas_sammen(veier: BeggeVeier) -> None:
    """What waits at a kommune that is no more waits at its successor, for those who answer there."""
    s = veier.scene
    id_ = veier.send()
    hos_ny = lag_aktor(Rolle.HELSEPERSONELL, s.annen_kommune, fag=("sykehjem",))
    _slaa_sammen(s.kommune.id, s.annen_kommune.id)
    assert foelg_sammenslaatte() == 1
    assert s.les(id_).mottaker_id == s.annen_kommune.id
    flyt.aksepter(hos_ny, id_)


@transactional
def _slaa_sammen(gammel_id: UUID, ny_id: UUID) -> None:
    gammel = db.session.get_one(Organisasjon, gammel_id)
    gammel.nedlagt, gammel.etterfolger_id = now().date(), ny_id


# --- over HTTP -------------------------------------------------------------------------------------------


def _skjema(veier: BeggeVeier, **endret: str) -> dict[str, str]:
    return {
        "klient_id": str(uuid4()),
        "bostedskommune_id": str(veier.scene.kommune.id),
        "mottaker_id": "",
        "fagomraade": "sykehjem",
        "hastegrad": "vanlig",
        "tilbakeringing": "900 00 000",
        "plan_uten_raad": "skrive_ut",
        "situasjon": "Trenger korttidsplass etter hoftebrudd.",
        **endret,
    }


def test_skjemaet_har_spoererens_ord(veier: BeggeVeier, som: Som) -> None:
    sykehusets = som(veier.scene.spesialist).get("/henvendelser/ny").text
    kommunens = som(veier.scene.lege).get("/henvendelser/ny").text
    bare_sykehusets = (
        "Hva ville dere gjort nå uten svar?", "Kommune som spørres", ">Tjeneste", "Varsel sendt i PLO",
        'value="skrive_ut"', '<option value="utskrivning"', 'value="sykehus"', "erstatter dem ikke",
    )  # fmt: skip
    bare_kommunens = (
        "Hva ville du gjort nå uten råd?", ">Sykehus</label>", ">Fagområde", "Kommunens mulighet",
        'value="legge_inn"', '<option value="indremedisin"',
    )  # fmt: skip
    for ord_ in bare_sykehusets:
        assert ord_ in sykehusets and ord_ not in kommunens, ord_
    for ord_ in bare_kommunens:
        assert ord_ in kommunens and ord_ not in sykehusets, ord_
    for begges in ("NEWS2", 'href="tel:113"', "Telefon du nås på nå"):
        assert begges in sykehusets and begges in kommunens
    # Whom a hospital can choose: those who answer. The patient's kommune may be any of them.
    valg = re.search(r'name="mottaker_id".*?</select>', sykehusets, re.S)
    assert (
        valg and str(veier.scene.kommune.id) in valg[0] and str(veier.scene.annen_kommune.id) not in valg[0]
    )


def test_sendt_besvart_og_lukket_i_sidene(veier: BeggeVeier, som: Som) -> None:
    sykehus, kommune = som(veier.scene.spesialist), som(veier.svarer)
    assert kommune.get("/").location == "/koe"
    assert som(veier.scene.lege).get("/").location == "/henvendelser/"
    sak = sykehus.post("/henvendelser/ny", data=_skjema(veier)).location
    koe = kommune.get("/koe").text
    assert "Sykehjem" in koe and 'href="/koe"' in koe
    assert 'href="/koe"' not in som(veier.scene.sykepleier).get("/henvendelser/").text
    assert kommune.post(f"{sak}/aksepter").location == sak
    side = kommune.get(sak).text
    assert "Svaret ditt" in side and 'value="kan_ta_imot"' in side and "Kommunens mulighet" not in side
    assert 'value="innleggelse"' not in side and "Rådet ditt" not in side
    assert kommune.post(f"{sak}/besvar", data={"raad": "innleggelse", "tekst": "Nei."}).status_code == 422
    assert kommune.post(f"{sak}/besvar", data={"raad": "kan_ta_imot", "tekst": "Ja."}).location == sak
    side = sykehus.get(sak).text
    assert (
        "Besvart, hos Elle Svarer" in side and 'value="utskrevet"' in side and 'value="innlagt"' not in side
    )
    assert sykehus.post(f"{sak}/lukk", data={"utfall": "innlagt"}).status_code == 422
    assert sykehus.post(f"{sak}/lukk", data={"utfall": "utskrevet"}).location == sak
    side = sykehus.get(sak).text
    assert "utskrevet til kommunen" in side and "Innleggelse unngått" not in side


def test_loggen_har_ordene_for_retningen(veier: BeggeVeier, som: Som) -> None:
    """A hospital gets an answer and no råd, and its patient came back or did not: in the rows and in what is live."""
    for retning, svar, ble in (
        (Retning.TIL_SYKEHUS, "Råd: ", "ikke innlagt"),
        (Retning.TIL_KOMMUNE, "Svar: ", "kom ikke tilbake"),
    ):
        id_ = veier.sak(retning, Status.BESVART)
        spoer, _svarer = veier.sidene(retning)
        utfall = "utskrevet" if retning == Retning.TIL_KOMMUNE else "oehd_plass"
        flyt.lukk(spoer, id_, utfall)
        oppfoelging.svar(spoer, id_, 3, "bekreftet")
        side = som(spoer).get(f"/henvendelser/{id_}").text
        assert re.search(rf'data-felt="setning">{svar}', side)
        assert f"hva som skjedde, 3 dager etter: {ble}" in side
        assert f'data-oppfoelging-bekreftet="{ble}"' in side
        assert f'data-hendelse-besvart="{svar}{{raad}}"' in side


def test_en_feil_viser_skjemaet_igjen(veier: BeggeVeier, som: Som) -> None:
    svar = som(veier.scene.spesialist).post(
        "/henvendelser/ny", data=_skjema(veier, fagomraade="fastlege", situasjon="Det jeg skrev.")
    )
    assert svar.status_code == 422
    assert "Ingen hos mottakeren svarer" in svar.text and "Det jeg skrev." in svar.text
    svar = som(veier.scene.spesialist).post(
        "/henvendelser/ny", data=_skjema(veier, plan_uten_raad="legge_inn")
    )
    assert svar.status_code == 422 and "Velg et av alternativene" in svar.text


def test_videresending_viser_mottakere_paa_sin_side(veier: BeggeVeier, som: Som) -> None:
    s = veier.scene
    lag_aktor(Rolle.HELSEPERSONELL, s.annen_kommune, fag=("sykehjem",))
    id_ = veier.send()
    valg = re.search(
        r'id="videresend-mottaker_id".*?</select>', som(veier.svarer).get(f"/henvendelser/{id_}").text, re.S
    )
    assert valg and str(s.annen_kommune.id) in valg[0] and str(s.hf.id) not in valg[0]
    fra_lege = s.send()
    valg = re.search(
        r'id="videresend-mottaker_id".*?</select>',
        som(s.spesialist).get(f"/henvendelser/{fra_lege}").text,
        re.S,
    )
    assert valg and str(s.annet_hf.id) in valg[0] and str(s.kommune.id) not in valg[0]


def test_mottakere_for_sykehuset(veier: BeggeVeier, som: Som) -> None:
    """Those who answer, and the patient's kommune whoever answers there; never the other 357."""
    s = veier.scene
    klient = som(s.spesialist)
    data = klient.get("/api/v1/mottakere").json
    assert data["forslag"] is None
    assert [m["id"] for m in data["mottakere"]] == [str(s.kommune.id)]
    (kommune,) = data["mottakere"]
    assert [f["kode"] for f in kommune["fagomraader"]] == list(KOMMUNALE_OMRAADER)
    assert {f["kode"] for f in kommune["fagomraader"] if f["bemannet"]} == {"utskrivning", "sykehjem"}
    data = klient.get(f"/api/v1/mottakere?kommune={s.annen_kommune.id}").json
    assert data["forslag"] == str(s.annen_kommune.id)
    assert {m["id"] for m in data["mottakere"]} == {str(s.kommune.id), str(s.annen_kommune.id)}
    # What is no kommune is no suggestion.
    assert klient.get(f"/api/v1/mottakere?kommune={s.hf.id}").json["forslag"] is None
    data = som(s.lege).get(f"/api/v1/mottakere?kommune={s.kommune.id}").json
    assert data["forslag"] == str(s.hf.id)
    assert {m["id"] for m in data["mottakere"]} == {str(s.hf.id), str(s.annet_hf.id)}


def test_som_json(veier: BeggeVeier, som: Som) -> None:
    inn = {**_skjema(veier), "mottaker_id": None}
    svar = som(veier.scene.spesialist).post("/api/v1/henvendelser", json=inn)
    assert (svar.status_code, svar.json["retning"]) == (201, "til_kommune")
    sak = f"/api/v1/henvendelser/{svar.json['id']}"
    assert som(veier.svarer).post(f"{sak}/aksepter", json={}).json["status"] == "akseptert"
    feil = som(veier.svarer).post(f"{sak}/besvar", json={"raad": "poliklinikk", "tekst": "x"})
    assert feil.status_code == 422 and list(feil.json["felter"]) == ["raad"]


def test_opplysningene_oppdateres_uten_kommunens_mulighet(veier: BeggeVeier, som: Som) -> None:
    id_ = veier.send(oppholdssted="sykehus")
    klient = som(veier.scene.spesialist)
    side = klient.get(f"/henvendelser/{id_}/opplysninger").text
    assert "evne_personell" not in side and 'id="oppholdssted-sykehus"' in side
    svar = klient.post(
        f"/henvendelser/{id_}/opplysninger",
        data={"versjon": "1", "situasjon": "Ny situasjon.", "oppholdssted": "sykehus"},
    )
    assert svar.status_code == 303
    opp = lesing.hent_opplysninger(id_)
    assert (opp.situasjon, opp.oppholdssted) == ("Ny situasjon.", "sykehus")
    assert (
        "evne_personell" in som(veier.scene.lege).get(f"/henvendelser/{veier.scene.send()}/opplysninger").text
    )


# --- figures ---------------------------------------------------------------------------------------------


def test_tallene_teller_begge_veier(veier: BeggeVeier, som: Som) -> None:
    s = veier.scene
    s.sak(Status.LUKKET)
    s.send()
    veier.sak(Retning.TIL_KOMMUNE, Status.BESVART)
    tall = lesing.hent_tall(s.koordinator)
    assert (tall["antall"], tall["retning"]) == (3, {"til_sykehus": 2, "til_kommune": 1})
    assert tall["per_retning"]["til_kommune"]["antall"] == 1
    for del_ in tall["per_retning"].values():
        assert 0 <= del_["median_aksept"] <= del_["median_svar"] < 1
    # Somebody else's are in nobody's figures.
    assert lesing.hent_tall(s.fremmed_lege)["antall"] == 0
    side = som(s.koordinator).get("/tall").text
    assert "Kommunen spør sykehuset" in side and "Sykehuset spør kommunen" in side


def test_alle_omraader_har_navn() -> None:
    assert len(ALLE_OMRAADER) == len(FAGOMRAADER) + len(KOMMUNALE_OMRAADER)
