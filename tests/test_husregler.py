"""The house rules of the design as code: what holds for every room, also for those that are built later."""

from __future__ import annotations

import ast
import configparser
import re
import tempfile
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa
from babel.messages.pofile import read_po
from flask import Flask
from marshmallow import RAISE, Schema

from portal.avtaler.punkter import Situasjon
from portal.core import realtime, web
from portal.core.config import ROT
from portal.core.db import Base
from portal.core.errors import PortalError
from scripts.translations import FOLDER, KEYWORDS, LANGUAGES, missing, pybabel
from tests.kodeord import INDRE, KODER, MODULER

PORTAL = ROT / "portal"
KODE = sorted(p for p in PORTAL.rglob("*.py"))
MALER = sorted((ROT / "templates").rglob("*.html"))
FRONTEND = sorted(p for p in (ROT / "frontend").rglob("*.js") if ".test." not in p.name)
ROM = sorted(p for p in PORTAL.iterdir() if (p / "models.py").exists())


def navn(fil: Path) -> str:
    return str(fil.relative_to(ROT))


@cache
def tre(fil: Path) -> ast.Module:
    return ast.parse(fil.read_text())


def kall(node: ast.AST) -> Iterator[str]:
    """The dotted names of everything called inside a node."""
    for n in ast.walk(node):
        if isinstance(n, ast.Call):
            yield ast.unparse(n.func)


def importert(fil: Path) -> set[str]:
    moduler = set()
    for n in ast.walk(tre(fil)):
        if isinstance(n, ast.Import):
            moduler |= {a.name for a in n.names}
        elif isinstance(n, ast.ImportFrom):
            moduler |= {f"{n.module}.{a.name}" for a in n.names} | {n.module or ""}
    return moduler


# --- default deny ----------------------------------------------------------------------------------------


def test_bare_de_navngitte_rutene_er_aapne(_app: Flask) -> None:
    """Every endpoint that exists answers a stranger with the login, unless it stands on the short list."""
    endepunkter = {r.endpoint for r in _app.url_map.iter_rules()}
    assert endepunkter >= web.UTEN_INNLOGGING
    assert len(web.UTEN_INNLOGGING) <= 17
    foer = [f.__name__ for f in _app.before_request_funcs[None]]
    assert "_krev_innlogging" in foer
    for regel in _app.url_map.iter_rules():
        if regel.endpoint in web.UTEN_INNLOGGING:
            continue
        for metode in (regel.methods or set()) - {"HEAD", "OPTIONS"}:
            adresse = re.sub(r"<uuid:\w+>", "00000000-0000-0000-0000-000000000001", regel.rule)
            adresse = re.sub(r"<string:\w+>", "et-navn", adresse)
            adresse = re.sub(r"<int:\w+>", "1", adresse)
            assert "<" not in adresse, adresse
            svar = _app.test_client().open(adresse, method=metode)
            til_innlogging = svar.status_code == 302 and svar.headers["Location"].startswith("/innlogging")
            assert til_innlogging or svar.status_code == 401, f"{metode} {adresse}: {svar.status_code}"


def test_ingen_hendelse_uten_innlogget_sokkel(_app: Flask) -> None:
    """A socket that was never let in gets a refusal from every event of the registry."""
    for hendelse, funksjon in realtime.socketio.server.handlers["/"].items():
        if hendelse in ("connect", "disconnect"):
            continue
        svar = funksjon("en-sokkel-som-ikke-finnes", {"id": "00000000-0000-0000-0000-000000000001"})
        assert svar is None or (svar["ok"], svar["kode"]) == (False, "ikke_innlogget"), hendelse


# --- one transaction a use case --------------------------------------------------------------------------


def test_commit_bare_i_databasemodulen() -> None:
    for fil in KODE:
        if navn(fil) != "portal/core/db.py":
            brudd = [k for k in kall(tre(fil)) if k.endswith((".commit", ".begin_nested"))]
            assert brudd == [], navn(fil)


#: What writes: the session, a statement, the audit log, an event, a move.
SKRIVER = re.compile(
    r"(db\.session\.(add|add_all|delete|merge|flush|bulk_\w+)|sa\.(insert|update|delete)|innsett"
    r"|meld|logg|revisjon\.logg|flag_modified|\w+\.flytt_til)"
)
#: Written by the batch writer, inside its transaction; `send_melding` (@samlet) is its use case.
I_SAMLESKRIVEREN = {("henvendelser", "skriv_bunke")}


def _funksjoner(fil: Path) -> dict[str, ast.FunctionDef]:
    return {n.name: n for n in tre(fil).body if isinstance(n, ast.FunctionDef)}


def _merket(f: ast.FunctionDef, *merker: str) -> bool:
    return any(ast.unparse(d) in (merker or ("transactional", "samlet")) for d in f.decorator_list)


def _uten_uavhengig(f: ast.FunctionDef) -> ast.AST:
    """The function without what it hands to `uavhengig`, which is a transaction of its own."""

    class Fjern(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.AST:
            if ast.unparse(node.func) == "uavhengig":
                return ast.Constant(None)
            self.generic_visit(node)
            return node

    return Fjern().visit(ast.parse(ast.unparse(f)))


def _tjenester(rom: Path) -> list[Path]:
    ett = sorted((rom / "service").glob("*.py")) if (rom / "service").is_dir() else [rom / "service.py"]
    # Its steps and models are what steps and models are elsewhere; the rest are use cases and what they read.
    under = sorted((rom / "eskalering").glob("*.py")) if (rom / "eskalering").is_dir() else []
    return [*ett, *(f for f in under if f.stem not in ("steps", "models"))]


#: Where undecorated steps stand; beside steps.py, how the shifts of a roster are written.
STEG = ("steps", "skriving")


def _skrivende_steg(rom: Path, stegfil: str = "steps") -> set[str]:
    """The functions of a room's steps.py that write, by themselves or through each other."""
    fil = rom / f"{stegfil}.py"
    if not fil.exists():
        return set()
    funksjoner = _funksjoner(fil)
    skriver = {
        n for n, f in funksjoner.items() if any(SKRIVER.fullmatch(k) for k in kall(_uten_uavhengig(f)))
    }
    while nye := {
        n for n, f in funksjoner.items() if n not in skriver and skriver & set(kall(_uten_uavhengig(f)))
    }:
        skriver |= nye
    return skriver


@pytest.mark.parametrize("rom", ROM, ids=lambda r: r.name)
def test_hver_skrivende_tjeneste_er_et_brukstilfelle(rom: Path) -> None:
    """A public service function that writes, also through private ones and steps, carries @transactional.

    Whoever carries none may call use cases one after the other, but write nothing itself.
    """
    steg = {f"{fil}.{s}" for fil in STEG for s in _skrivende_steg(rom, fil)}
    sett = 0
    for fil in _tjenester(rom):
        funksjoner = _funksjoner(fil)

        def skriver(f: ast.FunctionDef, besoekt: frozenset[str], alle: dict[str, ast.FunctionDef]) -> bool:
            for k in kall(_uten_uavhengig(f)):
                if SKRIVER.fullmatch(k) or k in steg:
                    return True
                neste = alle.get(k)
                if neste is None or k in besoekt or _merket(neste):
                    continue
                if skriver(neste, besoekt | {k}, alle):
                    return True
            return False

        for f in funksjoner.values():
            if f.name.startswith("_") or (rom.name, f.name) in I_SAMLESKRIVEREN:
                continue
            sett += 1
            if not _merket(f):
                assert not skriver(f, frozenset({f.name}), funksjoner), f"{navn(fil)}: {f.name} writes"
    assert sett


def test_regelen_ser_det_den_skal_se() -> None:
    """The rule above, on functions that break it: a rule that sees nothing would be green for ever."""
    assert any(_merket(f) for f in _funksjoner(PORTAL / "henvendelser/service/flyt.py").values())
    assert {"skriv_hendelse", "bli_deltaker", "ny_versjon_av_koe", "revider_sluppet"} <= _skrivende_steg(
        PORTAL / "henvendelser"
    )
    assert "finn_identitet" not in _skrivende_steg(PORTAL / "henvendelser")
    assert "avslutt_sesjoner" in _skrivende_steg(PORTAL / "identitet")
    for linje in ("db.session.add(x)", "sa.update(X)", "meld('a')", "revisjon.logg(a)", "sak.flytt_til(h)"):
        assert any(SKRIVER.fullmatch(k) for k in kall(ast.parse(linje)))
    f = ast.parse("def f():\n    uavhengig(lambda: logg(1))").body[0]
    assert isinstance(f, ast.FunctionDef) and not list(kall(_uten_uavhengig(f)))


@pytest.mark.parametrize("rom", ROM, ids=lambda r: r.name)
def test_brukstilfeller_kaller_ikke_hverandre(rom: Path) -> None:
    """Steps are undecorated, and no use case calls another: what they share is a step."""
    for stegfil in (*(f"{s}.py" for s in STEG), "access.py", "models.py"):
        fil = rom / stegfil
        if fil.exists():
            assert not [f for f, n in _funksjoner(fil).items() if _merket(n)], navn(fil)
    alle = {n for fil in _tjenester(rom) for n, f in _funksjoner(fil).items() if _merket(f)}
    moduler = {fil.stem for fil in _tjenester(rom)}
    for fil in _tjenester(rom):
        for f in _funksjoner(fil).values():
            # @samlet is no transaction: it may call one before it hands over to the batch writer.
            if _merket(f, "transactional"):
                for k in kall(f):
                    sted, _, sist = k.rpartition(".")
                    kalt = sist in alle and (sted in moduler or (not sted and sist in _funksjoner(fil)))
                    assert not kalt, f"{navn(fil)}: {f.name} calls {k}"


def test_saker_hentes_bare_gjennom_access() -> None:
    """By its id a case is fetched in one place, where the right is asked for."""
    for fil in (PORTAL / "henvendelser").rglob("*.py"):
        if fil.name != "access.py":
            hentet = re.findall(r"session\.(?:get|get_one)\(\s*(?:Henvendelse|Hendelse)\b", fil.read_text())
            assert hentet == [], navn(fil)


def test_avtaler_hentes_bare_gjennom_access() -> None:
    """By its id an agreement, and what is said and done about it, is fetched in one place too."""
    hentes = "Avtale|Avtaleversjon|Avtalepart|Forslag|Kommentar|Godkjenning|Uenighet|Oppsigelse"
    egen_id = rf"\b({hentes})\)\s*\.where\(\s*\1\.id == \w+_id\b"
    for fil in (PORTAL / "avtaler").rglob("*.py"):
        if fil.name != "access.py":
            tekst = fil.read_text()
            funnet = re.findall(rf"session\.(?:get|get_one)\(\s*(?:{hentes})\b", tekst)
            assert [*funnet, *re.findall(egen_id, tekst)] == [], navn(fil)


# --- who knows of whom -----------------------------------------------------------------------------------

WEB = (
    "flask",
    "flask_socketio",
    "flask_login",
    "flask_smorest",
    "flask_wtf",
    "marshmallow",
    "socketio",
    "werkzeug",
)


@pytest.mark.parametrize("rom", ROM, ids=lambda r: r.name)
def test_det_indre_kjenner_ikke_nettet(rom: Path) -> None:
    indre = [
        *_tjenester(rom),
        *(rom / f for f in ("steps.py", "access.py", "models.py") if (rom / f).exists()),
    ]
    for fil in indre:
        for modul in importert(fil):
            assert modul.split(".")[0] not in WEB, f"{navn(fil)} imports {modul}"
            assert not modul.startswith(("portal.core.web", "portal.core.realtime")), f"{navn(fil)}: {modul}"


def test_core_kjenner_ingen_rom() -> None:
    rom = {r.name for r in ROM}
    for fil in (PORTAL / "core").glob("*.py"):
        kjent = {m for m in importert(fil) if m.startswith("portal.") and m.split(".")[1] in rom}
        assert kjent == set(), navn(fil)


def test_bare_en_klokke() -> None:
    """Time is aware UTC from one place, so that it can be moved; Oslo time is the templates' and the web's."""
    for fil in KODE:
        if navn(fil) == "portal/core/clock.py":
            continue
        forbudt = [
            k
            for k in kall(tre(fil))
            if k.endswith(("datetime.now", "utcnow", "date.today", "datetime.today", "utcfromtimestamp"))
            or k == "time.time"
        ]
        assert forbudt == [], navn(fil)


#: Who logs an error by itself: no job, or one that tries again at once and tells of the last try.
LOGGER_SELV = {
    *("portal/henvendelser/sockets.py", "portal/plasser/sockets.py", "portal/innsikt/service.py"),
    "portal/varsler/service/levering.py",
}


@pytest.mark.parametrize("rom", ROM, ids=lambda r: r.name)
def test_det_en_jobb_svikter_i_blir_sagt(rom: Path) -> None:
    """What fails of what a job takes one by one goes through `core.enkeltvis`: the status page tells of it."""
    for fil in sorted(rom.rglob("*.py")):
        if navn(fil) not in LOGGER_SELV:
            assert not [k for k in kall(tre(fil)) if k.endswith("logg.exception")], navn(fil)


# --- the rooms' furniture --------------------------------------------------------------------------------

#: DESIGN's table, ADR 3 (words, demo, pure rules) and the web side of the login.
MOEBLER = {
    *("__init__.py", "models.py", "access.py", "service.py", "steps.py", "schemas.py"),
    *("routes.py", "api.py", "sockets.py", "ord.py", "demo.py"),
}
RENE_REGLER = {
    "beredskap": {"brev.py"},
    "avtaler": {
        *("forloep.py", "innhold.py", "utskrivning.py", "livsmodeller.py", "plikter.py"),
        *("livsloep.py", "beskjeder.py", "godkjenninger.py", "ikraft.py"),
        *("oppslag.py", "punkter.py", "soek.py", "tekst.py", "vern.py", "demotekster.py"),
        *("eksport.py", "dokument.py", "typstfil.py", "docxfil.py"),
        *(
            "docxlesing.py",
            "docxprosess.py",
            "filinn.py",
            "klausulfunn.py",
            "maler.py",
            "ooxml.py",
            "ordnummer.py",
        ),
        "ordforskjell.py",
    },
    "henvendelser": {
        *("news2.py", "forloep.py", "utskrivningsregler.py"),
        *("vedleggsvask.py", "vedleggslager.py", "virusskanner.py", "journaltekst.py", "plassbehov.py"),
    },
    "identitet": {
        *("fagomraader.py", "passord.py", "sperre.py", "registerfil.py", "registerplan.py"),
        *("kontroll.py", "innlogging.py", "totrinn.py", "brev.py", "roller.py", "folkefil.py"),
        *("mottakere.py", "vakttap.py", "etterfoelgere.py", "sesjonsbruk.py", "bretting.py"),
    },
    "omdisponering": {
        *("behovsregler.py", "beskjeder.py", "forloep.py", "kontroll.py", "regler.py"),
        *("oppfoelgingsmodeller.py", "reserveregister.py", "ressursmodeller.py"),
        *("register.py", "ressursdata.py", "ressursfil.py"),
        *("brevfil.py", "kalenderfil.py", "tidslinjegrunnlag.py", "tidslinjeregler.py"),
        *("felter.py", "flytskjemaer.py", "gang.py", "roert.py", "tilbudsrest.py", "virkning.py"),
        *("tilordning.py", "loesning.py"),
    },
    "plasser": {
        *("behovstall.py", "demohistorikk.py"),
        *("avstand.py", "doegn.py", "forloep.py", "historikk.py", "hold.py", "holdvarsel.py"),
        *("historikkregler.py", "rapporttall.py"),
        *("plassnavn.py", "rettelser.py", "rimelighet.py", "tilstandsfil.py"),
        *("fritekst.py", "kartutsnitt.py", "sammendrag.py", "soek.py", "tavlelager.py"),
    },
    "vakt": {
        *("brev.py", "dekningsregler.py", "dobbelt.py", "erstatning.py", "icalfil.py", "icallinjer.py"),
        *("skriving.py", "tidsord.py", "turnus.py", "bevis.py"),
    },
    "varsler": {"port.py", "post.py", "push.py", "valg.py"},
}


@pytest.mark.parametrize("rom", ROM, ids=lambda r: r.name)
def test_rommene_er_moeblert_likt(rom: Path) -> None:
    filer = {f.name for f in rom.glob("*.py")}
    assert filer <= MOEBLER | RENE_REGLER.get(rom.name, set())
    assert not ((rom / "service").is_dir() and (rom / "service.py").exists())


def test_filene_er_korte_og_sier_hva_de_er() -> None:
    for fil in [*KODE, *MALER, *FRONTEND, *sorted((ROT / "tests").rglob("*.py"))]:
        tekst = fil.read_text()
        assert len(tekst.splitlines()) < 600, navn(fil)
        if fil.suffix == ".py" and fil.name == "__init__.py":
            assert tekst == "", navn(fil)
        elif fil.suffix == ".py":
            assert ast.get_docstring(tre(fil)), f"{navn(fil)} does not say what it is"
        assert not re.search(r"\b(TODO|FIXME|XXX)\b", tekst) or fil == Path(__file__), navn(fil)


# --- the face --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mal", MALER, ids=navn)
def test_malene_holder_seg_til_csp(mal: Path) -> None:
    """No inline script, style or handler; nothing from elsewhere; nothing that turns text into markup."""
    tekst = re.sub(r"\{#.*?#\}", "", mal.read_text(), flags=re.S)
    assert not re.search(r"<style\b", tekst, re.I)
    assert not re.search(r"<[^>]*\sstyle\s*=", tekst, re.I)
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", tekst, re.I)
    assert not re.search(r"(href|src|action)\s*=\s*[\"']\s*(javascript|data):", tekst, re.I)
    assert not re.search(r"(src|action|srcset)\s*=\s*[\"'](https?:)?//", tekst, re.I)
    for skript in re.findall(r"<script\b[^>]*>(.*?)</script>", tekst, re.S | re.I):
        assert not skript.strip()
    assert not re.search(r"\|\s*safe\b", tekst)
    assert "autoescape false" not in tekst


@pytest.mark.parametrize("mal", MALER, ids=navn)
def test_hvert_skjema_har_csrf(mal: Path) -> None:
    tekst = mal.read_text()
    for skjema in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", tekst, re.S | re.I):
        assert "csrf" in skjema, f"{navn(mal)}: {skjema[:80]}"


def test_tekst_blir_ikke_markering() -> None:
    """Markup is made in one place, by a format that escapes what goes into it; and where Markdown is cleaned."""
    for fil in KODE:
        brukt = re.findall(r"\bMarkup\(", fil.read_text())
        assert not brukt or navn(fil) in ("portal/core/web.py", "portal/avtaler/tekst.py"), navn(fil)
    for uttrykk in re.findall(r"Markup\((.*?)\)", (PORTAL / "core/web.py").read_text()):
        assert uttrykk.startswith(('"', "'")), uttrykk
    for fil in FRONTEND:
        kode = fil.read_text()
        assert not re.search(r"\.(inner|outer)HTML\s*=[^=]|insertAdjacentHTML|document\.write", kode), navn(
            fil
        )
        assert not re.search(r"\beval\(|new Function\(|setTimeout\(\s*['\"]", kode), navn(fil)


def test_ingenting_klinisk_i_nettleserens_lager() -> None:
    """Unsent text stays in memory: a shared computer keeps what a browser stores."""
    for fil in FRONTEND:
        assert not re.search(r"localStorage|sessionStorage|indexedDB|caches\.open", fil.read_text()), navn(
            fil
        )


# --- languages -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tekster() -> set[str | tuple[str, ...]]:
    """Every text of the portal, as the code and the templates have it now."""
    ord_ = [o for k in KEYWORDS for o in ("-k", k)]
    with tempfile.TemporaryDirectory() as mappe:
        mal = Path(mappe) / "messages.pot"
        pybabel("extract", "-F", "babel.cfg", *ord_, "-o", mal, ".")
        with mal.open("rb") as f:
            return {m.id for m in read_po(f) if m.id}


@pytest.mark.parametrize("spraak", LANGUAGES)
def test_oversettelsene_er_fullstendige(spraak: str, tekster: set[str | tuple[str, ...]]) -> None:
    fil = FOLDER / spraak / "LC_MESSAGES" / "messages.po"
    assert missing(fil) == []
    with fil.open("rb") as f:
        katalog = {m.id: m for m in read_po(f, locale=spraak) if m.id}
    assert sorted(map(str, tekster - set(katalog))) == [], "run make translations"
    assert sorted(map(str, set(katalog) - tekster)) == [], "texts that no longer exist"
    for id_, melding in katalog.items():
        fra = [id_] if isinstance(id_, str) else list(id_)
        til = [melding.string] if isinstance(melding.string, str) else list(melding.string or ())
        plasser = set(re.findall(r"%\(\w+\)[sd]|\{\w*\}", " ".join(fra)))
        for tekst in til:
            assert set(re.findall(r"%\(\w+\)[sd]|\{\w*\}", tekst)) <= plasser, f"{spraak}: {id_}"
        assert set(re.findall(r"%\(\w+\)[sd]|\{\w*\}", " ".join(til))) == plasser, f"{spraak}: {id_}"


def test_tekstene_leses_fra_alle_rom() -> None:
    oppsett = configparser.ConfigParser()
    oppsett.read(ROT / "babel.cfg")
    assert {"python: portal/**.py", "jinja2: templates/**.html"} <= set(oppsett.sections())


# --- words and codes -------------------------------------------------------------------------------------


def test_hver_kode_har_ord_og_en_sjekk(_app: Flask) -> None:
    """A new status without a word would be shown as its code; without a CHECK any text would be a status."""
    alle = {
        v
        for modul in MODULER
        for v in vars(modul).values()
        if isinstance(v, type) and issubclass(v, StrEnum) and v is not StrEnum
    }
    assert alle | {Situasjon} == set(KODER) | INDRE
    for enum, (gruppe, kolonner) in KODER.items():
        for kode in enum:
            if gruppe:
                with _app.test_request_context():
                    ord_ = web.etikett(gruppe, kode)
                assert ord_ and ord_ != kode.value, f"{gruppe}: {kode}"
        for kolonne in kolonner:
            tabell, _, felt = kolonne.partition(".")
            sjekker = [
                str(c.sqltext)
                for c in Base.metadata.tables[tabell].constraints
                if isinstance(c, sa.CheckConstraint) and re.search(rf"(?<!\w){felt} IN \(", str(c.sqltext))
            ]
            assert len(sjekker) == 1, kolonne
            assert set(re.findall(r"'([^']*)'", sjekker[0])) == {k.value for k in enum}, kolonne


def test_alle_tabeller_har_utc_og_uuid() -> None:
    """Times are aware UTC on both databases, identifiers UUID: never a counter that tells how many there are."""
    from portal.core.db import UtcTid

    for tabell in Base.metadata.sorted_tables:
        for kolonne in tabell.columns:
            if isinstance(kolonne.type, sa.DateTime):
                raise AssertionError(f"{tabell.name}.{kolonne.name} is no UtcTid")
            if isinstance(kolonne.type, UtcTid):
                assert kolonne.type.impl.timezone  # type: ignore[attr-defined]
            assert kolonne.autoincrement in ("auto", False), f"{tabell.name}.{kolonne.name}"
        heltall = [c for c in tabell.primary_key if isinstance(c.type, sa.Integer) and not c.foreign_keys]
        assert not [c for c in heltall if c.autoincrement is not False], tabell.name


def _underklasser(klasse: type) -> set[type]:
    return {k for u in klasse.__subclasses__() for k in {u, *_underklasser(u)}}


def test_ukjente_felt_avvises_av_hvert_skjema() -> None:
    vaare = [k for k in _underklasser(Schema) if k.__module__.startswith("portal.")]
    assert len(vaare) > 15
    for klasse in vaare:
        assert klasse.Meta.unknown == RAISE, klasse  # type: ignore[attr-defined]


def test_hver_feil_har_kode_og_et_raad(_app: Flask) -> None:
    with _app.test_request_context():
        for klasse in _underklasser(PortalError):
            if klasse.__module__.startswith("portal."):
                feil = klasse()
                assert re.fullmatch(r"[a-z_]+", feil.kode) and 400 <= feil.status < 500
                assert len(feil.melding) > 10 and feil.melding.endswith(".")


# --- settings --------------------------------------------------------------------------------------------


def test_oppsettstabellen_er_den_koden_leser() -> None:
    kode = (PORTAL / "core" / "config.py").read_text()
    lest = set(re.findall(r"env\.\w+\(\s*\"(PORTAL_\w+)\"", kode))
    readme = (ROT / "README.md").read_text()
    tabell = {n for rad in readme.splitlines() if rad.startswith("| `PORTAL_") for n in _navnene(rad)}
    assert tabell == lest
    assert len(lest) > 10
    # What others read of it, the production's configuration among them, is told somewhere.
    for fil in (ROT / "gunicorn.conf.py", ROT / "app.py"):
        for n in re.findall(r"PORTAL_\w+", fil.read_text()):
            assert n in readme, f"{fil.name} reads {n}"
    for fil in KODE:
        if fil.name != "config.py":
            assert not re.search(r"os\.environ|os\.getenv|\bEnv\(", fil.read_text()), navn(fil)


def _navnene(rad: str) -> list[str]:
    return re.findall(r"`(PORTAL_\w+)`", rad.split("|")[1])
