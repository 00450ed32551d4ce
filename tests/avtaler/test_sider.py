"""The pages of agreements as a browser meets them: the list, a new one, reading, and the parties."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.avtaler.forloep import Art, Avtaletype, Partstatus, Status
from portal.avtaler.models import Avtale, Avtaleversjon
from portal.avtaler.service import avtaler, parter
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from tests.avtalehjelp import faser, lag_avtale, lag_bestemmelse
from tests.avtaler.motorhjelp import les, noekler, nytt_utkast, til_forhandling
from tests.bygg import Opptak, Scene, lag_aktor, lag_kommune, lagre, uten_spor

Klient = Callable[[Aktor], FlaskClient]


def html(svar: TestResponse, status: int = 200) -> str:
    assert svar.status_code == status, svar.get_data(as_text=True)[:2000]
    return svar.get_data(as_text=True)


def tekst(side: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", side).split())


def id_fra(svar: TestResponse) -> UUID:
    assert svar.status_code == 303, svar.get_data(as_text=True)[:2000]
    return UUID(re.search(r"/avtaler/([0-9a-f-]{36})", svar.location)[1])  # type: ignore[index]


@pytest.fixture
def gjeldende(scene: Scene) -> Avtale:
    return lag_avtale(
        scene.hf,
        [scene.kommune],
        status=Status.GJELDENDE,
        nummer="3",
        bestemmelser=[
            {
                "overskrift": "Når legges det inn",
                "tekst": "**Alltid** etter samtale. <script>alert(1)</script>",
                "punkt": 3,
                "fagomraader": ["geriatri"],
                "kriterier": [{"kriterium": "NEWS2 over 6", "hvem": "Legevaktlegen", "frist": "Straks"}],
            },
            {
                "overskrift": "Utskrivning på toppen",
                "art": Art.UTSKRIVNING,
                "faser": faser(3, 4),
                "matrise": [{"oppgave": "Transport", "foretak": "A", "kommune": "I"}],
                "forpliktelser": [
                    {"tekst": "Møte", "hyppighet": "halvaarlig", "frist": "", "sider": ["foretak"]}
                ],
                "tiltak": [{"navn": "Felles team", "organisering": "På sykehuset"}],
                "trinn": ["varsel"],
            },
        ],
    )


# --- reading ---------------------------------------------------------------------------------------------


def test_alle_hos_partene_leser_det_som_gjelder(scene: Scene, som: Klient, gjeldende: Avtale) -> None:
    for aktor in (scene.lege, scene.spesialist, scene.sykepleier, scene.koordinator):
        side = html(som(aktor).get(f"/avtaler/{gjeldende.id}"))
        lest = tekst(side)
        for ord_ in (
            "3 Innleggelse og utskrivning",
            "Versjon 1 gjelder.",
            "Når legges det inn",
            "§ 6-2 nr. 3: Innleggelse",
            "Gjelder i alle faser",
            "Gjelder i fase 3 (spredning) og 4 (epidemitopp)",
            "Geriatri",
            "NEWS2 over 6",
            "Legevaktlegen",
            "Straks",
            "Ansvarlig",
            "Informeres",
            "Hvert halvår",
            "Felles team",
            "På sykehuset",
            "Ikke sagt",
            "§ 8: Varsel",
        ):
            assert ord_ in lest, ord_
        assert "<strong>Alltid</strong>" in side and "<script>alert" not in side
        assert "brukerutvalget" in lest.lower()
        for b in noekler(gjeldende.id):
            assert f'id="b-{b}"' in side and f'href="#b-{b}"' in side
    assert "Begynn ny versjon" in html(som(scene.koordinator).get(f"/avtaler/{gjeldende.id}"))
    assert "Begynn ny versjon" not in html(som(scene.lege).get(f"/avtaler/{gjeldende.id}"))


def test_andre_finner_den_ikke(scene: Scene, som: Klient, gjeldende: Avtale) -> None:
    utkast = nytt_utkast(scene)
    for aktor in (scene.fremmed_lege, scene.fremmed_spesialist, lag_aktor(Rolle.KOORDINATOR, scene.annet_hf)):
        for sti in ("", "/parter", "/utkast", "/opplysninger", "/bestemmelser/ny"):
            html(som(aktor).get(f"/avtaler/{gjeldende.id}{sti}"), 404)
    for aktor in (scene.lege, scene.spesialist, lag_aktor(Rolle.KOORDINATOR, scene.kommune)):
        html(som(aktor).get(f"/avtaler/{utkast}"), 404)
        html(som(aktor).get(f"/avtaler/{utkast}/utkast"), 404)
    # Seen, but not one's own to write.
    html(som(scene.administrator).get(f"/avtaler/{utkast}"))
    html(som(scene.administrator).get(f"/avtaler/{utkast}/utkast"), 403)
    html(som(scene.lege).get(f"/avtaler/{gjeldende.id}?versjon=2"), 404)
    html(som(scene.lege).get(f"/avtaler/{gjeldende.id}?versjon=x"), 422)
    html(som(scene.lege).get(f"/avtaler/{uuid4()}"), 404)


def test_en_ny_versjon_leses_ved_siden_av_den_som_gjelder(
    scene: Scene, som: Klient, gjeldende: Avtale
) -> None:
    klient = som(scene.koordinator)
    svar = klient.post(f"/avtaler/{gjeldende.id}/ny-versjon")
    assert svar.status_code == 303 and svar.location.endswith(f"/avtaler/{gjeldende.id}/utkast")
    side = tekst(html(klient.get(f"/avtaler/{gjeldende.id}")))
    assert "Du leser versjon 1. Versjon 2 er under arbeid (utkast)." in side
    assert "Forkast versjon 2" in tekst(html(klient.get(f"/avtaler/{gjeldende.id}?versjon=2")))
    legens = tekst(html(som(scene.lege).get(f"/avtaler/{gjeldende.id}")))
    assert "Versjon 2" not in legens and "utkast" not in legens
    # A second one is refused where one stands, with why.
    assert "Versjon 2 er ikke ferdig" in html(klient.post(f"/avtaler/{gjeldende.id}/ny-versjon"), 409)
    assert klient.post(f"/avtaler/{gjeldende.id}/forkast").status_code == 303
    assert "Begynn ny versjon" in html(klient.get(f"/avtaler/{gjeldende.id}"))
    html(klient.post(f"/avtaler/{gjeldende.id}/forkast"), 409)


def test_statuslinja_sier_hvem_det_ventes_paa(scene: Scene, som: Klient, motpart: Aktor) -> None:
    avtale_id = avtaler.lag(scene.koordinator, type="tjenesteavtale", tittel="Ny avtale")
    klient = som(scene.koordinator)

    def linje(k: FlaskClient) -> str:
        side = html(k.get(f"/avtaler/{avtale_id}"))
        return tekst(re.search(r'<section class="avtalenaa".*?</section>', side, re.S)[0])  # type: ignore[index]

    assert "Skriv bestemmelsene." in linje(klient)
    assert "Bare Sykehuset Testfjord ser det." in linje(som(scene.administrator))
    assert "Venter på dere" not in linje(som(scene.administrator))
    klient.post(f"/avtaler/{avtale_id}/bestemmelser/ny", data=_klausul())
    assert "Inviter kommunene" in linje(klient)
    parter.inviter(scene.koordinator, avtale_id, [scene.kommune.id])
    assert "send det til forhandling" in linje(klient)
    assert klient.post(f"/avtaler/{avtale_id}/send-til-forhandling").status_code == 303
    kommunens = linje(som(motpart))
    assert "Venter på dere." in kommunens and "Svar på invitasjonen" in kommunens
    assert "Venter på Guovdageaidnu" in linje(klient) and "Venter på dere" not in linje(klient)
    parter.svar(motpart, avtale_id, True)
    assert "Send til godkjenning" in linje(klient)
    assert "Venter på Sykehuset Testfjord" in linje(som(motpart))


def test_fristen_for_gjennomgang_og_oppsigelse_vises(scene: Scene, som: Klient) -> None:
    dag = i_dag() + timedelta(days=40)
    aarlig = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE, neste_gjennomgang=dag)
    oppsagt = lag_avtale(scene.hf, [scene.kommune], status=Status.OPPSAGT, i_kraft_til=dag)
    gammel = lag_avtale(
        scene.hf,
        [scene.kommune],
        status=Status.UTLOEPT,
        i_kraft_fra=i_dag() - timedelta(days=90),
        i_kraft_til=i_dag() - timedelta(days=1),
    )
    klient = som(scene.lege)
    assert f'datetime="{dag.isoformat()}"' in html(klient.get(f"/avtaler/{aarlig.id}"))
    assert "Gjennomgås innen" in html(klient.get(f"/avtaler/{aarlig.id}"))
    side = html(klient.get(f"/avtaler/{oppsagt.id}"))
    # The last day it holds is the one before it holds no more.
    assert "sagt opp" in side and f'datetime="{(dag - timedelta(days=1)).isoformat()}"' in side
    assert "Avtalen gjelder ikke lenger." in html(klient.get(f"/avtaler/{gammel.id}"))


def test_en_eldre_versjon_sier_at_den_ikke_gjelder(scene: Scene, som: Klient) -> None:
    avtale = lag_avtale(
        scene.hf,
        [scene.kommune],
        status=Status.ERSTATTET,
        i_kraft_fra=i_dag() - timedelta(days=90),
        i_kraft_til=i_dag() - timedelta(days=10),
        bestemmelser=[{"overskrift": "Den gamle", "til_versjon": 2}],
    )
    lag_bestemmelse(avtale, overskrift="Den nye", fra_versjon=2)
    _ny_versjon(avtale)
    klient = som(scene.lege)
    assert "Den nye" in html(klient.get(f"/avtaler/{avtale.id}"))
    side = html(klient.get(f"/avtaler/{avtale.id}?versjon=1"))
    assert "Den gamle" in side and "Den nye" not in side
    assert "Du leser versjon 1, som ikke gjelder nå." in tekst(side)


def _ny_versjon(avtale: Avtale) -> None:
    lagre(
        Avtaleversjon(
            id=uuid4(),
            avtale_id=avtale.id,
            nummer=2,
            tittel=avtale.tittel,
            status=Status.GJELDENDE,
            opprettet=now(),
            i_kraft_fra=i_dag() - timedelta(days=10),
        )
    )


def _klausul(**endret: str) -> dict[str, str | list[str]]:
    return {
        "nummer": "1",
        "overskrift": "Innleggelse",
        "tekst": "Ring.",
        "art": "innleggelse",
        "punkt": "",
        "faser": ["1", "2", "3", "4", "5"],
        "lest": "",
        "gjoer": "lagre",
        **endret,
    }


# --- the list --------------------------------------------------------------------------------------------


def test_lista_er_et_tre_og_viser_bare_det_man_ser(scene: Scene, som: Klient) -> None:
    over = lag_avtale(
        scene.hf,
        [scene.kommune],
        status=Status.GJELDENDE,
        type=Avtaletype.OVERORDNET,
        tittel="Samarbeidsavtalen",
    )
    under = lag_avtale(
        scene.hf, [scene.kommune], status=Status.GJELDENDE, tittel="Innleggelse", overordnet_id=over.id
    )
    lag_avtale(scene.hf, [scene.annen_kommune], status=Status.GJELDENDE, tittel="Naboens")
    nytt_utkast(scene)
    side = html(som(scene.lege).get("/avtaler"))
    assert "Naboens" not in side and "Utkast" not in side and "2 avtaler" in side
    # The one below stands inside the other's branch.
    assert re.search(rf'{over.id}".*avtaleliste--under.*{under.id}"', side, re.S)
    assert "Ny avtale" not in side
    egen = html(som(scene.koordinator).get("/avtaler"))
    assert "4 avtaler" in egen and "Naboens" in egen and "Utkast" in egen and "Ny avtale" in egen


def test_lista_snevres_inn(scene: Scene, som: Klient) -> None:
    over = lag_avtale(
        scene.hf,
        [scene.kommune],
        status=Status.GJELDENDE,
        type=Avtaletype.OVERORDNET,
        tittel="Samarbeidsavtalen",
    )
    lag_avtale(
        scene.hf, [scene.annen_kommune], status=Status.GJELDENDE, tittel="Jordmor", overordnet_id=over.id
    )
    nytt_utkast(scene)
    klient = som(scene.koordinator)

    def treff(sporring: str) -> set[str]:
        side = html(klient.get(f"/avtaler?{sporring}"))
        return {
            t for t in ("Samarbeidsavtalen", "Jordmor", "Innleggelse og utskrivning") if f">{t}</a>" in side
        }

    assert treff("q=jordmor") == {"Samarbeidsavtalen", "Jordmor"}  # the branch names what it hangs on
    assert treff("type=overordnet") == {"Samarbeidsavtalen"}
    assert treff("tilstand=arbeid") == {"Innleggelse og utskrivning"}
    assert treff("tilstand=i_kraft") == {"Samarbeidsavtalen", "Jordmor"}
    assert treff(f"part_id={scene.kommune.id}") == {"Samarbeidsavtalen"}
    assert treff("q=guovdageaidnu") == {"Samarbeidsavtalen"}
    assert "Ingen avtaler passer" in html(klient.get("/avtaler?q=finnesikke"))
    side = html(klient.get("/avtaler?type=tull&q=%22%3Cscript"), 422)
    assert "Ugyldig valg" in side and "<script" not in side.split("<body")[1].split("q=")[0]
    html(klient.get("/avtaler?side=99"))
    html(klient.get("/avtaler?ukjent=1"), 422)


def test_lista_har_sider(scene: Scene, som: Klient) -> None:
    for n in range(52):
        lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE, tittel=f"Avtale {n:03}")
    side = html(som(scene.lege).get("/avtaler?q=Avtale"))
    assert side.count('class="avtalerad"') == 50 and "Side 1 av 2" in side
    assert 'href="/avtaler?q=Avtale&amp;side=2"' in side
    siste = html(som(scene.lege).get("/avtaler?q=Avtale&side=2"))
    assert siste.count('class="avtalerad"') == 2 and "Avtale 051" in siste


def test_den_inviterte_ser_hva_som_venter(scene: Scene, som: Klient, motpart: Aktor) -> None:
    avtale_id = til_forhandling(scene)
    side = html(som(motpart).get("/avtaler?tilstand=invitert"))
    assert f"/avtaler/{avtale_id}/parter" in side and "Svar på invitasjonen" in side
    assert "Svar på invitasjonen" not in html(som(scene.lege).get("/avtaler"))


# --- a new one -------------------------------------------------------------------------------------------


def test_en_avtale_begynner_tom_under_en_annen_og_som_kopi(scene: Scene, som: Klient) -> None:
    klient = som(scene.koordinator)
    over = id_fra(klient.post("/avtaler/ny", data={"type": "overordnet", "tittel": "Samarbeidsavtalen"}))
    assert les(over).type == Avtaletype.OVERORDNET
    side = html(klient.get("/avtaler/ny"))
    assert f'value="{over}"' in side
    under = id_fra(
        klient.post(
            "/avtaler/ny",
            data={
                "type": "tjenesteavtale",
                "tittel": "Innleggelse",
                "nummer": "3",
                "overordnet_id": str(over),
                "maalform": "nn",
            },
        )
    )
    avtale = les(under)
    assert (avtale.overordnet_id, avtale.nummer, avtale.maalform) == (over, "3", "nn")
    kilde = nytt_utkast(scene)
    kopi = id_fra(
        klient.post(
            "/avtaler/ny",
            data={"type": "delavtale", "tittel": "Kopien", "kopi_av": str(kilde), "maalform": "nb"},
        )
    )
    assert len(noekler(kopi)) == 2


def test_skjemaet_kommer_tilbake_slik_det_ble_fylt_ut(scene: Scene, som: Klient, opptak: Opptak) -> None:
    klient = som(scene.koordinator)
    under = nytt_utkast(scene)
    with uten_spor(opptak):
        side = html(
            klient.post(
                "/avtaler/ny",
                data={"type": "overordnet", "tittel": "Å beholde", "overordnet_id": str(under)},
            ),
            422,
        )
        assert 'value="Å beholde"' in side and "kan ikke ligge under" in side
        side = html(klient.post("/avtaler/ny", data={"tittel": "", "nummer": "Å beholde"}), 422)
        assert 'href="#type"' in side and 'href="#tittel"' in side and 'value="Å beholde"' in side
        html(klient.post("/avtaler/ny", data={"type": "overordnet", "tittel": "x", "ukjent": "1"}), 422)


def test_bare_foretakets_koordinator_begynner_avtaler(scene: Scene, som: Klient, motpart: Aktor) -> None:
    for aktor in (motpart, scene.lege, scene.spesialist, scene.administrator, scene.innsyn):
        html(som(aktor).get("/avtaler/ny"), 403)
        html(som(aktor).post("/avtaler/ny", data={"type": "overordnet", "tittel": "x"}), 403)


# --- the parties -----------------------------------------------------------------------------------------


def test_flere_kommuner_inviteres_paa_en_gang(scene: Scene, som: Klient, motpart: Aktor) -> None:
    lag_aktor(Rolle.KOORDINATOR, scene.annen_kommune)
    fjern = lag_kommune("Fjernvik")
    avtale_id = nytt_utkast(scene)
    klient = som(scene.koordinator)
    side = html(klient.get(f"/avtaler/{avtale_id}/parter"))
    # The own area first, the others behind a word.
    assert side.index("Guovdageaidnu") < side.index("Andre kommuner") < side.index("Fjernvik")
    valgte = [str(scene.kommune.id), str(scene.annen_kommune.id)]
    svar = klient.post(f"/avtaler/{avtale_id}/parter/inviter", data={"organisasjoner": valgte})
    assert svar.status_code == 303
    side = html(klient.get(f"/avtaler/{avtale_id}/parter"))
    assert "2 kommuner er invitert." in side and side.count("Invitert, har ikke svart") == 2
    # Nobody there could answer: said by name, and what was ticked is ticked still.
    side = html(
        klient.post(f"/avtaler/{avtale_id}/parter/inviter", data={"organisasjoner": [str(fjern.id)]}), 422
    )
    assert "Ingen kan svare for Fjernvik" in side
    assert re.search(rf'value="{fjern.id}" checked', side)
    assert "Velg minst én kommune" in html(klient.post(f"/avtaler/{avtale_id}/parter/inviter"), 422)
    svar = klient.post(
        f"/avtaler/{avtale_id}/parter/trekk", data={"organisasjon_id": str(scene.annen_kommune.id)}
    )
    assert svar.status_code == 303
    assert {p.organisasjon_id for p in les(avtale_id).parter} == {scene.hf.id, scene.kommune.id}
    html(som(motpart).get(f"/avtaler/{avtale_id}/parter"), 404)


@pytest.mark.parametrize(("ja", "status"), [("1", Partstatus.DELTAR), ("0", Partstatus.TAKKET_NEI)])
def test_kommunen_svarer(scene: Scene, som: Klient, motpart: Aktor, ja: str, status: Partstatus) -> None:
    avtale_id = til_forhandling(scene)
    klient = som(motpart)
    side = html(klient.get(f"/avtaler/{avtale_id}/parter"))
    assert "Skal Guovdageaidnu være part i avtalen?" in side and "Trekk invitasjonen" not in side
    html(som(scene.kommuneoverlege).post(f"/avtaler/{avtale_id}/parter/svar", data={"ja": ja}), 403)
    html(som(scene.koordinator).post(f"/avtaler/{avtale_id}/parter/svar", data={"ja": ja}), 409)
    html(klient.post(f"/avtaler/{avtale_id}/parter/svar", data={}), 422)
    svar = klient.post(f"/avtaler/{avtale_id}/parter/svar", data={"ja": ja})
    assert svar.status_code == 303
    assert [p.status for p in les(avtale_id).parter if p.side == "kommune"] == [status]
    assert "Svaret er sendt" in html(klient.get(svar.location))


def test_den_som_bare_leser_ser_hvem_avtalen_har_gjeldt_for(
    scene: Scene, som: Klient, gjeldende: Avtale, motpart: Aktor
) -> None:
    lag_aktor(Rolle.KOORDINATOR, scene.annen_kommune)
    parter.inviter(scene.koordinator, gjeldende.id, [scene.annen_kommune.id])
    side = html(som(scene.lege).get(f"/avtaler/{gjeldende.id}/parter"))
    assert "Guovdageaidnu" in side and "Nabokommunen" not in side and "Inviter" not in side
    assert "Nabokommunen" in html(som(motpart).get(f"/avtaler/{gjeldende.id}/parter"))
