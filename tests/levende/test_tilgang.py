"""Rights that end in one place reach what is open in another: at once by the event, and by the tick where it is lost.

`tikkende` hears nothing of what happens in `tjener`: for its sockets every event is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.core.clock import now
from portal.henvendelser.models import Hendelse
from portal.identitet.demo import DEMO
from portal.identitet.models import Medlemskap, MedlemskapFagomraade, Person, Sesjon
from tests.levende.conftest import Folk
from tests.levende.folk import NyPerson, ny_person, nytt_medlemskap
from tests.levende.klient import Avvist, Sokkel, vent
from tests.levende.klient import Person as Innlogget
from tests.levende.tjener import Hus, Tjener


def avslutt_sesjon(hus: Hus, person: NyPerson) -> None:
    hus.endre(sa.update(Sesjon).where(Sesjon.person_id == person.id).values(avsluttet=now()))


def la_sesjonen_utloepe(hus: Hus, person: NyPerson) -> None:
    hus.endre(sa.update(Sesjon).where(Sesjon.person_id == person.id).values(utloeper=now()))


def avslutt_medlemskap(hus: Hus, person: NyPerson) -> None:
    hus.endre(sa.update(Medlemskap).where(Medlemskap.id == person.medlemskap_id).values(gyldig_til=now()))


def sperr_person(hus: Hus, person: NyPerson) -> None:
    hus.endre(sa.update(Person).where(Person.id == person.id).values(aktiv=False))


SLUTT = pytest.mark.parametrize(
    "slutt", [avslutt_sesjon, la_sesjonen_utloepe, avslutt_medlemskap, sperr_person]
)


@pytest.fixture
def person(hus: Hus, finnmark: UUID) -> NyPerson:
    """A specialist of indremedisin made for one test."""
    return ny_person(hus, "spesialist", finnmark, "indremedisin")


def medlemskap(hus: Hus, hvem: str) -> dict[str, str]:
    """Role and unit → the id of the membership."""
    rader = hus.rader(
        sa.select(Medlemskap.id, Medlemskap.rolle)
        .join(Person, Person.id == Medlemskap.person_id)
        .where(Person.epost == DEMO[hvem])
        .order_by(Medlemskap.gyldig_fra)
    )
    return {r.rolle: str(r.id) for r in rader}


def stengt_ute(innlogget: Innlogget) -> None:
    with pytest.raises(Avvist):
        innlogget.sokkel()
    assert innlogget.get("/sesjon").status == 401


# --- login -----------------------------------------------------------------------------------------------


def test_utlogging_lukker_alle_vinduene_straks_og_bare_dem(
    tjener: Tjener, sak: str, folk: Folk, person: NyPerson
) -> None:
    her, annen_maskin = (Innlogget.logg_inn(tjener, person.epost) for _ in range(2))
    vinduer = [her.sokkel() for _ in range(3)]
    blir = annen_maskin.sokkel()
    for s in (*vinduer, blir):
        s.abonner(sak)
    assert her.skjema("/utlogging").status == 303
    vent(lambda: all(s.lukket for s in vinduer), "vinduene lukket", *vinduer)
    svar = folk("spesialist").skriv(sak, str(uuid4()), "Etter utlogging")
    assert svar.status == 200
    vent(lambda: blir.mottatt("hendelse"), "meldingen i den andre nettleseren", blir)
    assert not any(s.mottatt("hendelse") for s in vinduer)
    stengt_ute(her)
    blir.lukk()


def test_utlogging_i_en_annen_prosess_ved_tikket(
    tjener: Tjener, tikkende: Tjener, sak: str, person: NyPerson
) -> None:
    her = Innlogget.logg_inn(tjener, person.epost)
    vindu = her.hos(tikkende).sokkel()
    vindu.abonner(sak)
    assert her.skjema("/utlogging").status == 303
    vindu.vent_lukket()


def test_rollebytte_lukker_vinduet_og_det_neste_er_i_den_nye_rollen(
    hus: Hus, tjener: Tjener, folk: Folk, finnmark: UUID
) -> None:
    roller = medlemskap(hus, "flere_roller")
    her = Innlogget.logg_inn(tjener, "flere_roller")
    assert her.skjema("/medlemskap", medlemskap_id=roller["spesialist"]).status == 303
    sak = folk("sykehjemslege").send_henvendelse(finnmark, fagomraade="geriatri")
    assert her.gjoer(sak, "aksepter").status == 200
    vindu = her.sokkel()
    vindu.abonner(sak)
    assert her.skjema("/medlemskap", medlemskap_id=roller["lege_kommune"]).status == 303
    vindu.vent_lukket()
    nytt = her.sokkel()
    svar = nytt.kall("henvendelse.abonner", {"id": sak, "etter": 0})
    assert (svar["ok"], svar["kode"]) == (False, "ikke_funnet")
    assert her.get(f"/henvendelser/{sak}").status == 404
    # The same role again is no switch: nothing is thrown out.
    assert her.skjema("/medlemskap", medlemskap_id=roller["lege_kommune"]).status == 303
    assert nytt.kall("henvendelse.forlat", {"id": sak}) == {"ok": True}
    nytt.lukk()


# --- session, membership, person -------------------------------------------------------------------------


@SLUTT
def test_rettigheter_som_tok_slutt_i_databasen_ved_tikket(
    hus: Hus, tikkende: Tjener, sak: str, person: NyPerson, slutt: Callable[[Hus, NyPerson], None]
) -> None:
    her = Innlogget.logg_inn(tikkende, person.epost)
    vindu = her.sokkel()
    vindu.abonner(sak)
    vent(lambda: vindu.mottatt("hode"), "et tikk", vindu)
    assert not vindu.lukket
    slutt(hus, person)
    vindu.vent_lukket()
    stengt_ute(her)


@SLUTT
@pytest.mark.parametrize("hendelse", ["meld", "abonner", "les"])
def test_hver_hendelse_spoer_paa_nytt(
    hus: Hus,
    tjener: Tjener,
    sak: str,
    person: NyPerson,
    slutt: Callable[[Hus, NyPerson], None],
    hendelse: str,
) -> None:
    """No event told the process, and the tick is an hour away: the next thing the socket asks for is refused, and
    the line is cut."""
    vindu = Innlogget.logg_inn(tjener, person.epost).sokkel()
    vindu.abonner(sak)
    assert vindu.meld(sak, "Mens det varte")["ok"]
    slutt(hus, person)
    kropper: dict[str, dict[str, Any]] = {
        "meld": {"id": sak, "klient_id": str(uuid4()), "tekst": "For sent"},
        "abonner": {"id": sak, "etter": 0},
        "les": {"id": sak, "sekvens": 2},
    }
    svar = vindu.kall(f"henvendelse.{hendelse}", kropper[hendelse])
    assert svar["ok"] is False and "hendelser" not in svar and svar["melding"]
    assert svar["kode"] == "ikke_innlogget"
    vindu.vent_lukket()
    egne = hus.rader(
        sa.select(Hendelse.tekst).where(
            Hendelse.henvendelse_id == UUID(sak), Hendelse.avsender_id == person.id
        )
    )
    assert [r.tekst for r in egne] == ["Mens det varte"]


def test_en_rolle_slutter_og_den_andre_gjelder(
    hus: Hus, tikkende: Tjener, sak: str, person: NyPerson, finnmark: UUID
) -> None:
    """Nobody goes on unnoticed in another role than the one the window was opened in."""
    nytt_medlemskap(hus, person.id, uuid4(), "koordinator", finnmark)
    her = Innlogget.logg_inn(tikkende, person.epost)
    vindu = her.sokkel()
    vindu.abonner(sak)
    avslutt_medlemskap(hus, person)
    vindu.vent_lukket()
    nytt = her.sokkel()
    assert nytt.kall("henvendelse.abonner", {"id": sak, "etter": 0})["kode"] == "ikke_funnet"
    nytt.lukk()


def test_fagomraadet_er_tatt_bort(hus: Hus, tikkende: Tjener, folk: Folk, sak: str, person: NyPerson) -> None:
    """The login holds, the right to this case does not: out of its room, told to wipe it, nothing more of it."""
    vindu = Innlogget.logg_inn(tikkende, person.epost).sokkel()
    vindu.abonner(sak)
    hus.endre(
        sa.delete(MedlemskapFagomraade).where(MedlemskapFagomraade.medlemskap_id == person.medlemskap_id)
    )
    vent(lambda: _mistet(vindu, sak), "tilgang_mistet", vindu)
    assert folk("spesialist").hos(tikkende).skriv(sak, str(uuid4()), "Etterpå").status == 200
    assert vindu.kall("henvendelse.abonner", {"id": sak, "etter": 0})["kode"] == "ikke_funnet"
    assert not vindu.mottatt("hendelse") and not vindu.lukket
    vindu.lukk()


# --- the case goes to another hospital -------------------------------------------------------------------


def _mistet(vindu: Sokkel, sak: str) -> bool:
    return {"type": "tilgang_mistet", "henvendelse_id": sak} in vindu.mottatt("varsel")


def _videresend(folk: Folk, sak: str, mottaker: UUID) -> None:
    svar = folk("spesialist").gjoer(
        sak, "videresend", mottaker_id=str(mottaker), fagomraade="indremedisin", begrunnelse="Hører til dere."
    )
    assert svar.status == 204, svar.tekst


def test_videresendt_sak_forsvinner_straks_hos_det_gamle_sykehuset(
    folk: Folk, sak: str, stavanger: UUID
) -> None:
    mister = [folk(hvem).sokkel() for hvem in ("spesialist", "spesialist_hjerte", "vaktleder")]
    beholder = [folk(hvem).sokkel() for hvem in ("sykehjemslege", "sykepleier")]
    nye = folk("spesialist_stavanger").sokkel()
    for s in (*mister, *beholder):
        s.abonner(sak)
    assert nye.kall("henvendelse.abonner", {"id": sak, "etter": 0})["kode"] == "ikke_funnet"
    assert folk("spesialist_hjerte").skriv(sak, str(uuid4()), "Jeg deltar også.").status == 200
    _videresend(folk, sak, stavanger)
    vent(lambda: all(_mistet(s, sak) for s in mister), "tilgang_mistet", *mister)
    vent(lambda: nye.mottatt("koe"), "køen i Stavanger", nye)
    assert [h["type"] for h in nye.abonner(sak)["hendelser"][-2:]] == ["videresendt", "eskalert"]
    foer = [len(s.mottatt("hendelse")) for s in mister]
    assert all(s.mottatt("hendelse")[-1]["type"] in ("melding", "videresendt") for s in mister)
    # Now there is more to hear, and only the others hear it.
    assert beholder[0].meld(sak, "Er dere der?")["ok"]
    assert folk("spesialist_stavanger").gjoer(sak, "aksepter").status == 200
    assert nye.meld(sak, "Ja, vi ser på det.")["ok"]
    vent(
        lambda: all(s.mottatt("hendelse")[-1]["tekst"] == "Ja, vi ser på det." for s in (*beholder, nye)),
        "svaret fra Stavanger",
        *beholder,
        nye,
    )
    for s in mister:
        for hendelse, kropp in (
            ("abonner", {"id": sak, "etter": 0}),
            ("meld", {"id": sak, "klient_id": str(uuid4()), "tekst": "Hei?"}),
            ("les", {"id": sak, "sekvens": 1}),
            ("mottatt", {"id": sak, "sekvens": 1}),
        ):
            svar = s.kall(f"henvendelse.{hendelse}", kropp)
            assert (svar["ok"], svar["kode"]) == (False, "ikke_funnet"), (hendelse, svar)
        s.send("henvendelse.skriver", {"id": sak}, ack=False)
    assert [len(s.mottatt("hendelse")) for s in mister] == foer
    assert not any(kropp["henvendelse_id"] == sak for s in beholder for kropp in s.mottatt("skriver"))
    assert folk("spesialist").get(f"/henvendelser/{sak}").status == 404
    assert folk("spesialist").get(f"/api/v1/henvendelser/{sak}/hendelser").status == 404
    for s in (*mister, *beholder, nye):
        s.lukk()


def test_videresendt_sak_forsvinner_ved_tikket(
    folk: Folk, tikkende: Tjener, sak: str, stavanger: UUID
) -> None:
    mister = [folk(hvem).hos(tikkende).sokkel() for hvem in ("spesialist", "spesialist_hjerte", "vaktleder")]
    beholder = folk("sykehjemslege").hos(tikkende).sokkel()
    for s in (*mister, beholder):
        s.abonner(sak)
    _videresend(folk, sak, stavanger)
    vent(lambda: all(_mistet(s, sak) for s in mister), "tilgang_mistet", *mister, beholder)
    foer = [len(s.mottatt("hode")) for s in mister]
    assert folk("sykehjemslege").hos(tikkende).skriv(sak, str(uuid4()), "Er dere der?").status == 200
    vent(lambda: beholder.mottatt("hendelse"), "meldingen", beholder, *mister)
    vent(
        lambda: all(len(s.mottatt("hode")) > n for s, n in zip(mister, foer, strict=True)),
        "et tikk til",
        *mister,
    )
    for s in mister:
        assert not s.mottatt("hendelse") and sak not in s.mottatt("hode")[-1]["henvendelse"]
    assert sak in beholder.mottatt("hode")[-1]["henvendelse"] and not _mistet(beholder, sak)
    for s in (*mister, beholder):
        s.lukk()
