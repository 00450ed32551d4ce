"""Calendar files: what is read of them, what is refused with its line, and one's own shifts at a secret address."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from typing import Any

import icalendar
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now, som_om
from portal.core.db import db, transactional
from portal.core.errors import UgyldigData
from portal.identitet.models import Medlemskap, Person
from portal.identitet.steps import hash_token
from portal.vakt import icalfil, icallinjer
from portal.vakt.models import Fravaer, Nivaa, Vakt, Vaktfeed, Vaktplan
from portal.vakt.service import feed, ical
from tests.bygg import Opptak, Scene, lag_aktor, om, revisjon, setninger, uten_spor
from tests.vakt.hjelp import T, lag_fravaer
from tests.vakthjelp import lag_vakt, lag_vaktplan

Klient = Callable[[Aktor], FlaskClient]
#: Some time before the shifts of the files below.
NAA = datetime(2026, 3, 1, 12, tzinfo=UTC)


def fil(*hendelser: str) -> bytes:
    """A calendar of events, each given as its lines."""
    deler = "".join(f"BEGIN:VEVENT\n{h.strip()}\nEND:VEVENT\n" for h in hendelser)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{deler}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def vakt(
    hvem: str = "Siri Spesialist", fra: str = "20260310T080000", til: str = "20260310T200000", mer: str = ""
) -> str:
    return f"SUMMARY:Bakvakt: {hvem}\nDTSTART;TZID=Europe/Oslo:{fra}\nDTEND;TZID=Europe/Oslo:{til}\n{mer}"


def feilene(data: bytes) -> list[tuple[int | None, str]]:
    return [(f.linje, str(f.melding)) for f in icalfil.les_fil(data).feil]


# --- reading, without a database -------------------------------------------------------------------------


def test_vintertid_og_sommertid(app: Any) -> None:
    """The wall clock stays over both nights on which the clocks change: 11 and 13 hours for a night of twelve."""
    lest = icalfil.les_fil(
        fil(
            vakt("A", "20260327T200000", "20260328T080000", "UID:1\nRRULE:FREQ=DAILY;COUNT=4"),
            vakt("A", "20261023T200000", "20261024T080000", "UID:2\nRRULE:FREQ=DAILY;COUNT=3"),
        )
    )
    assert not lest.feil
    timer = [(r.til - r.fra) / timedelta(hours=1) for r in lest.rader]
    assert timer == [12, 11, 12, 12, 12, 13, 12]
    assert [r.fra.hour for r in lest.rader] == [19, 19, 18, 18, 18, 18, 19]


@pytest.mark.parametrize(
    ("linjer", "fra", "til"),
    [
        # A time without a zone is Oslo's; a whole day is from midnight to midnight there, also the day of 23 hours.
        ("DTSTART:20260701T080000\nDTEND:20260701T160000", "2026-07-01T06:00", "2026-07-01T14:00"),
        ("DTSTART:20260701T080000Z\nDTEND:20260701T160000Z", "2026-07-01T08:00", "2026-07-01T16:00"),
        ("DTSTART;VALUE=DATE:20260329", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("DTSTART;VALUE=DATE:20260701\nDTEND;VALUE=DATE:20260703", "2026-06-30T22:00", "2026-07-02T22:00"),
        (
            "DTSTART;TZID=W. Europe Standard Time:20260701T080000\nDURATION:PT8H",
            "2026-07-01T06:00",
            "2026-07-01T14:00",
        ),
        (
            "DTSTART;TZID=America/New_York:20260701T080000\nDTEND;TZID=Europe/London:20260701T160000",
            "2026-07-01T12:00",
            "2026-07-01T15:00",
        ),
        (
            'DTSTART;X-MERKE="a:b;c";TZID="/x.example/Europe/Oslo":20260701T080000\nDURATION:PT1H',
            "2026-07-01T06:00",
            "2026-07-01T07:00",
        ),
    ],
)
def test_tider(app: Any, linjer: str, fra: str, til: str) -> None:
    lest = icalfil.les_fil(fil(f"SUMMARY:x\n{linjer}"))
    assert not lest.feil, [(f.linje, str(f.melding)) for f in lest.feil]
    (rad,) = lest.rader
    assert (rad.fra, rad.til) == (
        datetime.fromisoformat(fra).replace(tzinfo=UTC),
        datetime.fromisoformat(til).replace(tzinfo=UTC),
    )


def test_gjentakelse_med_unntak(app: Any) -> None:
    """One time is moved to another person, one is taken out, and one is called off."""
    lest = icalfil.les_fil(
        fil(
            vakt(
                "A",
                mer="UID:r\nRRULE:FREQ=WEEKLY;UNTIL=20260401;BYDAY=TU\nEXDATE;TZID=Europe/Oslo:20260317T080000",
            ),
            vakt(
                "B",
                "20260324T100000",
                "20260324T200000",
                "UID:r\nRECURRENCE-ID;TZID=Europe/Oslo:20260324T080000",
            ),
            vakt(
                "A",
                "20260331T080000",
                "20260331T200000",
                "UID:r\nRECURRENCE-ID;TZID=Europe/Oslo:20260331T080000\nSTATUS:CANCELLED",
            ),
        )
    )
    assert not lest.feil
    assert [(r.fra.day, r.sammendrag[-1], r.linje, r.avlyst) for r in lest.rader] == [
        (10, "A", 3, False),
        (24, "B", 11, False),
        (31, "A", 18, True),
    ]


@pytest.mark.parametrize(
    ("data", "linje", "ord_"),
    [
        (fil(vakt(fra="20260310T200000", til="20260310T080000")), 6, "slutter før den begynner"),
        (fil(vakt(til="20260310T080000")), 6, "slutter før den begynner"),
        (fil(vakt(mer="RRULE:FREQ=DAILY")), 7, "ingen slutt"),
        (fil(vakt(mer="RRULE:FREQ=SECONDLY;COUNT=9")), 7, "FREQ=SECONDLY"),
        (fil(vakt(mer="RRULE:FREQ=DAILY;COUNT=9;BYHOUR=1,2,3")), 7, "BYHOUR"),
        (fil(vakt(mer="RRULE:FREQ=DAILY;COUNT=2501")), 3, "flere enn 2500"),
        (fil(vakt(mer="RRULE:FREQ=DAILY;UNTIL=21990101T000000Z")), 3, "flere enn 2500"),
        (fil(vakt(mer="RRULE:FREQ=DAILY;INTERVAL=7;BYDAY=MO;COUNT=2")), 7, "for sammensatt"),
        (fil(vakt(mer="RRULE:FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30;COUNT=2")), 7, "for sammensatt"),
        (fil(vakt(mer="RRULE:FREQ=DAILY;UNTIL=20200101")), 3, "gir ingen vakter"),
        (fil("SUMMARY:x\nDTSTART;TZID=Mars/Olympus:20260310T080000\nDURATION:PT1H"), 5, "Mars/Olympus"),
        (fil("SUMMARY:x\nDTSTART:20260230T080000\nDURATION:PT1H"), 5, "20260230T080000"),
        (fil("SUMMARY:x\nDTSTART:20260310T080000"), 5, "mangler sluttid"),
        (fil("SUMMARY:x\nDTEND:20260310T080000"), 3, "mangler starttid"),
        (
            fil(vakt(mer="UID:1"), vakt("B", "20260311T080000", "20260311T200000", "UID:1")),
            9,
            "(UID) står på linje 3",
        ),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20260310T080000\r\n", 2, "VEVENT er ikke avsluttet"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", 3, "VEVENT fra linje 2"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\ntull\nEND:VEVENT\nEND:VCALENDAR\n", 3, "NAVN:verdi"),
        (b"navn;epost\nKari;kari@eksempel.no\n", 1, "NAVN:verdi"),
        (b"SUMMARY:x\n", 1, "BEGIN:VCALENDAR"),
        (b"BEGIN:VCALENDAR\nX:\xff\xfe\nEND:VCALENDAR", 2, "UTF-8"),
        (b"BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n", None, "ingen hendelser"),
        (b"BEGIN:VCALENDAR\n" + b"A:" + b"b" * 30_000, 2, "for lang"),
        (b"x" * (icallinjer.STOERST + 1), None, "større enn 1 MB"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_det_som_er_galt_sies_med_linjen(app: Any, data: bytes, linje: int | None, ord_: str) -> None:
    funnet = feilene(data)
    assert funnet and funnet[0][0] == linje and ord_ in funnet[0][1], funnet
    assert not icalfil.les_fil(data).rader


def test_en_fil_som_er_galt_laget_koster_lite(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused for its size is refused by counting: the library that expands is never asked."""

    def aldri(*_a: Any, **_kw: Any) -> Any:
        raise AssertionError("expanded")

    monkeypatch.setattr(icalfil.recurring_ical_events, "of", aldri)
    for regel in ("COUNT=99999", "UNTIL=21990101T000000Z"):
        mange = fil(*(vakt(mer=f"UID:{n}\nRRULE:FREQ=DAILY;{regel}") for n in range(500)))
        assert "flere enn 2500" in feilene(mange)[0][1]
    assert "flere enn 2500" in feilene(fil(*(vakt(mer=f"UID:{n}") for n in range(2501))))[0][1]


# --- into a plan -----------------------------------------------------------------------------------------


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    """A plan of the hospital."""
    roller_gjelder()
    return lag_vaktplan(scene.hf.id)


@transactional
def roller_gjelder() -> None:
    """The roles that there are count at the time of the files too."""
    db.session.execute(sa.update(Medlemskap).values(gyldig_fra=NAA - timedelta(days=60)))


def rader() -> list[tuple[str, str, datetime, datetime]]:
    """The shifts that hold: level, name, begin, end."""
    db.session.rollback()
    return [
        tuple(r)
        for r in db.session.execute(
            sa.select(Vakt.nivaa, Person.navn, Vakt.fra, Vakt.til)
            .join(Person, Person.id == Vakt.person_id)
            .where(Vakt.avlyst.is_(None))
            .order_by(Vakt.fra, Vakt.nivaa)
        )
    ]


def grunner(scene: Scene, plan: Vaktplan, data: bytes, nivaa: Nivaa | None = None) -> list[tuple[int, str]]:
    """The refusals of a preview, and a proof that taking it in anyway does nothing."""
    lest = ical.les_fil(data)
    v = ical.vurder(scene.koordinator, plan.id, lest, nivaa)
    return [(r.fil.linje, " ".join(r.feil)) for r in v.rader if r.feil]


def test_hele_fila_eller_ingenting(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    god = vakt()
    with som_om(NAA):
        lest = ical.les_fil(fil(god, vakt("Ukjent Person", "20260311T080000", "20260311T200000")))
        assert [r.utfall for r in ical.vurder(scene.koordinator, plan.id, lest, None).rader] == ["ny", "feil"]
        with uten_spor(opptak), pytest.raises(ical.UgyldigData) as nei:
            ical.importer(scene.koordinator, plan.id, lest, None)
        assert nei.value.detaljer["rader"][0][0] == 8
        lest = ical.les_fil(fil(god))
        assert ical.importer(scene.koordinator, plan.id, lest, None) == 1
        assert [r[:2] for r in rader()] == [("bakvakt", "Siri Spesialist")]
        # Again: it is there already.
        assert ical.importer(scene.koordinator, plan.id, lest, None) == 0
        assert len(rader()) == 1


def test_personen_finnes_paa_flere_maater(scene: Scene, plan: Vaktplan) -> None:
    epost = db.session.get_one(Person, scene.spesialist2.person_id).epost
    lag_aktor(Rolle.SPESIALIST, scene.hf, navn="Siri Spesialistsen")
    roller_gjelder()
    tekster = [
        ("SUMMARY:Siri Spesialist bakvakt", "Siri Spesialist"),
        ("SUMMARY:Vakt (siri spesialistsen) – bakvakt", "Siri Spesialistsen"),
        (f"SUMMARY:Bakvakt\nATTENDEE;CN=Noen:MAILTO:{epost.upper()}", scene.spesialist2.navn),
        (f"SUMMARY:Senior on-call {epost}\nCATEGORIES:Bakvakt", scene.spesialist2.navn),
    ]
    hendelser = [
        f"{t}\nUID:{n}\nDTSTART:202603{10 + n}T080000\nDTEND:202603{10 + n}T200000"
        for n, (t, _navn) in enumerate(tekster)
    ]
    with som_om(NAA):
        v = ical.vurder(scene.koordinator, plan.id, ical.les_fil(fil(*hendelser)), None)
    assert [(r.navn, r.nivaa, r.feil) for r in v.rader] == [(n, Nivaa.BAKVAKT, []) for _t, n in tekster]


def test_det_planen_ikke_kan_ha(scene: Scene, plan: Vaktplan) -> None:
    lag_aktor(Rolle.SPESIALIST, scene.hf, navn="Åse To")
    lag_aktor(Rolle.SPESIALIST, scene.hf, navn="Åse To")
    with som_om(NAA):
        opptatt = lag_vakt(plan, scene.spesialist2, Nivaa.BAKVAKT, NAA + timedelta(days=2))

        @transactional
        def borte() -> None:
            fra = datetime(2026, 3, 20, tzinfo=UTC)
            db.session.add(
                Fravaer(
                    organisasjon_id=scene.hf.id,
                    person_id=scene.spesialist.person_id,
                    fra=fra,
                    til=fra + timedelta(days=1),
                    opprettet=now(),
                    opprettet_av_id=scene.koordinator.person_id,
                )
            )

        borte()
        data = fil(
            vakt(mer="UID:a"),
            vakt(fra="20260310T190000", til="20260310T220000", mer="UID:b"),
            vakt("Ingen Som Finnes", "20260311T080000", "20260311T200000", "UID:c"),
            vakt("Åse To", "20260312T080000", "20260312T200000", "UID:d"),
            vakt(scene.kirurg.navn, "20260313T080000", "20260313T200000", "UID:e"),
            vakt(scene.fremmed_spesialist.navn, "20260314T080000", "20260314T200000", "UID:f"),
            vakt(fra="20260303T180000", til="20260303T200000", mer="UID:g"),
            vakt(fra="20260320T080000", til="20260320T200000", mer="UID:h"),
            vakt(fra="20260401T080000", til="20260416T080000", mer="UID:i"),
            vakt(fra="20290101T080000", til="20290101T200000", mer="UID:j"),
        )
        funnet = grunner(scene, plan, data)
    assert opptatt.fra < datetime(2026, 3, 3, 19, tzinfo=UTC) < opptatt.til
    ord_ = [
        (9, "overlapper den på linje 3"),
        (15, "Ingen her passer med «Bakvakt: Ingen Som Finnes»"),
        (21, "Flere passer: Åse To, Åse To"),
        (27, "må ha en rolle som svarer for Indremedisin"),
        # Of another organisation's people nothing is told.
        (33, "Ingen her passer"),
        (39, f"{scene.spesialist2.navn} har vakten"),
        (45, "Siri Spesialist er borte"),
        (51, "høyst 14 døgn"),
        (57, "mer enn to år fram"),
    ]
    assert [
        (linje, o) for (linje, tekst), (_l, o) in zip(sorted(funnet), ord_, strict=True) if o in tekst
    ] == ord_


def test_nivaaet_velges_eller_staar_i_hendelsen(scene: Scene, plan: Vaktplan) -> None:
    uten = "SUMMARY:Siri Spesialist\nDTSTART:20260310T080000\nDTEND:20260310T200000"
    with som_om(NAA):
        assert "Nivået står ikke" in grunner(scene, plan, fil(uten))[0][1]
        assert grunner(scene, plan, fil(uten), Nivaa.VAKTHAVENDE) == []
        # A vaktleder may have that level and no other.
        leder = fil(vakt(scene.vaktleder.navn))
        assert "må ha en rolle" in grunner(scene, plan, leder)[0][1]
        assert grunner(scene, plan, leder, Nivaa.VAKTLEDER) == []


def test_det_som_er_over_eller_avlyst_tas_ikke_med(scene: Scene, plan: Vaktplan) -> None:
    with som_om(NAA):
        lest = ical.les_fil(
            fil(vakt(fra="20260201T080000", til="20260201T200000"), vakt(mer="UID:2\nSTATUS:CANCELLED"))
        )
        v = ical.vurder(scene.koordinator, plan.id, lest, None)
        assert ([r.utfall for r in v.rader], v.feilede, v.nye) == (["forbi", "avlyst"], 0, 0)
        assert ical.importer(scene.koordinator, plan.id, lest, None) == 0
    assert rader() == []


def test_ut_og_inn_igjen(scene: Scene, plan: Vaktplan) -> None:
    """What is exported is a calendar that is read back as the very same roster, in both of its DST nights."""
    with som_om(NAA):
        ical.importer(
            scene.koordinator,
            plan.id,
            ical.les_fil(
                fil(vakt(fra="20260327T200000", til="20260328T080000", mer="RRULE:FREQ=DAILY;COUNT=4"))
            ),
            None,
        )
        foer = rader()
        ut = ical.eksporter(scene.spesialist, plan.id)
        kalender = icalendar.Calendar.from_ical(ut)
        hendelser = kalender.walk("VEVENT")
        assert [str(h["SUMMARY"]) for h in hendelser] == ["Bakvakt Indremedisin: Siri Spesialist"] * 4
        ider = set(db.session.scalars(sa.select(Vakt.id)))
        assert {str(h["UID"]).split("@")[0] for h in hendelser} == {str(i) for i in ider}
        assert [(h["DTSTART"].dt, h["DTEND"].dt) for h in hendelser] == [
            (fra, til) for _n, _p, fra, til in foer
        ]
        v = ical.vurder(scene.koordinator, plan.id, ical.les_fil(ut), None)
        assert (v.antall["finnes"], v.nye, v.feilede) == (4, 0, 0)


def test_at_en_kollega_er_borte_staar_ikke_i_fila(scene: Scene, plan: Vaktplan) -> None:
    """To colleagues the calendar shows a gap without a name: the file says no more."""
    fra = now() + timedelta(days=2)
    borte = lag_vakt(plan, scene.spesialist, fra=fra, til=fra + timedelta(hours=8))
    lag_vakt(plan, scene.spesialist2, fra=fra + timedelta(hours=8), til=fra + timedelta(hours=16))
    lag_fravaer(scene.spesialist, fra + timedelta(hours=1), fra + timedelta(hours=2))
    for hvem, ser in ((scene.spesialist2, False), (scene.spesialist, True), (scene.koordinator, True)):
        fila = ical.eksporter(hvem, plan.id).decode()
        assert (str(borte.id) in fila.replace("\r\n ", "")) is ser
        assert fila.count("BEGIN:VEVENT") == 1 + ser


def test_sidene_for_import(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    """First what the file would do, then, on the same text again, all of it. A refused file keeps nothing."""
    klient = som(scene.koordinator)
    adresse = f"/vakt/planer/{plan.id}/import"
    dag = (now() + timedelta(days=3)).strftime("%Y%m%d")
    god = fil(vakt(fra=f"{dag}T080000", til=f"{dag}T200000"))
    svar = klient.post(adresse, data={"nivaa": "", "fil": (BytesIO(god), "vakter.ics")})
    assert svar.status_code == 200 and "Alt i kalenderfilen er i orden" in svar.text and rader() == []
    svar = klient.post(adresse, data={"nivaa": "", "tekst": god.decode(), "lagre": "1"})
    assert svar.status_code == 303 and len(rader()) == 1
    svar = klient.post(
        adresse, data={"nivaa": "", "fil": (BytesIO(fil(vakt(mer="RRULE:FREQ=DAILY"))), "x.ics")}
    )
    assert (
        svar.status_code == 422
        and "Linje 7" in svar.text
        and "ingen slutt" in svar.text
        and len(rader()) == 1
    )
    svar = klient.post(adresse, data={"nivaa": ""})
    assert svar.status_code == 422 and "Velg en kalenderfil" in svar.text


def test_ti_megabyte_leses_ikke(
    som: Klient, scene: Scene, plan: Vaktplan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(icalfil, "les_fil", lambda _data: pytest.fail("read"))
    stor = BytesIO(b"X" * (10 * 1024 * 1024))
    svar = som(scene.koordinator).post(f"/vakt/planer/{plan.id}/import", data={"fil": (stor, "stor.ics")})
    assert svar.status_code == 413 and "større enn 1 MB" in svar.text and rader() == []


# --- one's own, at a secret address ----------------------------------------------------------------------


def test_den_hemmelige_adressen(klient: FlaskClient, som: Klient, scene: Scene, plan: Vaktplan) -> None:
    min_vakt = lag_vakt(plan, scene.spesialist, Nivaa.BAKVAKT, now() + timedelta(days=1))
    lag_vakt(plan, scene.spesialist2, Nivaa.VAKTHAVENDE, now() + timedelta(days=1))
    svar = som(scene.spesialist).post("/vakt/kalender/ny")
    token = re.search(r"/vakt/feed/([\w-]{43})\.ics", svar.text)
    assert token and f"webcal://localhost/vakt/feed/{token[1]}.ics" in svar.text
    assert token[1] not in som(scene.spesialist).get("/vakt/kalender").text
    rad = db.session.scalars(sa.select(Vaktfeed)).one()
    assert (rad.token_hash, rad.sist_hentet) == (hash_token(token[1]), None)

    # Without a login: only one's own shifts.
    svar = klient.get(f"/vakt/feed/{token[1]}.ics")
    assert (svar.status_code, svar.mimetype) == (200, "text/calendar")
    assert svar.headers["Cache-Control"] in ("no-store", "private, no-store")
    (hendelse,) = icalendar.Calendar.from_ical(svar.data).walk("VEVENT")
    assert str(hendelse["UID"]).startswith(str(min_vakt.id))
    assert str(hendelse["SUMMARY"]) == "Bakvakt Indremedisin, Sykehuset Testfjord"
    assert "Siri" not in svar.text
    for feil in ("x" * 43, token[1][:-1], token[1] + "A"):
        assert klient.get(f"/vakt/feed/{feil}.ics").status_code == 404

    # A new one stops the old one.
    nytt = re.search(r"/vakt/feed/([\w-]{43})\.ics", som(scene.spesialist).post("/vakt/kalender/ny").text)
    assert nytt and klient.get(f"/vakt/feed/{token[1]}.ics").status_code == 404
    assert klient.get(f"/vakt/feed/{nytt[1]}.ics").status_code == 200
    assert som(scene.spesialist).post("/vakt/kalender/trekk").status_code == 303
    assert klient.get(f"/vakt/feed/{nytt[1]}.ics").status_code == 404
    assert som(scene.spesialist).post("/vakt/kalender/trekk").status_code == 404
    assert [r.handling for r in revisjon() if r.objekt_type == "vaktfeed"] == [
        "vakt.feed_laget",
        "vakt.feed_laget",
        "vakt.feed_trukket",
    ]


def test_at_den_leses_noteres_hoeyst_en_gang_i_timen(scene: Scene) -> None:
    token = feed.lag_feed(scene.spesialist)

    def sist() -> datetime | None:
        db.session.rollback()
        return db.session.scalar(sa.select(Vaktfeed.sist_hentet))

    feed.les_feed(token)
    foerste = sist()
    assert foerste is not None
    with om(minutes=59):
        feed.les_feed(token)
        assert sist() == foerste
    with om(minutes=61):
        feed.les_feed(token)
        assert sist() != foerste


def test_adressen_foelger_personen(klient: FlaskClient, scene: Scene, plan: Vaktplan) -> None:
    """Shifts of a role that has ended are not shown, and nobody's who is shut out."""
    lag_vakt(plan, scene.spesialist, Nivaa.BAKVAKT, now() + timedelta(days=1))
    token = feed.lag_feed(scene.spesialist)

    @transactional
    def avslutt() -> None:
        db.session.get_one(Medlemskap, scene.spesialist.medlemskap_id).gyldig_til = now()

    @transactional
    def steng() -> None:
        db.session.get_one(Person, scene.spesialist.person_id).aktiv = False

    assert "BEGIN:VEVENT" in klient.get(f"/vakt/feed/{token}.ics").text
    avslutt()
    assert "BEGIN:VEVENT" not in klient.get(f"/vakt/feed/{token}.ics").text
    steng()
    assert klient.get(f"/vakt/feed/{token}.ics").status_code == 404


def test_alle_feilene_i_en_hendelse_sies_samlet(app: Any) -> None:
    """Each with its line: who mends one and comes back finds no new one that was there all the time."""
    data = fil(
        "UID:1\nSUMMARY:A\nDTSTART;TZID=Nordpolen:20260310T080000\nDTEND:i morgen\n"
        "RRULE:FREQ=YEARLY;BYDAY=LØ;INTERVAL=0"
    )
    funnet = feilene(data)
    assert [linje for linje, _tekst in funnet] == [6, 7, 8, 8, 8]
    alt = " ".join(tekst for _linje, tekst in funnet)
    for ord_ in ("Nordpolen", "i morgen", "ingen slutt", "FREQ=YEARLY", "BYDAY=LØ"):
        assert ord_ in alt


def test_det_som_er_riktig_vurderes_ved_siden_av_det_som_er_galt(scene: Scene, plan: Vaktplan) -> None:
    """A broken event hides no other's errors; and nothing of the file is taken in."""
    data = fil(
        vakt(fra="20260310T200000", mer="UID:1"),
        vakt("Ukjent Person", "20260311T080000", "20260311T200000"),
        vakt(mer="UID:1\nRECURRENCE-ID;TZID=Europe/Oslo:20260310T080000"),
        vakt(fra="20260312T080000", til="20260312T200000"),
    )
    with som_om(NAA):
        lest = ical.les_fil(data)
        # What belongs to the refused event is neither judged nor told of as somebody else's.
        assert [f.linje for f in lest.feil] == [6]
        v = ical.vurder(scene.koordinator, plan.id, lest, None)
        assert [r.utfall for r in v.rader] == ["feil", "ny"] and v.feilede == 2
        with pytest.raises(UgyldigData) as feil:
            ical.importer(scene.koordinator, plan.id, lest, None)
    assert len(feil.value.detaljer["rader"]) == 2 and rader() == []


def test_alle_sammenstoet_og_alt_fravaer_nevnes(scene: Scene, plan: Vaktplan) -> None:
    with som_om(NAA):
        start = datetime(2026, 3, 10, 7, 0, tzinfo=UTC)
        for n in (0, 4):
            lag_vakt(plan, scene.spesialist2, Nivaa.BAKVAKT, start + n * T, start + (n + 2) * T)
            lag_fravaer(scene.spesialist, start + n * T, start + (n + 1) * T)
        (rad,) = ical.vurder(scene.koordinator, plan.id, ical.les_fil(fil(vakt())), None).rader
    har_vakten = [f for f in rad.feil if "har vakten" in f]
    borte = [f for f in rad.feil if "er borte" in f]
    assert (len(har_vakten), len(borte), len(rad.feil)) == (2, 2, 4)


def test_en_stor_fil_tas_inn_som_en(scene: Scene, plan: Vaktplan, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words of the levels are put together once for a file, no two events are compared, and the shifts are one
    statement: what thousands of them cost, everybody waits for."""

    def inn(antall: int, dag: int) -> int:
        timer = [NAA + timedelta(days=dag, hours=n) for n in range(antall + 1)]
        fila = fil(
            *(
                f"SUMMARY:Bakvakt: Siri Spesialist\nDTSTART:{a:%Y%m%dT%H%M%SZ}\nDTEND:{b:%Y%m%dT%H%M%SZ}"
                for a, b in pairwise(timer)
            )
        )
        lest = ical.les_fil(fila)
        return setninger(lambda: ical.importer(scene.koordinator, plan.id, lest, None))

    spraak: list[str] = []
    ekte = ical.paa_spraak
    monkeypatch.setattr(ical, "paa_spraak", lambda s: (spraak.append(s), ekte(s))[1])
    monkeypatch.setattr(icallinjer.Hendelse, "__eq__", lambda *_: pytest.fail("compared"))
    with som_om(NAA):
        faa = inn(5, 10)
        assert inn(200, 20) <= faa
    assert len(rader()) == 205 and len(spraak) == 2 * len(ical.SPRAAK)


def test_tusener_som_overlapper_koster_ikke_kvadratet(scene: Scene, plan: Vaktplan) -> None:
    with som_om(NAA):
        lest = ical.les_fil(
            fil(*(vakt(fra="20260310T080000", til=f"202603{11 + n % 3}T080000") for n in range(1500)))
        )
        v = ical.vurder(scene.koordinator, plan.id, lest, None)
    assert v.feilede == 1499 and max(len(r.feil) for r in v.rader) <= 10
