"""What the tests of what leaves the portal share: what stands in a PDF, whether data has a shape, and an agreement with
everything in it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pikepdf

from portal.avtaler import eksport, steps
from portal.avtaler.forloep import Art, Status

DAG = date(2026, 11, 22)
NAA = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

MARKDOWN = """Fastlegen **ringer** vakthavende *før* innleggelse, se [rutinen](https://example.no/rutine).
Ny linje.

# Overskrift i teksten

- Punkt en
  1. Underpunkt
- Punkt ~~to~~

7. Sjuende

> Sitat

| Hva | Når |
|---|---|
| Varsel | 24 timer |

`kode`

<script>alert(1)</script> [farlig](javascript:alert(1))
"""
#: Clauses as `lag_bestemmelse` takes them: one of each list, and one with nothing but its heading.
ALT: list[dict[str, Any]] = [
    {"overskrift": "Formål", "tekst": MARKDOWN, "art": Art.ANNET, "punkt": 1},
    {
        "overskrift": "Innleggelse på toppen",
        "punkt": 3,
        "faser": 0b11000,
        "fagomraader": ["geriatri"],
        "kriterier": [
            {"kriterium": "NEWS2 over 6", "hvem": "Legevaktlegen", "frist": "Straks"},
            {"kriterium": "Sepsis"},
        ],
        "matrise": [
            {"oppgave": "Transport", "foretak": "A", "kommune": "K"},
            {"oppgave": "Samtale", "kommune": "U"},
        ],
        "forpliktelser": [
            {
                "tekst": "Samarbeidsmøte",
                "hyppighet": "halvaarlig",
                "frist": "1. juni",
                "sider": ["foretak", "kommune"],
            }
        ],
        "tiltak": [{"navn": "Ambulant team", "ansvarsforhold": "Foretaket leder", "finansiering": "Likt"}],
    },
    {
        "overskrift": "Utskrivning til Kárášjohka",
        "nummer": "2.1",
        "tekst": "Čáppa Đŋ ŧž.",
        "art": Art.UTSKRIVNING,
        "punkt": 5,
        "faser": 0b10000,
        "trinn": ["varsel", "betaling"],
    },
    {"overskrift": "Tom", "tekst": "", "nummer": "", "art": Art.ANNET},
]


def org(navn: str, type_: str = "kommune", alternativ: str = "") -> SimpleNamespace:
    felt: dict[str, Any] = {"kode": "5610", "organisasjonsnummer": None}
    return SimpleNamespace(
        id=uuid4(), navn=navn, kortnavn=navn, navn_alternativ=alternativ, type=type_, **felt
    )


def klausul(**felt: Any) -> SimpleNamespace:
    return SimpleNamespace(noekkel=uuid4(), **{**steps.TOM, "overskrift": "Innleggelse", **felt})


def som_json(
    klausuler: list[SimpleNamespace] | None = None,
    *,
    status: str = Status.UTKAST,
    fra: date | None = None,
    til: date | None = None,
    maalform: str = "nb",
    godkjenninger: list[SimpleNamespace] | None = None,
    **felt: Any,
) -> dict[str, Any]:
    hf, kommune = org("Finnmarkssykehuset HF", "hf"), org("Karasjok kommune", alternativ="Kárášjoga gielda")
    return eksport.som_json(
        SimpleNamespace(
            id=uuid4(),
            type="tjenesteavtale",
            nummer="3",
            tittel="Innleggelse",
            maalform=maalform,
            eier=hf,
            neste_gjennomgang=None,
        ),
        SimpleNamespace(
            **{
                "nummer": 2,
                "tittel": "Innleggelse og utskrivning",
                "status": status,
                "opprettet": NAA,
                "sendt_til_forhandling": None,
                "sendt_til_godkjenning": None,
                "oensket_fra": None,
                "i_kraft_fra": fra,
                "i_kraft_til": til,
                "medvirkning": "Brukerutvalget.\n\nPårørende.",
                "notat": "",
                "innhold_hash": "",
                **felt,
            }
        ),
        [klausul(**k) for k in ALT] if klausuler is None else klausuler,
        [
            SimpleNamespace(organisasjon=o, side=side, status="deltar", fra=fra, til=None)
            for o, side in ((hf, "foretak"), (kommune, "kommune"))
        ],
        godkjenninger or [],
        tidspunkt=NAA,
        dag=DAG,
        av="Marit Sørbø",
    )


def skrift(pdf: bytes) -> str:
    """What stands in a PDF, a line a piece, by the fonts' own tables from glyphs to letters."""
    return "\n".join(sider(pdf))


def sider(pdf: bytes) -> list[str]:
    """The same, page by page."""
    with pikepdf.open(BytesIO(pdf)) as dok:
        return [_side(side) for side in dok.pages]


def _side(side: pikepdf.Page) -> str:
    tekst: list[str] = []
    tabeller = {
        navn: _tabell(font.ToUnicode.read_bytes().decode("latin-1"))
        for navn, font in side.Resources.Font.items()
    }
    naa: dict[int, str] = {}
    for operander, operator in pikepdf.parse_content_stream(side):
        if str(operator) == "Tf":
            naa = tabeller[str(operander[0])]
        elif str(operator) in ("Tj", "TJ"):
            for bit in operander[0] if str(operator) == "TJ" else [operander[0]]:
                if isinstance(bit, pikepdf.String):
                    raa = bytes(bit)
                    tekst += [naa.get(int.from_bytes(raa[i : i + 2]), "?") for i in range(0, len(raa), 2)]
        elif str(operator) == "ET":
            tekst.append("\n")
    return "".join(tekst)


def _tabell(cmap: str) -> dict[int, str]:
    ut = {}
    for bolk in re.findall(r"beginbfchar(.*?)endbfchar", cmap, re.S):
        for fra, til in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", bolk):
            ut[int(fra, 16)] = bytes.fromhex(til).decode("utf-16-be")
    return ut


def merker(pdf: bytes) -> list[str]:
    """The tags of a PDF's structure, in the order of reading."""
    ut: list[str] = []

    def gaa(node: Any) -> None:
        if isinstance(node, pikepdf.Dictionary) and "/S" in node:
            ut.append(str(node.S).lstrip("/"))
        if isinstance(node, pikepdf.Dictionary) and "/K" in node:
            barn = node.K
            for b in barn if isinstance(barn, pikepdf.Array) else [barn]:
                gaa(b)

    with pikepdf.open(BytesIO(pdf)) as dok:
        gaa(dok.Root.StructTreeRoot)
    return ut


def avvik(verdi: Any, skjema: dict[str, Any], sted: str = "$") -> list[str]:
    """Where data is not as its shape says: the part of JSON Schema that `eksport` and `api` use, and nothing left out
    or added."""
    if verdi is None:
        return [] if skjema.get("nullable") else [f"{sted}: null"]
    typer = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
    type_ = typer[skjema["type"]]
    if not isinstance(verdi, type_) or (type_ is int and isinstance(verdi, bool)):
        return [f"{sted}: {type(verdi).__name__} er ikke {skjema['type']}"]
    ut = []
    if "enum" in skjema and verdi not in skjema["enum"]:
        ut.append(f"{sted}: {verdi!r} står ikke i lista")
    if type_ is int and not skjema.get("minimum", verdi) <= verdi <= skjema.get("maximum", verdi):
        ut.append(f"{sted}: {verdi!r} er utenfor")
    if "format" in skjema:
        les = {"uuid": UUID, "date": date.fromisoformat, "date-time": datetime.fromisoformat}[
            skjema["format"]
        ]
        try:
            les(verdi)
        except ValueError:
            ut.append(f"{sted}: {verdi!r} er ikke {skjema['format']}")
    if type_ is list:
        ut += [a for nr, v in enumerate(verdi) for a in avvik(v, skjema["items"], f"{sted}[{nr}]")]
    if type_ is dict:
        ut += [f"{sted}.{f} mangler" for f in skjema["required"] if f not in verdi]
        ut += [f"{sted}.{f} er ukjent" for f in verdi if f not in skjema["properties"]]
        ut += [
            a
            for f, v in verdi.items()
            if f in skjema["properties"]
            for a in avvik(v, skjema["properties"][f], f"{sted}.{f}")
        ]
    return ut
