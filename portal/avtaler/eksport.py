"""An agreement in one of its versions as plain data: the one shape in which it leaves the portal, and comes back.

Pure rules: rows come in, JSON goes out; the PDF and the DOCX are made from the same data. The shape is described by
`SKJEMA` (which the OpenAPI document shows) and marked with its name and number. A field that comes to it changes
nothing for who reads it; one that goes, or means something else, gives it the next number.

Days are ISO 8601 and Oslo's, moments ISO 8601 in UTC. Every `til` is exclusive: the first day on which it does not
hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from portal.avtaler import innhold
from portal.avtaler.forloep import Art, Avtaletype, Partstatus, Side, Status
from portal.avtaler.utskrivning import TRINN

#: What marks a file as one of ours, and the number of its shape.
FORMAT, FORMATVERSJON = "samhandlingsportalen/avtale", 1

Dokument = dict[str, Any]


# --- out -------------------------------------------------------------------------------------------------


def som_json(
    avtale: Any,
    versjon: Any,
    bestemmelser: Iterable[Any],
    parter: Iterable[Any],
    godkjenninger: Iterable[Any],
    overordnet: Any = None,
    *,
    tidspunkt: datetime,
    dag: date,
    av: str,
    merknader: bool = True,
) -> Dokument:
    """Everything of a version, as `SKJEMA` describes it.

    Rows of `models.py`, or anything with the same names, in the order in which they are to be read; which of them the
    reader may see is the caller's to say. `dag` is today in Oslo; `av` who took it out, and `tidspunkt` when. Without
    `merknader` the remarks that came with the approvals are left out.
    """
    klausuler = [klausul_ut(b) for b in bestemmelser]
    return {
        "format": {"navn": FORMAT, "versjon": FORMATVERSJON},
        "hentet": {"tidspunkt": _tid(tidspunkt), "av": av},
        "avtale": {
            "id": str(avtale.id),
            "type": str(avtale.type),
            "nummer": avtale.nummer,
            "tittel": avtale.tittel,
            "maalform": avtale.maalform,
            "eier": _organisasjon(avtale.eier),
            "overordnet": overordnet
            and {
                "id": str(overordnet.id),
                "nummer": overordnet.nummer,
                "tittel": overordnet.tittel,
            },
            "neste_gjennomgang": _dag(avtale.neste_gjennomgang),
        },
        "versjon": {
            "nummer": versjon.nummer,
            "tittel": versjon.tittel or avtale.tittel,
            "status": str(versjon.status),
            "gjelder": gjelder(versjon.i_kraft_fra, versjon.i_kraft_til, dag),
            "opprettet": _tid(versjon.opprettet),
            "sendt_til_forhandling": _tid(versjon.sendt_til_forhandling),
            "sendt_til_godkjenning": _tid(versjon.sendt_til_godkjenning),
            "oensket_fra": _dag(versjon.oensket_fra),
            "i_kraft_fra": _dag(versjon.i_kraft_fra),
            "i_kraft_til": _dag(versjon.i_kraft_til),
            "medvirkning": versjon.medvirkning,
            "notat": versjon.notat,
            # Frozen when it was sent; of one that is being written, as it reads in this very file.
            "innhold_hash": versjon.innhold_hash
            or innholdshash(versjon.tittel, versjon.medvirkning, klausuler),
        },
        "parter": [
            {
                "organisasjon": _organisasjon(p.organisasjon),
                "side": str(p.side),
                "status": str(p.status),
                "fra": _dag(p.fra),
                "til": _dag(p.til),
            }
            for p in parter
        ],
        "bestemmelser": klausuler,
        "godkjenninger": [
            {
                "organisasjon": _organisasjon(g.organisasjon),
                "plass": g.plass,
                "ledd": g.navn,
                "krever_vedtak": g.krever_vedtak,
                "gitt": _tid(g.gitt),
                "gitt_av": g.gitt_av.navn if g.gitt_av else None,
                "saksnummer": g.saksnummer,
                "vedtaksdato": _dag(g.vedtaksdato),
                "innhold_hash": g.innhold_hash,
                "merknad": g.merknad if merknader else "",
                "sendt_tilbake": _tid(g.avvist),
                "opphevet": _tid(g.opphevet),
            }
            for g in godkjenninger
        ],
    }


def klausul_ut(bestemmelse: Any) -> dict[str, Any]:
    """A clause: the fields of `innhold.FELT`, its phases as numbers, and which clause it is through the versions."""
    data = innhold.som_data(bestemmelse)
    return {
        "noekkel": str(bestemmelse.noekkel),
        **data,
        "faser": innhold.faser(data["faser"]),
        "hash": innhold.innholdshash(data),
    }


def gjelder(fra: date | None, til: date | None, dag: date) -> bool:
    """Whether [fra, til) holds on a day: read from the dates alone, as everywhere."""
    return fra is not None and fra <= dag and (til is None or til > dag)


def _organisasjon(o: Any) -> dict[str, Any]:
    return {
        "id": str(o.id),
        "navn": o.navn,
        "kortnavn": o.kortnavn,
        "navn_alternativ": o.navn_alternativ,
        "type": str(o.type),
        "kode": o.kode,
        "organisasjonsnummer": o.organisasjonsnummer,
    }


def _dag(dag: date | None) -> str | None:
    return dag.isoformat() if dag else None


def _tid(tid: datetime | None) -> str | None:
    return tid.astimezone(UTC).isoformat() if tid else None


# --- back in ---------------------------------------------------------------------------------------------


def er_vaart(dok: Any) -> bool:
    """Whether what was read from a file says that it is of this shape, and of a number that we can read."""
    merke = dok.get("format") if isinstance(dok, Mapping) else None
    if not isinstance(merke, Mapping):
        return False
    nummer = merke.get("versjon")
    if merke.get("navn") != FORMAT or not isinstance(nummer, int) or isinstance(nummer, bool):
        return False
    return 1 <= nummer <= FORMATVERSJON


def klausul_inn(klausul: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a clause of a file, with the fields of `innhold.FELT` that it has.

    Its phases as bits; what has the wrong shape goes through, for `innhold.feil` to tell of. What is not content
    (`noekkel`, `hash`, and fields of later numbers) is left out.
    """
    data = {felt: klausul[felt] for felt in innhold.FELT if felt in klausul}
    numre = data.get("faser")
    if isinstance(numre, list):
        riktige = all(isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= 5 for n in numre)
        data["faser"] = innhold.fasebits(numre) if riktige else 0
    return data


def innholdshash(tittel: str, medvirkning: str, klausuler: Sequence[Mapping[str, Any]]) -> str:
    """The hash of what is approved (`innhold.versjonshash`), from the clauses as they stand in a file."""
    return innhold.versjonshash(
        tittel, medvirkning, [{"noekkel": k["noekkel"], **klausul_inn(k)} for k in klausuler]
    )


# --- the shape -------------------------------------------------------------------------------------------

_TEKST: dict[str, Any] = {"type": "string"}
_TALL: dict[str, Any] = {"type": "integer"}
_JANEI: dict[str, Any] = {"type": "boolean"}
_ID = {"type": "string", "format": "uuid"}
_DAG = {"type": "string", "format": "date", "nullable": True}
_TID = {"type": "string", "format": "date-time", "nullable": True}
_HASH = {"type": "string", "description": "SHA-256, hexadecimal"}


def _kode(verdier: Iterable[Any], om: str = "") -> dict[str, Any]:
    return {"type": "string", "enum": [str(v) for v in verdier], **({"description": om} if om else {})}


def _liste(av: Mapping[str, Any], om: str = "") -> dict[str, Any]:
    return {"type": "array", "items": dict(av), **({"description": om} if om else {})}


def _objekt(om: str = "", /, *, kan_mangle: bool = False, **felt: Any) -> dict[str, Any]:
    ut: dict[str, Any] = {"type": "object", "required": list(felt), "properties": felt}
    if om:
        ut["description"] = om
    if kan_mangle:
        ut["nullable"] = True
    return ut


def _rader(navn: str, **egne: Any) -> dict[str, Any]:
    """A list of a clause: its first field is always there, the others may be left out or empty."""
    foerste, *andre = innhold.LISTER[navn]
    felt = {foerste: _TEKST} | {f: egne.get(f, {**_TEKST, "nullable": True}) for f in andre}
    return _liste({"type": "object", "required": [foerste], "properties": felt})


_ORG = _objekt(
    "An organisation; `kode` is the kommunenummer (or fylkesnummer), `navn_alternativ` its Sámi and Kven names",
    id=_ID,
    navn=_TEKST,
    kortnavn=_TEKST,
    navn_alternativ=_TEKST,
    type=_TEKST,
    kode={**_TEKST, "nullable": True},
    organisasjonsnummer={**_TEKST, "nullable": True},
)
_ANSVAR = {
    **_kode((*innhold.ANSVAR, ""), "A ansvarlig, U utfører, K konsulteres, I informeres"),
    "nullable": True,
}
KLAUSULSKJEMA = _objekt(
    "A clause. `noekkel` is the clause through all versions; `hash` is of its content",
    noekkel=_ID,
    nummer={**_TEKST, "maxLength": innhold.LENGDE["nummer"]},
    overskrift={**_TEKST, "maxLength": innhold.LENGDE["overskrift"]},
    tekst={**_TEKST, "maxLength": innhold.LENGDE["tekst"], "description": "Markdown"},
    art=_kode(Art),
    punkt={
        "type": "integer",
        "minimum": 1,
        "maximum": 13,
        "nullable": True,
        "description": "The item of helse- og omsorgstjenesteloven § 6-2 that it answers",
    },
    faser=_liste({**_TALL, "minimum": 1, "maximum": 5}, "The epidemic phases it holds in"),
    fagomraader=_liste(_TEKST, "The fagområder it is about; empty: all"),
    kriterier=_rader("kriterier"),
    matrise=_rader("matrise", foretak=_ANSVAR, kommune=_ANSVAR),
    forpliktelser=_rader("forpliktelser", hyppighet=_kode(innhold.HYPPIGHET), sider=_liste(_kode(Side))),
    tiltak=_rader("tiltak"),
    trinn=_liste(_kode(TRINN), "The steps of the utskrivningsforskrift that it settles"),
    hash=_HASH,
)
#: The file, as OpenAPI 3.0 describes it.
SKJEMA = _objekt(
    "An agreement in one version. Every `til` is exclusive",
    format=_objekt("The mark of the shape", navn=_kode([FORMAT]), versjon={**_TALL, "enum": [FORMATVERSJON]}),
    hentet=_objekt("When it was taken out, and by whom", tidspunkt=_TID, av=_TEKST),
    avtale=_objekt(
        id=_ID,
        type=_kode(Avtaletype),
        nummer=_TEKST,
        tittel=_TEKST,
        maalform=_kode(("nb", "nn")),
        eier=_ORG,
        overordnet=_objekt(
            "What it hangs on, where the reader sees it",
            kan_mangle=True,
            id=_ID,
            nummer=_TEKST,
            tittel=_TEKST,
        ),
        neste_gjennomgang=_DAG,
    ),
    versjon=_objekt(
        nummer=_TALL,
        tittel=_TEKST,
        status=_kode(Status),
        gjelder={**_JANEI, "description": "It holds on the day it was taken out, read from its dates"},
        opprettet=_TID,
        sendt_til_forhandling=_TID,
        sendt_til_godkjenning=_TID,
        oensket_fra=_DAG,
        i_kraft_fra=_DAG,
        i_kraft_til=_DAG,
        medvirkning=_TEKST,
        notat=_TEKST,
        innhold_hash={**_HASH, "description": "SHA-256 of what is approved: title, medvirkning, clauses"},
    ),
    parter=_liste(_objekt(organisasjon=_ORG, side=_kode(Side), status=_kode(Partstatus), fra=_DAG, til=_DAG)),
    bestemmelser=_liste(KLAUSULSKJEMA, "In the order of the agreement"),
    godkjenninger=_liste(
        _objekt(
            "A link of a party's chain; `innhold_hash` is of the content it was given for",
            organisasjon=_ORG,
            plass=_TALL,
            ledd=_TEKST,
            krever_vedtak=_JANEI,
            gitt=_TID,
            gitt_av={**_TEKST, "nullable": True},
            saksnummer=_TEKST,
            vedtaksdato=_DAG,
            innhold_hash=_HASH,
            merknad=_TEKST,
            sendt_tilbake=_TID,
            opphevet=_TID,
        )
    ),
)
