"""The board of emergency beds over a real server: a change is on the open boards at once, and what was lost is told by
the heads of the next tick."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.levende.conftest import Folk
from tests.levende.klient import Person, Sokkel, vent
from tests.levende.tjener import Tjener

PLASSER = "/api/v1/plasser"
#: From the click to the last board, in seconds: the portal's own promise.
STRAKS = 1.0


def tavle(person: Person) -> tuple[Sokkel, int]:
    """An open board, and the version that it shows."""
    versjon = person.get(PLASSER).json["versjon"]
    s = person.sokkel()
    svar = s.kall("plasser.abonner", {"etter": versjon})
    assert svar["ok"] and not svar["hel"], svar
    return s, svar["versjon"]


def klikk(vakt: Person) -> dict[str, Any]:
    """A bed that is free is to be cleaned, or the other way. Gives the unit as it is afterwards."""
    egen = next(
        e
        for rad in vakt.get(PLASSER).json["enheter"]
        if (e := vakt.get(f"{PLASSER}/{rad['id']}").json)["kan"]["drive"]
    )
    plass = next(p for p in egen["plasser"] if p["tilstand"] in ("ledig", "rengjoeres"))
    ny = "rengjoeres" if plass["tilstand"] == "ledig" else "ledig"
    svar = vakt.be(
        "PUT",
        f"{PLASSER}/{egen['id']}/plasser/{plass['id']}/tilstand",
        json.dumps({"tilstand": ny, "lest": plass["versjon"]}).encode(),
        {"Content-Type": "application/json", "X-CSRFToken": vakt._csrf},
    )
    assert svar.status == 200, svar.tekst
    return dict(svar.json)


def test_en_endring_er_paa_alle_tavlene_med_en_gang(tjener: Tjener, folk: Folk) -> None:
    vakt = folk("oehd_sykepleier").hos(tjener)
    tavler = [tavle(folk(hvem).hos(tjener)) for hvem in ("spesialist", "sykehjemslege", "oehd_lege") * 5]
    sokler = [s for s, _ in tavler]
    fra = tavler[0][1]
    for _ in range(3):
        foer = {id(s): len(s.mottatt("plasser")) for s in sokler}
        enhet = klikk(vakt)
        start = time.monotonic()
        vent(
            lambda foer=foer: all(len(s.mottatt("plasser")) > foer[id(s)] for s in sokler),
            "endringen på hver tavle",
            *sokler,
        )
        assert time.monotonic() - start < STRAKS
        for s in sokler:
            hendelse = s.mottatt("plasser")[-1]
            assert (hendelse["fra"], hendelse["versjon"]) == (fra, fra + 1)
            (rad,) = hendelse["endringer"]
            assert (rad["id"], rad["ledig"]) == (enhet["id"], enhet["ledig"])
        fra += 1
    for s in sokler:
        s.lukk()


def test_det_som_gikk_tapt_sies_av_hodet(tjener: Tjener, tikkende: Tjener, folk: Folk) -> None:
    """The other process hears no event of this one: its next tick tells the version, and the gap is fetched."""
    s, fra = tavle(folk("spesialist").hos(tikkende))
    enhet = klikk(folk("oehd_sykepleier").hos(tjener))
    vent(lambda: any(h.get("plasser", 0) > fra for h in s.mottatt("hode")), "hodet", s)
    assert s.mottatt("plasser") == []
    svar = folk("spesialist").hos(tikkende).get(f"{PLASSER}?etter={fra}").json
    assert [r["id"] for r in svar["enheter"]] == [enhet["id"]] and not svar["hel"]
    s.lukk()
