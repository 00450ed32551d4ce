"""Sending a request, filling it in afterwards, measurements, and opening a case."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.aktor import Rolle
from portal.core.clock import now, oslo, som_om
from portal.core.db import db
from portal.core.errors import IkkeTilgang, Konflikt, UgyldigData, UgyldigOvergang, Utdatert
from portal.henvendelser.forloep import Status
from portal.henvendelser.models import Henvendelse, Kvittering, Opplysninger
from portal.henvendelser.service import flyt, innsending, lesing, lister
from tests.bygg import (
    PERSONNUMMER,
    Opptak,
    Scene,
    lag_aktor,
    lag_hf,
    lag_kommune,
    lag_medlemskap,
    lag_person,
    logg_over,
    om,
    revisjon,
    uten_spor,
)

RIK: dict[str, Any] = {
    "bakgrunn": "Hjertesvikt NYHA III.",
    "analyse": "Forverret svikt.",
    "raad_oenskes": "Kan vi øke dosen?",
    "aldersgruppe": "80_pluss",
    "kjoenn": "mann",
    "gravid": False,
    "oppholdssted": "sykehjem",
    "sykdomsbyrde": "KOLS.",
    "funksjonsnivaa": "Går med rullator.",
    "skroepelighet": 6,
    "kognitiv_svikt": "delvis",
    "behandlingsbegrensninger": "HLR minus.",
    "pasientens_oensker": "Vil bli her.",
    "evne_personell": "ja",
    "evne_kompetanse": "delvis",
    "evne_utstyr": "nei",
    "evne_sted": "",
    "evne_tekst": "Ikke intravenøst om natta.",
}


def test_en_henvendelse_og_det_som_hoerer_til(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.send(**RIK)
    sak = scene.les(id_)
    assert (sak.status, sak.hastegrad, sak.fagomraade) == (Status.NY, "haster", "indremedisin")
    assert (sak.avsender_id, sak.avsender_enhet_id) == (scene.kommune.id, scene.enhet.id)
    assert (sak.innmelder_id, sak.innmelder_medlemskap_id) == (scene.lege.person_id, scene.lege.medlemskap_id)
    assert sak.mottaker_id == scene.hf.id and sak.ansvarlig_id is None
    opp = lesing.hent_opplysninger(id_)
    for felt, verdi in RIK.items():
        assert getattr(opp, felt) == verdi, felt
    rad, spurt = logg_over(id_)
    assert (rad.sekvens, rad.type, rad.side, rad.tekst) == (1, "sendt", "innmelder", "")
    # There is no roster: nobody is on call, which the requester and the vaktleder are told.
    assert (spurt.sekvens, spurt.type, spurt.side, spurt.data["utfall"]) == (2, "eskalert", "system", "ingen")
    assert rad.avsender_navn == "Ingrid Lege, Legevakta"
    assert rad.data == {
        "mottaker": "Sykehuset Testfjord",
        "fagomraade": "indremedisin",
        "hastegrad": "haster",
    }
    assert [d.medlemskap_id for d in lesing.hent_deltakere(id_)] == [scene.lege.medlemskap_id]
    rad_i_loggen = ["henvendelse.hendelse", "henvendelse.sak_endret"]
    to_varsler = ["varsler.endret", "varsler.endret"]
    assert opptak.navn() == [*rad_i_loggen, *rad_i_loggen, *to_varsler, "henvendelse.koe_endret"]
    (innslag,) = revisjon("henvendelse.sendt")
    assert innslag.kjede == f"sak:{id_}"
    alt = innslag.detaljer + str(rad.data)
    assert not [v for v in RIK.values() if isinstance(v, str) and len(v) > 8 and v in alt]


def test_den_hastende_legen_sender_nesten_tomt(scene: Scene) -> None:
    tomt = {k: v for k, v in scene.henvendelse().items() if k not in ("kjoenn", "bostedskommune_id")}
    id_ = innsending.opprett(scene.lege, tomt)
    opp = lesing.hent_opplysninger(id_)
    assert (opp.kjoenn, opp.gravid, opp.bakgrunn, opp.aldersgruppe) == ("ukjent", False, "", None)
    assert opp.skroepelighet is None and opp.kognitiv_svikt == ""
    assert lesing.hent_maalinger(id_) == []


def test_saksnummer_per_aar_i_oslo(scene: Scene) -> None:
    aar = oslo(now()).year + 1
    with som_om(datetime(aar, 12, 31, 22, 59, tzinfo=UTC)):
        assert scene.les(scene.send()).saksnummer == f"{aar % 100}-000001"
        assert scene.les(scene.send()).saksnummer == f"{aar % 100}-000002"
    with som_om(datetime(aar, 12, 31, 23, 0, tzinfo=UTC)):
        assert scene.les(scene.send()).saksnummer == f"{aar % 100 + 1}-000001"


# --- resend ----------------------------------------------------------------------------------------------


def test_sendt_to_ganger_er_en_sak(scene: Scene, opptak: Opptak) -> None:
    data = scene.henvendelse(**RIK)
    id_ = innsending.opprett(scene.lege, data)
    with uten_spor(opptak):
        assert innsending.opprett(scene.lege, data) == id_
    # What has happened to the case since does not make the resend another one.
    innsending.oppdater_opplysninger(scene.lege, id_, 1, {"bakgrunn": "Mer å fortelle."})
    flyt.videresend(scene.spesialist, id_, scene.hf.id, "kirurgi", "Til dere.")
    with uten_spor(opptak):
        assert innsending.opprett(scene.lege, data) == id_


@pytest.mark.parametrize(
    "endret",
    [
        {"situasjon": "Noe annet."},
        {"hastegrad": "akutt"},
        {"fagomraade": "kirurgi"},
        {"plan_uten_raad": "vet_ikke"},
        {"tilbakeringing": "900 00 001"},
        {"aldersgruppe": None},
        {"bakgrunn": ""},
    ],
    ids=lambda e: next(iter(e)),
)
def test_samme_klient_id_med_annet_innhold(endret: dict[str, Any], scene: Scene, opptak: Opptak) -> None:
    data = scene.henvendelse(**RIK)
    innsending.opprett(scene.lege, data)
    with uten_spor(opptak), pytest.raises(Konflikt):
        innsending.opprett(scene.lege, {**data, **endret})


def test_klient_id_er_innmelderens_egen(scene: Scene) -> None:
    data = scene.henvendelse()
    assert innsending.opprett(scene.lege, data) != innsending.opprett(scene.kollega, data)


def test_dobbeltklikk_samtidig(scene: Scene, app: Flask) -> None:
    """Two at the very same moment: both get the same case, and neither an error."""
    data = scene.henvendelse()
    sammen = Barrier(4)

    def send() -> UUID:
        with app.app_context():
            sammen.wait()
            return innsending.opprett(scene.lege, data)

    with ThreadPoolExecutor(4) as traader:
        ider = {f.result() for f in [traader.submit(send) for _ in range(4)]}
    assert len(ider) == 1
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Henvendelse)) == 1


# --- who is asked ----------------------------------------------------------------------------------------


def test_opptaksomraadet_er_forslaget(scene: Scene) -> None:
    uten = scene.henvendelse(mottaker_id=None)
    assert scene.les(innsending.opprett(scene.lege, uten)).mottaker_id == scene.hf.id
    lag_aktor(Rolle.SPESIALIST, scene.annet_hf, fag=("kirurgi",))
    annet = scene.send(mottaker_id=scene.annet_hf.id, fagomraade="kirurgi")
    assert scene.les(annet).mottaker_id == scene.annet_hf.id


@pytest.mark.parametrize("tilfelle", ["ingen", "kommune", "nedlagt", "finnes ikke", "uten opptak"])
def test_mottakeren_maa_vaere_et_sykehus(tilfelle: str, scene: Scene, opptak: Opptak) -> None:
    endret: dict[str, Any] = {"bostedskommune_id": None}
    if tilfelle == "uten opptak":
        endret = {"mottaker_id": None, "bostedskommune_id": lag_kommune().id}
    else:
        endret["mottaker_id"] = {
            "ingen": lambda: None,
            "kommune": lambda: scene.kommune.id,
            "nedlagt": lambda: lag_hf(nedlagt=datetime(2020, 1, 1, tzinfo=UTC).date()).id,
            "finnes ikke": uuid4,
        }[tilfelle]()
    with uten_spor(opptak):
        with pytest.raises(UgyldigData) as info:
            scene.send(**endret)
        assert list(info.value.detaljer["felter"]) == ["mottaker_id"]


def test_bostedskommunen_maa_vaere_en_kommune(scene: Scene, opptak: Opptak) -> None:
    with uten_spor(opptak):
        with pytest.raises(UgyldigData) as info:
            scene.send(bostedskommune_id=scene.hf.id)
        assert list(info.value.detaljer["felter"]) == ["bostedskommune_id"]


@pytest.mark.parametrize(
    "hvorfor", ["ingen", "ferdig", "ikke begynt", "slått av", "vaktleder", "annet sykehus"]
)
def test_ingen_svarer_for_fagomraadet(hvorfor: str, scene: Scene, opptak: Opptak) -> None:
    """A request that nobody would ever see is refused at the door, with whom to ring instead."""
    person = lag_person(aktiv=hvorfor != "slått av")
    naa = datetime.now(UTC)
    fra, til = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
    if hvorfor == "vaktleder":
        lag_medlemskap(person, Rolle.VAKTLEDER, scene.hf)
    elif hvorfor != "ingen":
        lag_medlemskap(
            person,
            Rolle.SPESIALIST,
            scene.annet_hf if hvorfor == "annet sykehus" else scene.hf,
            fag=("nevrologi",),
            fra=til if hvorfor == "ikke begynt" else fra,
            til=naa if hvorfor == "ferdig" else None,
        )
    with uten_spor(opptak):
        with pytest.raises(UgyldigData) as info:
            scene.send(fagomraade="nevrologi")
        assert info.value.kode == "ingen_svarer"
        (melding,) = info.value.detaljer["felter"]["fagomraade"]
        assert "113" in str(melding)


@pytest.mark.parametrize(
    "hvem", ["sykepleier", "vaktleder", "koordinator", "administrator", "systemadministrator"]
)
def test_bare_leger_og_spesialister_spoer(hvem: str, scene: Scene, opptak: Opptak) -> None:
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        scene.send(getattr(scene, hvem))
    (avslag,) = revisjon("henvendelse.send")
    assert (avslag.utfall, avslag.person_id) == ("avslag", getattr(scene, hvem).person_id)


# --- identity numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("felt", innsending.FRITEKST)
def test_personnummer_i_hvert_fritekstfelt(felt: str, scene: Scene, opptak: Opptak) -> None:
    tekst = f"Fnr: {PERSONNUMMER[:6]} {PERSONNUMMER[6:]}!"
    with uten_spor(opptak):
        with pytest.raises(UgyldigData) as info:
            scene.send(**{felt: tekst})
        assert info.value.kode == "personnummer"
        assert info.value.detaljer["treff"] == {felt: [(5, 17)]}
        assert PERSONNUMMER not in info.value.melding
    id_ = scene.send(**{felt: tekst, "ikke_fnr": True})
    (innslag,) = revisjon("henvendelse.ikke_personnummer")
    assert orjson.loads(innslag.detaljer) == {"antall": 1} and innslag.kjede == f"sak:{id_}"
    with uten_spor(opptak), pytest.raises(UgyldigData):
        innsending.oppdater_opplysninger(scene.lege, id_, 1, {felt: f"{tekst} igjen"})
    innsending.oppdater_opplysninger(scene.lege, id_, 1, {felt: f"{tekst} igjen", "ikke_fnr": True})
    assert len(revisjon("henvendelse.ikke_personnummer")) == 2


def test_alle_fritekster_letes_gjennom() -> None:
    """A text column that is added later must be searched too."""
    tekster = {n for n, c in Opplysninger.__table__.c.items() if isinstance(c.type, sa.Text)}
    assert tekster == set(innsending.FRITEKST)
    assert set(innsending.OPPLYSNINGER) == set(Opplysninger.__table__.c.keys()) - {
        "henvendelse_id",
        "versjon",
    }


# --- filling in afterwards -------------------------------------------------------------------------------


def test_opplysninger_fylles_ut_etterpaa(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.send()
    endret = innsending.oppdater_opplysninger(scene.kollega, id_, 1, RIK)
    assert set(endret) == {k for k, v in RIK.items() if v not in ("", False)}
    rad = logg_over(id_)[-1]
    assert (rad.type, rad.tekst, rad.data) == ("oppdatert", "", {"felter": endret})
    assert orjson.loads(revisjon("henvendelse.oppdatert")[0].detaljer)["felter"] == endret
    assert scene.kollega.medlemskap_id in {d.medlemskap_id for d in lesing.hent_deltakere(id_)}
    with uten_spor(opptak):
        assert innsending.oppdater_opplysninger(scene.lege, id_, 2, RIK) == []


def test_foreldet_skjema_overskriver_ikke(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.send()
    innsending.oppdater_opplysninger(scene.lege, id_, 1, {"bakgrunn": "Først."})
    with uten_spor(opptak):
        with pytest.raises(Utdatert) as info:
            innsending.oppdater_opplysninger(scene.kollega, id_, 1, {"bakgrunn": "Sist."})
        assert info.value.detaljer == {"versjon": 2}
    assert lesing.hent_opplysninger(id_).bakgrunn == "Først."
    # Messages and moves make nobody's form stale.
    flyt.aksepter(scene.spesialist, id_)
    innsending.oppdater_opplysninger(scene.kollega, id_, 2, {"bakgrunn": "Sist."})


@pytest.mark.parametrize("status", [Status.LUKKET, Status.TRUKKET])
def test_en_avsluttet_sak_endres_ikke(status: Status, scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(status)
    with uten_spor(opptak):
        for gjoer in (
            lambda: innsending.oppdater_opplysninger(scene.lege, id_, 1, {"bakgrunn": "Ny."}),
            lambda: innsending.registrer_maaling(scene.lege, id_, {"puls": 80}),
        ):
            with pytest.raises(UgyldigOvergang) as info:
                gjoer()
            assert info.value.kode == "stengt"


# --- NEWS2 -----------------------------------------------------------------------------------------------

FRISK: dict[str, Any] = {
    "respirasjon": 16,
    "spo2": 97,
    "skala": 1,
    "oksygen": False,
    "systolisk": 120,
    "puls": 70,
    "bevissthet": "A",
    "temperatur": Decimal("37.0"),
}


def test_serveren_avgjoer_poengene(scene: Scene) -> None:
    syk = {**FRISK, "respirasjon": 25, "oksygen": True, "temperatur": Decimal("39.1")}
    id_ = scene.send(news2=syk)
    with om(minutes=5):
        innsending.registrer_maaling(scene.kollega, id_, FRISK)
    siste, foerste = lesing.hent_maalinger(id_)
    assert (foerste.status, foerste.sum, foerste.varsel) == ("fullstendig", 7, "akutt")
    assert (siste.status, siste.sum, siste.varsel) == ("fullstendig", 0, None)
    assert (foerste.registrert_av_id, siste.registrert_av_id) == (
        scene.lege.person_id,
        scene.kollega.person_id,
    )
    assert foerste.temperatur == Decimal("39.1")
    rad = logg_over(id_)[-1]
    assert (rad.type, rad.data) == ("maaling", {"sum": 0, "status": "fullstendig", "varsel": None})
    # A caller cannot bring a score along.
    with pytest.raises(TypeError):
        innsending.registrer_maaling(scene.lege, id_, {**FRISK, "sum": 0})


@pytest.mark.parametrize("mangler", sorted(set(FRISK) - {"skala"}))
def test_en_manglende_verdi_er_ikke_null(mangler: str, scene: Scene) -> None:
    id_ = scene.send(news2={**FRISK, mangler: None})
    (maaling,) = lesing.hent_maalinger(id_)
    assert (maaling.status, maaling.sum) == ("ufullstendig", None)
    assert getattr(maaling, mangler) is None
    assert maaling.poeng[mangler] is None


@pytest.mark.parametrize(
    "felt", [{"gravid": True}, {"aldersgruppe": "under_16"}], ids=lambda f: next(iter(f))
)
def test_news2_gjelder_ikke_alle(felt: dict[str, Any], scene: Scene) -> None:
    id_ = scene.send(news2={**FRISK, "respirasjon": 30}, **felt)
    (maaling,) = lesing.hent_maalinger(id_)
    assert (maaling.status, maaling.sum, maaling.varsel) == ("ikke_aktuelt", None, None)
    assert set(maaling.poeng.values()) == {None}
    assert maaling.respirasjon == 30


# --- opening ---------------------------------------------------------------------------------------------


def test_en_rad_per_aapning(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.send()
    for antall in (1, 2):
        innsending.apne(scene.spesialist, id_)
        innslag = revisjon("henvendelse.aapnet", objekt=id_)
        assert len(innslag) == antall
    assert [i.person_id for i in innslag] == [scene.spesialist.person_id] * 2
    assert innslag[0].kjede == f"sak:{id_}"
    # It is told to the sender, and seen once.
    assert opptak.navn().count("henvendelse.kvittering") == 2
    db.session.rollback()
    (kvittering,) = db.session.scalars(sa.select(Kvittering).where(Kvittering.henvendelse_id == id_))
    assert (kvittering.side, kvittering.mottatt, kvittering.lest) == ("mottaker", 0, 0)
    assert kvittering.navn.startswith("Siri Spesialist")


def test_aa_hente_hull_og_lister_er_ingen_aapning(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.send()
    with uten_spor(opptak):
        lesing.hent_logg(scene.spesialist, id_, 0)
        lesing.hent_sak(scene.spesialist, id_)
        lesing.hent_koe(scene.spesialist)
        lister.hent_side(scene.lege, lister.Utvalg(filter="alle"))
        lesing.hent_hoder({id_})
        lesing.hent_tall(scene.koordinator)


def test_tabellene_har_ikke_mer_enn_det_som_trengs(scene: Scene) -> None:
    """What counts and lists never needs to read: the case's own row holds no clinical text."""
    id_ = scene.send(**RIK)
    sak = scene.les(id_)
    rad = {c: getattr(sak, c) for c in list(Henvendelse.__table__.c.keys())}
    assert not [v for v in RIK.values() if isinstance(v, str) and len(v) > 8 and v in str(rad)]
