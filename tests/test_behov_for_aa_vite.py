"""Need to know: every relation a person can have to a case, held against every act, page, list, export and hint.

The case is `lege`'s of the legevakt, sent to indremedisin at `hf`, taken by `spesialist`. Its texts are canaries: words
that stand nowhere else, so that one of them in an answer is a leak. `scripts/mutations.py` deletes the checks of
`henvendelser/access.py` one by one and demands that these tests notice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from uuid import UUID, uuid4
from zipfile import ZipFile

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from portal.avtaler.forloep import Status as Avtalestatus
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.henvendelser import access
from portal.henvendelser.forloep import Handling, Side, Status
from portal.henvendelser.models import (
    Deltaker,
    Henvendelse,
    Saksinvitasjon,
    Utskrivning,
)
from portal.henvendelser.service import deling, flyt, lesing
from portal.identitet.models import Medlemskap
from portal.plasser import access as plassaccess
from portal.plasser.hold import hold
from tests.avtalehjelp import lag_avtale
from tests.bygg import (
    lag_aktor,
    lag_hf,
    lag_organisasjon,
    lagre,
)
from tests.plasser.hjelp import lag_plassenhet
from tests.relasjoner import (
    LOGGFOERERE,
    RELASJONER,
    SER,
    TABELL,
    Behov,
    et_behov,
    nettleser,
    tegn_for,
)

#: They answer for the case's fagområde at the receiver.
PAA_VAKT = {"spesialist", "spesialist2", "paa_vaktplan", "neste_i_skiftet"}
#: Were told of the case while it was their hospital's: the bell keeps what it said, with a link that opens nothing now.
VAR_DERES = {"fremmed_vaktleder"}


@pytest.fixture(scope="module")
def behov(_app: Flask) -> Iterator[Behov]:
    with et_behov(_app) as b:
        yield b


# --- acts ------------------------------------------------------------------------------------------------


def test_hver_handling_og_hver_relasjon_staar_i_tabellen() -> None:
    assert set(TABELL) == {str(h) for h in Handling}
    assert all(set(rad) == set(RELASJONER) for rad in TABELL.values())


@pytest.mark.parametrize("handling", list(Handling))
def test_rett(handling: Handling, behov: Behov) -> None:
    fikk = {}
    for navn in RELASJONER:
        fikk[navn] = tegn_for(lambda n=navn: access.hent(behov.aktor(n), handling, behov.sak_id))  # type: ignore[misc]
        db.session.rollback()
    assert fikk == TABELL[str(handling)]


def test_knappene_er_de_handlingene_en_har(behov: Behov) -> None:
    """The page shows the buttons of what `hent` would let through, and no other."""
    sak = behov.les(behov.sak_id)
    for navn in SER:
        ventet = {h for h, rad in TABELL.items() if rad[navn] == "+"}
        assert access.mulige_handlinger(behov.aktor(navn), sak) == ventet, navn


def test_ledig_sak(behov: Behov) -> None:
    """A case that waits is on call's and the vaktleder's to take or send on; looking in gives no such right."""
    sak = behov.send()
    for handling, faar in (
        (Handling.AKSEPTERE, PAA_VAKT),
        (Handling.VIDERESENDE, PAA_VAKT | {"vaktleder"}),
    ):
        for navn in RELASJONER:
            tegn = tegn_for(lambda n=navn, h=handling: access.hent(behov.aktor(n), h, sak))  # type: ignore[misc]
            assert (tegn == "+") == (navn in faar), (handling, navn, tegn)
            db.session.rollback()
    # Nobody has it yet, so nobody can hand it over.
    assert tegn_for(lambda: access.hent(behov.vaktleder, Handling.OVERLEVERE, sak)) == "9"
    db.session.rollback()


def test_fra_sykehuset_til_kommunen(behov: Behov) -> None:
    """The other way the same rule holds; and a discharge is its two sides' to keep, where there is one."""
    svarer = lag_aktor(Rolle.HELSEPERSONELL, behov.kommune, fag=("sykehjem",))
    uten_omraade = lag_aktor(Rolle.HELSEPERSONELL, behov.kommune)
    annet_omraade = lag_aktor(Rolle.HELSEPERSONELL, behov.kommune, fag=("legevakt",))
    nabo = lag_aktor(Rolle.HELSEPERSONELL, behov.annen_kommune, fag=("sykehjem",))
    sak = behov.send(
        behov.spesialist, mottaker_id=behov.kommune.id, fagomraade="sykehjem", plan_uten_raad="vet_ikke"
    )
    folk = {
        "innmelder": (behov.spesialist, "+++", "-+"),
        "uten del": (behov.spesialist2, "000", "00"),
        "vaktleder": (behov.vaktleder, "+++", "--"),
        "svarer": (svarer, "+++", "+-"),
        "vaktleder i kommunen": (behov.vaktleder_kommune, "+++", "--"),
        "annet område": (annet_omraade, "000", "00"),
        "uten område": (uten_omraade, "000", "00"),
        "i nabokommunen": (nabo, "000", "00"),
        "koordinator": (behov.koordinator_grunn, "000", "00"),
    }
    flyttinger = (Handling.AKSEPTERE, Handling.TREKKE)
    lest = (Handling.SE, Handling.SKRIVE, Handling.UTSKRIVNING)

    def fikk(aktor: Aktor, handlinger: tuple[Handling, ...]) -> str:
        return "".join(tegn_for(lambda h=h: access.hent(aktor, h, sak)) for h in handlinger)  # type: ignore[misc]

    for navn, (aktor, ser, gjoer) in folk.items():
        # No timeline, no steps to take.
        assert fikk(aktor, lest) == ser.replace("+++", "++-"), navn
        assert fikk(aktor, flyttinger) == gjoer, navn
    transactional(lambda: lagre(Utskrivning(henvendelse_id=sak, innlagt=now())))()
    for navn, (aktor, ser, _gjoer) in folk.items():
        assert fikk(aktor, lest) == ser, navn
    db.session.rollback()


def test_innmelderen_har_saken_ogsaa_uten_aa_delta(behov: Behov) -> None:
    """Whoever asked never loses the case, whatever became of the row of the participation."""
    lege = lag_aktor(Rolle.LEGE_KOMMUNE, behov.kommune)
    sak = behov.send(lege)
    transactional(
        lambda: db.session.execute(
            sa.update(Deltaker).where(Deltaker.henvendelse_id == sak).values(til=now())
        )
    )()
    assert tegn_for(lambda: access.hent(lege, Handling.TREKKE, sak)) == "+"
    db.session.rollback()


def test_uten_enhet_er_ingen_av_samme_enhet(behov: Behov) -> None:
    """Two who have no unit are not of one unit: a specialist's request is that specialist's alone."""
    lag_aktor(Rolle.HELSEPERSONELL, behov.kommune, fag=("sykehjem",))
    sak = behov.send(
        behov.kirurg, mottaker_id=behov.kommune.id, fagomraade="sykehjem", plan_uten_raad="vet_ikke"
    )
    assert behov.kirurg.enhet_id is None
    for aktor in (behov.deltaker, behov.vaktleder_kommune):
        assert not access.er_innmeldersiden(aktor, behov.les(sak))
    assert tegn_for(lambda: access.hent(behov.vaktleder, Handling.TREKKE, sak)) == "-"
    assert tegn_for(lambda: access.hent(behov.kirurg, Handling.TREKKE, sak)) == "+"
    db.session.rollback()


def test_i_en_lukket_sak_er_det_bare_aa_lese(behov: Behov) -> None:
    """What is done in an open case waits for it to be opened again; copying and following up do not."""
    sak = behov.sak(Status.LUKKET)
    for handling, ventet in (
        (Handling.SE, "+"),
        (Handling.EKSPORTERE, "+"),
        (Handling.FOELGE_OPP, "+"),
        (Handling.SKRIVE, "9"),
        (Handling.OPPDATERE, "9"),
        (Handling.INVITERE, "9"),
        (Handling.IDENTITET, "9"),
    ):
        assert tegn_for(lambda h=handling: access.hent(behov.lege, h, sak)) == ventet, handling  # type: ignore[misc]
        db.session.rollback()


def test_naar_den_ansvarlige_er_borte(behov: Behov) -> None:
    """Then those on call may put the case back; another who takes part may not."""
    borte = lag_aktor(Rolle.SPESIALIST, behov.hf, fag=("indremedisin",))
    sak = behov.send()
    flyt.aksepter(borte, sak)

    @transactional
    def slutter() -> None:
        d = behov.deltaker
        lagre(
            Deltaker(
                henvendelse_id=sak,
                person_id=d.person_id,
                medlemskap_id=d.medlemskap_id,
                side=Side.MOTTAKER,
                fra=now(),
            )
        )
        db.session.get_one(Medlemskap, borte.medlemskap_id).gyldig_til = now()

    folk = {"spesialist2": "-+", "deltaker": "0-", "lege": "--"}
    for navn, (foer, _etter) in folk.items():
        assert tegn_for(lambda n=navn: access.hent(behov.aktor(n), Handling.GI_TILBAKE, sak)) == foer  # type: ignore[misc]
        db.session.rollback()
    slutter()
    for navn, (_foer, etter) in folk.items():
        assert tegn_for(lambda n=navn: access.hent(behov.aktor(n), Handling.GI_TILBAKE, sak)) == etter  # type: ignore[misc]
        db.session.rollback()


def test_en_deltaker_fra_et_annet_sykehus_er_ikke_paa_vakt(behov: Behov) -> None:
    """Who answers for the same fagområde elsewhere may take part, and takes no case of this hospital's."""
    sak = behov.send()
    d = behov.fremmed_spesialist
    transactional(
        lambda: lagre(
            Deltaker(
                henvendelse_id=sak,
                person_id=d.person_id,
                medlemskap_id=d.medlemskap_id,
                side=Side.MOTTAKER,
                fra=now(),
            )
        )
    )()
    assert tegn_for(lambda: access.hent(d, Handling.SKRIVE, sak)) == "+"
    assert tegn_for(lambda: access.hent(d, Handling.AKSEPTERE, sak)) == "-"
    db.session.rollback()


def test_med_grunn_ses_bare_den_ene_saken(behov: Behov) -> None:
    annen = behov.send()
    for navn in ("grunn_lege", "grunn_spesialist", "invitert", "overtaker", "deltaker"):
        assert tegn_for(lambda n=navn: access.hent(behov.aktor(n), Handling.SE, annen)) == "0", navn  # type: ignore[misc]
        db.session.rollback()


def test_lukkede_saker_og_vakta(behov: Behov) -> None:
    """Being on call ends with the case: 72 hours after it, only those who had a part in it see it."""
    from portal.core.clock import som_om

    sak = behov.sak(Status.LUKKET)
    for timer, ser in ((71, True), (73, False)):
        with som_om(now() + timedelta(hours=timer)):
            assert (tegn_for(lambda: access.hent(behov.spesialist2, Handling.SE, sak)) == "+") is ser
            assert tegn_for(lambda: access.hent(behov.spesialist, Handling.SE, sak)) == "+"
            db.session.rollback()


def test_invitasjonen_aapner_bare_en_aapen_sak(behov: Behov) -> None:
    """Whoever has not answered the invitation before the case ends has no need to know any more."""
    sak = behov.sak(Status.BESVART)

    @transactional
    def inviter() -> None:
        lagre(
            Saksinvitasjon(
                henvendelse_id=sak,
                slag="kollega",
                fra_person_id=behov.spesialist.person_id,
                til_person_id=behov.invitert.person_id,
                til_medlemskap_id=behov.invitert.medlemskap_id,
                opprettet=now(),
            )
        )

    inviter()
    assert tegn_for(lambda: access.hent(behov.invitert, Handling.SE, sak)) == "+"
    flyt.lukk(behov.lege, sak, "annet")
    assert tegn_for(lambda: access.hent(behov.invitert, Handling.SE, sak)) == "0"
    # Also one that a mistake had left waiting.
    inviter()
    assert tegn_for(lambda: access.hent(behov.invitert, Handling.SE, sak)) == "0"


def test_bare_partene_kan_oppgi_en_grunn(behov: Behov) -> None:
    """A number and a reason open nothing for others than clinicians of the two organisations."""
    kan = SER | {
        "annen_lege",
        "kirurg",
        "kommuneoverlege",
        "grunn_utloept",
        "avslo",
        "forlot",
        "mistet_omraadet",
    }
    for navn in RELASJONER:
        tegn = tegn_for(lambda n=navn: access.hent_for_innsyn(behov.aktor(n), behov.saksnummer))  # type: ignore[misc]
        assert (tegn == "+") == (navn in kan), navn
        db.session.rollback()


# --- lists -----------------------------------------------------------------------------------------------


def test_lister_og_par_er_de_samme(behov: Behov) -> None:
    """The list, the pairs of the tick and the opening agree about everybody."""
    for navn in RELASJONER:
        a = behov.aktor(navn)
        assert a.medlemskap_id is not None
        ventet = {behov.sak_id} if navn in SER else set()
        i_liste = set(
            db.session.scalars(
                access.synlige(a).where(Henvendelse.id == behov.sak_id).with_only_columns(Henvendelse.id)
            )
        )
        par = {s for _, s in access.synlige_par([(a.medlemskap_id, behov.sak_id)])}
        assert (i_liste, par) == (ventet, ventet), navn
        visning = lesing.hent_koe(a)
        koe = {s.id for s in (*visning.ventende, *visning.mine, *visning.andres)}
        assert (behov.sak_id in koe) == (navn in PAA_VAKT | {"vaktleder"}), navn
        db.session.rollback()


def test_det_overtatte_staar_i_koen(behov: Behov) -> None:
    """A case taken over from another fagområde is among one's own, though that fagområde's queue is not."""
    sak = behov.sak(Status.AKSEPTERT)
    assert behov.kirurg.medlemskap_id is not None
    deling.tilby_overlevering(behov.spesialist, sak, behov.kirurg.medlemskap_id)
    (invitasjon,) = [i for i in deling.invitasjoner_til(behov.kirurg) if i.henvendelse_id == sak]
    deling.svar_invitasjon(behov.kirurg, invitasjon.id, ja=True)
    visning = lesing.hent_koe(behov.kirurg)
    assert [s.id for s in visning.mine] == [sak] and sak not in {s.id for s in visning.ventende}


def test_koen_er_for_dem_noe_kan_vente_paa(behov: Behov) -> None:
    svarer = {n for n in RELASJONER if behov.aktor(n).rolle in (Rolle.SPESIALIST, Rolle.VAKTLEDER)}
    slapp_inn = set()
    for navn in RELASJONER:
        aktor = behov.aktor(navn)
        if tegn_for(lambda a=aktor: access.krev_koe(a)) == "+":  # type: ignore[misc]
            slapp_inn.add(navn)
    assert slapp_inn == svarer
    kommunal = lag_aktor(Rolle.HELSEPERSONELL, behov.kommune, fag=("hjemmetjeneste",))
    assert tegn_for(lambda: access.krev_koe(kommunal)) == "+"


def test_hvem_som_teller_hva(behov: Behov) -> None:
    """Figures are one's own organisation's on either side, and a region's of what lies under it; nobody else's."""
    region = lag_organisasjon("rhf", "Region som teller")
    sykehus = lag_hf("Sykehuset som telles", overordnet_id=region.id)
    spoerrer = lag_aktor(Rolle.SPESIALIST, sykehus, fag=("geriatri",))
    lag_aktor(Rolle.HELSEPERSONELL, behov.annen_kommune, fag=("sykehjem",))
    behov.send(behov.fremmed_lege, mottaker_id=sykehus.id, fagomraade="geriatri")
    behov.send(spoerrer, mottaker_id=behov.annen_kommune.id, fagomraade="sykehjem", plan_uten_raad="vet_ikke")
    for aktor, ventet in (
        (lag_aktor(Rolle.INNSYN, region), 2),
        (lag_aktor(Rolle.INNSYN, sykehus), 2),
        (lag_aktor(Rolle.KOORDINATOR, sykehus), 2),
        # A coordinator of the region is no observer: only what the region itself takes part in.
        (lag_aktor(Rolle.KOORDINATOR, region), 0),
        (lag_aktor(Rolle.INNSYN, lag_organisasjon("rhf", "En annen region")), 0),
    ):
        assert lesing.hent_tall(aktor)["antall"] == ventet, (aktor.rolle, aktor.organisasjon_navn)


# --- every page, with canaries ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def avtale_id(behov: Behov) -> UUID:
    """An agreement in force between the two organisations of the case."""
    return lag_avtale(behov.hf, [behov.kommune], status=Avtalestatus.GJELDENDE).id


@pytest.fixture(scope="module")
def plassenhet_id(behov: Behov, _app: Flask) -> UUID:
    """The kommune's unit with emergency beds, where one is held for the case: with its number, and words out of it."""
    plassenhet_id = lag_plassenhet(behov, 2)

    @transactional
    def hold_plass() -> None:
        enhet = plassaccess.hent(behov.lege, plassaccess.Handling.RESERVERE, plassenhet_id, laas=True)
        hold(
            behov.lege,
            enhet,
            klient_id=uuid4(),
            merknad=behov.kanarier["situasjon"][:300],
            referanse=f"henvendelse:{behov.sak_id}",
            saksnummer=behov.saksnummer,
        )

    hold_plass()
    return plassenhet_id


def _adresser(app: Flask, behov: Behov, avtale_id: UUID, plassenhet_id: UUID) -> list[str]:
    """Every GET address there is, about this case where it is about one."""
    person = behov.lege.person_id
    steder: dict[str, object] = {
        "henvendelse_id": behov.sak_id,
        "vedlegg_id": behov.vedlegg_id,
        "organisasjon_id": behov.hf.id,
        "enhet_id": behov.enhet.id,
        "person_id": person,
        "sesjon_id": uuid4(),
        "medlemskap_id": behov.lege.medlemskap_id,
        "invitasjon_id": uuid4(),
        "plan_id": behov.plan.id,
        "vakt_id": behov.vakt.id,
        "kanari_id": behov.kanari.id,
        "avtale_id": avtale_id,
        "uenighet_id": uuid4(),
        **{navn: uuid4() for navn in ("noekkel", "forslag_id", "mottaker_id", "oevelse_id", "oppgave_id")},
        "plassenhet_id": plassenhet_id,
        **{navn: uuid4() for navn in ("plass_id", "reservasjon_id", "opphold_id", "opptrapping_id")},
        "vurdering_id": uuid4(),
        **{
            navn: uuid4()
            for navn in (
                "behov_id",
                "tilbud_id",
                "omdisponering_id",
                "linje_id",
                "ressursperson_id",
                "lokale_id",
            )
        },
        **{navn: uuid4() for navn in ("delegering_id", "reserve_id")},
        "kommunenummer": behov.kommune.kode,
        "nr": 1,
        "kode": "epidemi",
        "token": "ikke-en-lenke",
        "dag": 3,
        "filename": "ikon.svg",
    }
    adresser = []
    for regel in app.url_map.iter_rules():
        if "GET" not in (regel.methods or set()):
            continue
        adresse = re.sub(r"<(?:\w+:)?(\w+)>", lambda m: str(steder[m[1]]), regel.rule)
        adresser.append(adresse)
    # Lists with everything in them, searched for what stands in the texts too.
    sok = behov.kanarier["situasjon"]
    adresser += [
        "/henvendelser/?filter=alle",
        f"/henvendelser/?sok={sok}",
        f"/henvendelser/?sok={behov.saksnummer}",
        "/varsler?utvalg=uleste",
        "/vakt/policy/endre?fagomraade=&hastegrad=akutt",
        f"/vakt/planer/{behov.plan.id}?maaned={now():%Y-%m}",
    ]
    return adresser


def _tekst(svar: TestResponse) -> str:
    """What an answer says; of a Word document all its parts. A PDF has none that can be read here."""
    if svar.mimetype == "application/pdf":
        return ""
    if svar.mimetype.startswith("application/vnd.openxmlformats"):
        with ZipFile(BytesIO(svar.data)) as fil:
            return "\n".join(fil.read(navn).decode(errors="replace") for navn in fil.namelist())
    return svar.text


@pytest.mark.parametrize("navn", RELASJONER)
def test_ingen_side_forteller_mer_enn_den_skal(
    navn: str, _app: Flask, behov: Behov, avtale_id: UUID, plassenhet_id: UUID
) -> None:
    """Every GET address of the portal, asked by everybody: no canary, case number or id where there is no need."""
    klient = nettleser(_app, behov, navn)
    sett, fortalt = set(), False
    for adresse in _adresser(_app, behov, avtale_id, plassenhet_id):
        svar = klient.get(adresse, buffered=True)
        hele = f"{svar.headers}\n{_tekst(svar)}"
        # What was searched for may be said back.
        hele = hele.replace(adresse.partition("sok=")[2] or "\0", "")
        if behov.lekker(hele):
            sett.add(adresse)
        if navn in SER:
            continue
        assert behov.lekker(hele) == [], (navn, adresse)
        # An address that was asked for may be said back; the number of a case was never told, but to those who
        # keep the log of the organisation, where it stands for the case.
        i_loggen = adresse.startswith(("/revisjon", "/innsyn")) and navn in LOGGFOERERE
        if behov.saksnummer not in adresse and not i_loggen:
            assert behov.saksnummer not in hele, (navn, adresse)
        if navn in VAR_DERES and adresse.startswith(("/varsler", "/api/v1/varsler")):
            fortalt |= str(behov.sak_id) in hele
        elif str(behov.sak_id) not in adresse:
            assert str(behov.sak_id) not in hele, (navn, adresse)
    assert fortalt == (navn in VAR_DERES)
    # Whoever may see the case finds its texts on its page: the canaries are where they should be.
    assert (f"/henvendelser/{behov.sak_id}" in sett) == (navn in SER)


def test_det_sokes_ikke_i_kliniske_tekster(_app: Flask, behov: Behov) -> None:
    """Nobody finds a case by its texts, not even the one who wrote them: they will be encrypted at rest."""
    for navn in SER:
        klient = nettleser(_app, behov, navn)
        kort = f'id="sak-{behov.sak_id}"'
        assert kort in klient.get(f"/henvendelser/?filter=alle&sok={behov.saksnummer}").text, navn
        for sted in ("situasjon", "bakgrunn", "melding", "hvorfor", "filnavn"):
            svar = klient.get(f"/henvendelser/?filter=alle&sok={behov.kanarier[sted]}")
            assert svar.status_code == 200 and kort not in svar.text, (navn, sted)
