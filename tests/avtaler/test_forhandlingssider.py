"""The pages of a negotiation as a browser meets them: the page, the forms, refusals that lose nothing, and remarks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.avtaler.service import avtaler, forslag, godkjenning, kommentarer
from portal.core.aktor import Aktor
from tests.avtaler.forhandlingshjelp import Forhandlingsbord, hent, status
from tests.avtaler.godkjenninghjelp import beskriv, hash_naa
from tests.avtaler.motorhjelp import nytt_utkast, til_forhandling
from tests.bygg import PERSONNUMMER, Scene

Klient = Callable[[Aktor], FlaskClient]


@pytest.fixture
def bord(scene: Scene, motpart: Aktor) -> Forhandlingsbord:
    return Forhandlingsbord(scene, motpart)


def html(svar: TestResponse, ventet: int = 200) -> str:
    assert svar.status_code == ventet, svar.get_data(as_text=True)[:2000]
    return svar.get_data(as_text=True)


def tekst(side: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", side).split())


def del_av(side: str, noekkel: UUID | str) -> str:
    """The clause's part of the page."""
    m = re.search(rf'<article[^>]*id="b-{noekkel}".*?</article>', side, re.S)
    assert m is not None
    return m[0]


def skjema(**endret: Any) -> dict[str, Any]:
    return {
        "overskrift": "Innleggelse",
        "tekst": "Svar innen en time.",
        "art": "innleggelse",
        "nummer": "1",
        "faser": ["1", "2", "3", "4", "5"],
        "gjoer": "send",
        **endret,
    }


def sti(bord: Forhandlingsbord, mer: str = "") -> str:
    return f"/avtaler/{bord.avtale_id}/forhandling{mer}"


# --- the page --------------------------------------------------------------------------------------------


def test_hver_bestemmelse_med_ordene_og_hvem_som_svarte(bord: Forhandlingsbord, som: Klient) -> None:
    id_ = bord.endre(bord.eier, "Ring alltid først.")
    forslag.svar(bord.soer, id_, False, "For\nstrengt.")
    side = html(som(bord.nord).get(sti(bord)))
    n, annen = bord.klausul(), bord.klausul(1)
    blokk = del_av(side, n)
    assert f'id="f-{id_}"' in blokk and f'id="b-{annen}"' in side
    assert "<ins" in blokk and "satt inn" in blokk and "alltid" in blokk
    lest = tekst(blokk)
    for ord_ in ("Forslag til endring", "Fordi.", "For strengt.", "Har ikke svart: Guovdageaidnu"):
        assert ord_ in lest, ord_
    assert "Godta" in lest and "Lag et motforslag" in lest and "Trekk" not in lest
    # What waits comes first, and leads to the clause.
    assert side.index("Venter på deres svar") < side.index(f'id="b-{n}"')
    assert f'href="#b-{n}"' in side
    # Who proposed sees no buttons to answer, but may take it back.
    eierens = tekst(del_av(html(som(bord.eier).get(sti(bord))), n))
    assert "Trekk forslaget" in eierens and "Godta" not in eierens
    # Who has said no may still say yes; who may not answer reads it.
    assert "Godta" in tekst(del_av(html(som(bord.soer).get(sti(bord))), n))
    legens = html(som(bord.lege).get(sti(bord)))
    assert "Lag et motforslag" in legens and 'name="godtatt"' not in legens
    adm = html(som(bord.scene.administrator).get(sti(bord)))
    assert "Du kan lese forhandlingen." in adm and "<form" not in re.search(r"<main.*</main>", adm, re.S)[0]  # type: ignore[index]


def test_bare_det_som_er_aapent(bord: Forhandlingsbord, som: Klient) -> None:
    bord.endre(bord.nord, "A.")
    n, annen = bord.klausul(), bord.klausul(1)
    kommentarer.skriv(bord.soer, bord.avtale_id, annen, "Hva med natt?")
    klient = som(bord.eier)
    for vis, ventet in (("", {n, annen}), ("aapne", {n, annen}), ("venter", {n})):
        side = html(klient.get(sti(bord, f"?vis={vis}")))
        assert {x for x in (n, annen) if f'id="b-{x}"' in side} == ventet, vis
    assert "Ingen bestemmelser passer" in html(som(bord.nord).get(sti(bord, "?vis=venter")))
    html(klient.get(sti(bord, "?vis=tull")), 422)
    html(klient.get(sti(bord, "?versjon=9")), 404)


def test_det_avgjorte_ligger_brettet_og_kan_leses_helt(bord: Forhandlingsbord, som: Klient) -> None:
    a, b = bord.endre(bord.nord, "A."), bord.endre(bord.soer, "B.")
    forslag.svar(bord.eier, a, True, "Greit.")
    side = tekst(del_av(html(som(bord.eier).get(sti(bord))), bord.klausul()))
    assert "2 avgjorte forslag" in side and "Godtatt" in side and "Bortfalt" in side and "Greit." in side
    ett = html(som(bord.eier).get(sti(bord, f"/forslag/{a}")))
    assert "<ins" in ett and "<del" in ett and "Greit." in tekst(ett)
    # The text that the fallen one was about is gone from the page, and shown all the same.
    assert "<del" in html(som(bord.eier).get(sti(bord, f"/forslag/{b}")))
    # Whose it is can propose it again, on the text as it is, filled in.
    sørs = html(som(bord.soer).get(sti(bord)))
    lenke = re.search(rf'href="([^"]*fra={b})"', sørs)
    assert lenke is not None
    fylt = html(som(bord.soer).get(lenke[1]))
    assert ">\nB.</textarea>" in fylt and bord.lest(bord.klausul()) in fylt
    assert f"fra={b}" not in html(som(bord.eier).get(sti(bord)))


def test_en_forhandling_som_er_over_kan_leses(bord: Forhandlingsbord, som: Klient) -> None:
    id_ = bord.endre(bord.nord, "A.")
    avtaler.forkast(bord.eier, bord.avtale_id)
    side = html(som(bord.nord).get(sti(bord)))
    assert "er over (forkastet)" in tekst(side) and "Bortfalt" in tekst(side)
    assert "Foreslå endring" not in side and "Kommenter" not in tekst(side)
    html(som(bord.nord).get(sti(bord, f"/forslag/{id_}")))
    svar = som(bord.nord).get(sti(bord, "/ny"))
    assert svar.status_code == 303 and svar.location.endswith("/forhandling")


def test_foer_noe_er_forhandlet(scene: Scene, som: Klient) -> None:
    avtale_id = nytt_utkast(scene)
    side = html(som(scene.koordinator).get(f"/avtaler/{avtale_id}/forhandling"))
    assert "Ingen forhandling ennå" in side
    html(som(scene.koordinator).get(f"/avtaler/{avtale_id}/forhandling/ny"), 404)


def test_den_som_er_invitert_svarer_foerst(scene: Scene, som: Klient, motpart: Aktor) -> None:
    avtale_id = til_forhandling(scene)
    side = html(som(motpart).get(f"/avtaler/{avtale_id}/forhandling"))
    assert "Svar ja på invitasjonen først." in side and "Foreslå endring" not in side
    svar = som(motpart).post(f"/avtaler/{avtale_id}/forhandling/kommentarer", data={"tekst": "Hei"})
    assert "Svar ja på invitasjonen først." in html(svar, 409)


def test_to_versjoner_har_hver_sin_forhandling(bord: Forhandlingsbord, som: Klient) -> None:
    forslag.svar(bord.eier, bord.endre(bord.nord, "A."), True)
    beskriv(bord.avtale_id, "Brukerutvalget.", None)
    godkjenning.send(bord.eier, bord.avtale_id, hash_naa(bord.avtale_id))
    godkjenning.aapne_igjen(bord.eier, bord.avtale_id)
    side = html(som(bord.nord).get(sti(bord)))
    assert "Versjon 2" in side and "avgjorte forslag" not in side and sti(bord, "?versjon=1") in side
    gammel = html(som(bord.nord).get(sti(bord, "?versjon=1")))
    assert "1 avgjort forslag" in gammel and "Foreslå endring" not in gammel


# --- proposing -------------------------------------------------------------------------------------------


def test_foreslaa_med_skjemaet(bord: Forhandlingsbord, som: Klient) -> None:
    klient, n = som(bord.nord), bord.klausul()
    her = sti(bord, f"/bestemmelser/{n}")
    side = html(klient.get(her))
    assert "Ring først." in side and bord.lest(n) in side
    data = skjema(lest=bord.lest(n), begrunnelse="Natt.\n<b>Alltid</b>", gjoer="ny:kriterier")
    assert 'id="kriterier-0-kriterium"' in html(klient.post(her, data=data))
    assert "<ins" in html(klient.post(her, data={**data, "gjoer": "forskjell"}))
    rad = {"kriterier-0-kriterium": "NEWS2 over 5", "kriterier-0-hvem": "Legen"}
    svar = klient.post(her, data={**data, **rad, "gjoer": "send"})
    assert svar.status_code == 303
    id_ = UUID(re.search(r"#f-([0-9a-f-]{36})$", svar.location)[1])  # type: ignore[index]
    assert hent(id_).innhold["kriterier"][0]["kriterium"] == "NEWS2 over 5"
    side = html(klient.get(sti(bord)))
    assert "&lt;b&gt;Alltid" in side and "<b>Alltid" not in side


def test_ny_stryk_og_motforslag_med_skjemaet(bord: Forhandlingsbord, som: Klient) -> None:
    nord, eier, n = som(bord.nord), som(bord.eier), bord.klausul()
    svar = nord.post(sti(bord, "/ny"), data=skjema(overskrift="Transport", begrunnelse=""))
    ny = svar.location.partition("#f-")[2]
    assert hent(UUID(ny)).type == "ny"
    assert "Ikke i teksten" in html(eier.get(sti(bord)))
    mot = sti(bord, f"/forslag/{ny}/motforslag")
    assert 'value="Transport"' in html(eier.get(mot))
    assert eier.post(mot, data=skjema(overskrift="Transport på vei", lest="")).status_code == 303
    side = tekst(del_av(html(nord.get(sti(bord))), hent(UUID(ny)).noekkel))
    assert "Motforslag til ny bestemmelse" in side and "Transport på vei" in side
    html(nord.get(sti(bord, f"/bestemmelser/{n}/stryk")))
    svar = nord.post(
        sti(bord, f"/bestemmelser/{n}/stryk"), data={"lest": bord.lest(n), "begrunnelse": "Bort."}
    )
    stryk = UUID(svar.location.partition("#f-")[2])
    assert hent(stryk).begrunnelse == "Bort."
    assert "Strøket" in tekst(del_av(html(eier.get(sti(bord))), n))
    # One's own side is not countered.
    assert nord.get(sti(bord, f"/forslag/{stryk}/motforslag")).status_code == 303
    html(nord.post(sti(bord, f"/forslag/{stryk}/motforslag"), data=skjema(lest=bord.lest(n))), 409)


def test_ingenting_som_er_skrevet_gaar_tapt(bord: Forhandlingsbord, som: Klient) -> None:
    """Somebody else's proposal was accepted meanwhile; a field was wrong; the negotiation ended."""
    klient, n, lest = som(bord.soer), bord.klausul(), bord.lest(bord.klausul())
    her = sti(bord, f"/bestemmelser/{n}")
    forslag.svar(bord.eier, bord.endre(bord.nord, "Svar straks."), True)
    data = skjema(tekst="Mitt lange svar.", begrunnelse="Mine grunner.", lest=lest)
    side = html(klient.post(her, data=data), 409)
    for ord_ in ("Mitt lange svar.", "Mine grunner.", "Svar straks.", "<ins", "<del", bord.lest(n)):
        assert ord_ in side, ord_
    ny = re.search(r'name="lest" value="([^"]*)"', side)[1]  # type: ignore[index]
    side = html(klient.post(her, data={**data, "lest": ny, "overskrift": ""}), 422)
    assert "Mitt lange svar." in side and "Mine grunner." in side and 'href="#overskrift"' in side
    side = html(klient.post(her, data={**data, "lest": ny, "begrunnelse": "x" * 2_001}), 422)
    assert "Mitt lange svar." in side and "x" * 2_001 in side and 'href="#begrunnelse"' in side
    assert klient.post(her, data={**data, "lest": ny}).status_code == 303
    assert "alt sendt akkurat dette" in html(klient.post(her, data={**data, "lest": ny}), 409)
    avtaler.forkast(bord.eier, bord.avtale_id)
    side = html(klient.post(her, data={**data, "lest": ny, "tekst": "For sent."}), 409)
    assert "For sent." in side and "ikke til forhandling" in side


def test_en_stroeket_bestemmelse_har_fortsatt_skjemaet_sitt(bord: Forhandlingsbord, som: Klient) -> None:
    klient, n, lest = som(bord.soer), bord.klausul(), bord.lest(bord.klausul())
    forslag.svar(bord.eier, bord.stryk(bord.nord), True)
    side = html(klient.post(sti(bord, f"/bestemmelser/{n}"), data=skjema(tekst="Mine ord.", lest=lest)), 409)
    assert "Mine ord." in side and sti(bord, "/ny") in side
    html(klient.post(sti(bord, f"/bestemmelser/{n}/stryk"), data={"lest": lest}), 409)
    html(klient.get(sti(bord, f"/bestemmelser/{uuid4()}")), 404)
    html(klient.get(sti(bord, f"/forslag/{uuid4()}")), 404)
    html(klient.post(sti(bord, f"/forslag/{uuid4()}/svar"), data={"godtatt": "1"}), 404)


# --- answering and taking back ---------------------------------------------------------------------------


def test_svar_og_trekk_med_skjemaet(bord: Forhandlingsbord, som: Klient) -> None:
    nord, eier = som(bord.nord), som(bord.eier)
    a, b, c = (bord.endre(bord.nord, t, plass=p) for t, p in (("A.", 0), ("B.", 1), ("C.", 1)))
    svar = eier.post(sti(bord, f"/forslag/{a}/svar"), data={"godtatt": "1", "merknad": "Ja."})
    assert svar.status_code == 303 and svar.location.endswith(f"#b-{bord.klausul()}")
    assert eier.post(sti(bord, f"/forslag/{b}/svar"), data={"godtatt": "0"}).status_code == 303
    assert nord.post(sti(bord, f"/forslag/{c}/trekk")).status_code == 303
    assert (status(a), status(b), status(c)) == ("godtatt", "avslaatt", "trukket")
    # Too late: told who was first, and the remark stands in its form where there still is one.
    side = html(eier.post(sti(bord, f"/forslag/{c}/svar"), data={"godtatt": "1"}), 409)
    assert "Forslaget er trukket." in side
    d = bord.endre(bord.nord, "D.")
    side = html(
        eier.post(sti(bord, f"/forslag/{d}/svar"), data={"godtatt": "1", "merknad": "x" * 1_001}), 422
    )
    assert "x" * 1_001 in side and f'href="#merknad-svar-{d}"' in side
    html(eier.post(sti(bord, f"/forslag/{d}/svar"), data={"merknad": "Hm."}), 422)
    assert "egen side" in html(nord.post(sti(bord, f"/forslag/{d}/svar"), data={"godtatt": "1"}), 403)
    html(som(bord.lege).post(sti(bord, f"/forslag/{d}/svar"), data={"godtatt": "1"}), 403)
    html(eier.post(sti(bord, f"/forslag/{d}/trekk")), 403)


# --- remarks ---------------------------------------------------------------------------------------------


def test_kommentarene_paa_siden(bord: Forhandlingsbord, som: Klient) -> None:
    nord, eier, n = som(bord.nord), som(bord.eier), bord.klausul()
    svar = nord.post(
        sti(bord, "/kommentarer"),
        data={"noekkel": str(n), "tekst": "Linje 1\nLinje 2 <script>alert(1)</script>"},
    )
    id_ = svar.location.partition("#k-")[2]
    assert svar.status_code == 303
    assert nord.post(sti(bord, "/kommentarer"), data={"noekkel": "", "tekst": "Om alt."}).status_code == 303
    side = html(eier.get(sti(bord)))
    assert "Linje 1\nLinje 2 &lt;script&gt;" in del_av(side, n) and "<script>alert" not in side
    assert "Om alt." in side and "2 åpne kommentarer" in tekst(side)
    assert eier.post(sti(bord, f"/kommentarer/{id_}/ordne"), data={"ordnet": "1"}).status_code == 303
    blokk = del_av(html(eier.get(sti(bord))), n)
    assert "1 ordnet kommentar" in blokk and "Ta opp igjen" in blokk
    assert eier.post(sti(bord, f"/kommentarer/{id_}/ordne"), data={"ordnet": "0"}).status_code == 303
    assert "Merk som ordnet" in del_av(html(nord.get(sti(bord))), n)
    assert "Merk som ordnet" not in del_av(html(som(bord.soer).get(sti(bord))), n)
    # Refused: it stands where it was written, in an open fold.
    side = html(nord.post(sti(bord, "/kommentarer"), data={"noekkel": str(n), "tekst": "y" * 5_001}), 422)
    blokk = del_av(side, n)
    assert "y" * 5_001 in blokk and re.search(rf'id="skriv-{n}" open', blokk)
    assert f'href="#tekst-kommentar-{n}"' in side
    html(nord.post(sti(bord, "/kommentarer"), data={"noekkel": str(uuid4()), "tekst": "Hm."}), 404)
    html(nord.post(sti(bord, "/kommentarer"), data={"noekkel": "tull", "tekst": "Hm."}), 422)
    html(som(bord.scene.administrator).post(sti(bord, "/kommentarer"), data={"tekst": "Hm."}), 403)


def test_et_foedselsnummer_stoppes_og_det_skrevne_staar(bord: Forhandlingsbord, som: Klient) -> None:
    """In a remark, an answer, a wording with its lists, and the reason to strike: each with the way past it."""
    tekst = f"Pasient {PERSONNUMMER} ble sendt hjem"
    n = bord.klausul()
    svares = bord.endre(bord.eier, "Ny.")
    base = f"/avtaler/{bord.avtale_id}/forhandling"
    klausul = {
        **{"overskrift": "I", "tekst": "Ny tekst", "art": "innleggelse", "nummer": "1", "faser": ["1"]},
        **{"lest": bord.lest(n), "gjoer": "send"},
    }
    stryk = {"lest": bord.lest(n), "begrunnelse": tekst}
    for sti, data in (
        (f"{base}/kommentarer", {"noekkel": "", "tekst": tekst}),
        (f"{base}/kommentarer", {"noekkel": str(n), "tekst": tekst}),
        (f"{base}/forslag/{svares}/svar", {"godtatt": "0", "merknad": tekst}),
        (f"{base}/bestemmelser/{n}", {**klausul, "tekst": tekst}),
        (f"{base}/bestemmelser/{n}", {**klausul, "begrunnelse": tekst}),
        (f"{base}/bestemmelser/{n}", {**klausul, "kriterier-0-kriterium": tekst}),
        (f"{base}/ny", {**klausul, "lest": "", "overskrift": tekst}),
        (f"{base}/bestemmelser/{n}/stryk", stryk),
    ):
        klient = som(bord.nord)
        svar = klient.post(sti, data=data)
        assert svar.status_code == 422, sti
        assert svar.text.count('name="ikke_fnr"') == 1, sti
        assert PERSONNUMMER in svar.text and "gyldig fødselsnummer" in svar.text, sti
        assert klient.post(sti, data={**data, "ikke_fnr": "1"}).status_code == 303, sti
