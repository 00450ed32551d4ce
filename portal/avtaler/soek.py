"""Full-text search in Norwegian: the words of a clause as stems, a query as each database asks it, and what was found
shown with its words marked.

PostgreSQL stems by itself (`bestemmelse.ord`, kept by the database). On SQLite the stems are written here, by the same
Snowball rules, to the table `bestemmelse_fts`: whoever writes a clause calls `indekser` in the same transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from portal.core.db import db

#: Around a word that was found, in a text that is not yet escaped: signs that no language uses.
MERK_FRA, MERK_TIL = "\ue000", "\ue001"
#: Words longer than this are no words.
LENGSTE_ORD = 60
#: Signs of a text that are looked through for words to show, and signs in one piece of it.
LETES, UTDRAG = 6_000, 260
#: A query's longest, and its most words: nobody means more.
LENGSTE_SPOERSMAAL, FLEST_ORD = 200, 16

_ORD = re.compile(r"\w+", re.UNICODE)
#: Signs of Markdown that only disturb in a piece of text.
_MARKDOWN = re.compile(r"[*_`#|~]+|\[(?P<ord>[^\]]*)\]\([^)]*\)|^[ \t]*[-+>] ", re.MULTILINE)
_LEDD = re.compile(r'(?P<ikke>-)?(?:"(?P<frase>[^"]*)"?|(?P<ord>[^\s"]+))')
#: The words that carry no meaning alone, as PostgreSQL's Norwegian dictionary leaves them out.
_STOPPORD = (
    "og i jeg det at en et den til er som på de med han av ikke der så var meg seg men ett har om vi min mitt ha hadde "
    "hun nå over da ved fra du ut sin dem oss opp man kan hans hvor eller hva skal selv sjøl her alle vil bli ble "
    "blitt kunne inn når være kom noen noe ville dere som deres kun ja etter ned skulle denne for deg si sine sitt "
    "mot å meget hvorfor dette disse uten hvordan ingen din ditt blir samme hvilken hvilke sånn inni mellom vår hver "
    "hvem vors hvis både bare enn fordi før mange også slik vært begge siden henne hennar hennes ein eit eg dei "
    "ikkje me vere vore kva kvar korleis kven sjå til vår er"
)
STOPPORD = frozenset(_STOPPORD.split())


@lru_cache(maxsize=20_000)
def stamme(ord_: str) -> str:
    """A word's stem: «innleggelsene» → «innlegg»."""
    return str(_stemmer().stemWord(ord_.casefold()))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("norwegian")


def stammer(tekst: str) -> list[str]:
    """The stems of a text in their order, without the words that mean nothing alone."""
    return [
        stamme(o)
        for o in (m[0] for m in _ORD.finditer(tekst))
        if len(o) <= LENGSTE_ORD and o.casefold() not in STOPPORD
    ]


# --- the index on SQLite ---------------------------------------------------------------------------------


def indekser(bestemmelser: Iterable[Any]) -> None:
    """Writes what can be searched for in these clauses (rows of `Bestemmelse`), in the caller's transaction.

    On PostgreSQL there is nothing to do. Who has gone from the table is taken out of the index by the database.
    """
    if db.engine.dialect.name != "sqlite":
        return
    for b in bestemmelser:
        db.session.execute(
            sa.text("DELETE FROM bestemmelse_fts WHERE bestemmelse_id = :id"), {"id": b.id.hex}
        )
        db.session.execute(
            sa.text("INSERT INTO bestemmelse_fts (bestemmelse_id, stammer) VALUES (:id, :stammer)"),
            {"id": b.id.hex, "stammer": " ".join(stammer(_alt(b)))},
        )


def _alt(b: Any) -> str:
    """What of a clause is searched: heading, text, and what its criteria say."""
    kriterier = (str(v) for k in b.kriterier or () for v in k.values())
    return "\n".join([b.overskrift, b.tekst, *kriterier])


# --- a query ---------------------------------------------------------------------------------------------


def har_ord(spoersmaal: str) -> bool:
    """Whether there is anything to search for: a word that means something and is not taken away with «-»."""
    return bool(som_fts5(spoersmaal))


def som_fts5(spoersmaal: str) -> str:
    """The query as FTS5 asks it, the way `websearch_to_tsquery` reads it: words are all wanted, «"a b"» beside each
    other, «-a» not, and «or» (or «eller») is one of them. Empty: there is nothing to search for."""
    grupper: list[list[str]] = [[]]
    ikke: list[str] = []
    for m in _ledd(spoersmaal):
        if m["ord"] and m["ord"].casefold() in ("or", "eller") and not m["ikke"]:
            grupper.append([])
            continue
        funnet = _stammer_i(m)
        if funnet:
            # Each stem is letters and digits alone, and in quotes: nothing of it is FTS5's own language.
            uttrykk = '"' + " ".join(funnet) + '"'
            (ikke if m["ikke"] else grupper[-1]).append(uttrykk)
    vil = " OR ".join(f"({' AND '.join(g)})" for g in grupper if g)
    if not vil:
        return ""
    return f"({vil}) NOT ({' OR '.join(ikke)})" if ikke else vil


def som_websearch(spoersmaal: str) -> str:
    """The query for `websearch_to_tsquery`, which knows «or» and not «eller», and takes no NUL."""
    tekst = spoersmaal[:LENGSTE_SPOERSMAAL].replace("\x00", " ")
    return re.sub(r'(?i)\beller\b(?=(?:[^"]*"[^"]*")*[^"]*$)', "or", tekst)


def _ledd(spoersmaal: str) -> list[re.Match[str]]:
    return list(_LEDD.finditer(spoersmaal[:LENGSTE_SPOERSMAAL]))[:FLEST_ORD]


def _stammer_i(ledd: re.Match[str]) -> list[str]:
    return stammer(ledd["frase"] if ledd["frase"] is not None else ledd["ord"] or "")


# --- what was found --------------------------------------------------------------------------------------


def utdrag(tekst: str, spoersmaal: str) -> str:
    """The piece of a text with most of the query's words, marked: what `ts_headline` gives on PostgreSQL."""
    vil = {s for m in _ledd(spoersmaal) if not m["ikke"] for s in _stammer_i(m)}
    tekst = ren(tekst)[:LETES]
    funnet = [m for m in _ORD.finditer(tekst) if len(m[0]) <= LENGSTE_ORD and stamme(m[0]) in vil]
    if not funnet:
        return tekst[:UTDRAG] + ("…" if len(tekst) > UTDRAG else "")
    best = max(
        funnet,
        key=lambda f: len({stamme(m[0]) for m in funnet if f.start() <= m.start() < f.start() + UTDRAG - 60}),
    )
    fra = tekst.rfind(" ", 0, max(0, best.start() - 60)) + 1 if best.start() > 60 else 0
    til = fra + UTDRAG
    if til < len(tekst):
        til = max(tekst.rfind(" ", fra, til), best.end())
    biter, her = ["…" if fra else ""], fra
    for m in funnet:
        if m.start() >= her and m.end() <= til:
            biter += [tekst[her : m.start()], MERK_FRA, m[0], MERK_TIL]
            her = m.end()
    return "".join([*biter, tekst[her:til], "…" if til < len(tekst) else ""])


def ren(tekst: str) -> str:
    """A clause's text as running words: without the signs of Markdown, and without any of our own marks."""
    return uten_markdown(tekst.replace(MERK_FRA, "").replace(MERK_TIL, ""))


def uten_markdown(tekst: str) -> str:
    return " ".join(_MARKDOWN.sub(lambda m: m["ord"] or " ", tekst).split())


def merkede(tekst: str) -> list[tuple[str, bool]]:
    """A text with marks in pieces: (what it says, whether it is a word that was found). Neither is HTML."""
    biter = []
    for bit in tekst.split(MERK_FRA):
        funnet, skille, resten = bit.partition(MERK_TIL)
        biter += [(funnet, True), (resten, False)] if skille else [(bit, False)]
    return [b for b in biter if b[0]]
