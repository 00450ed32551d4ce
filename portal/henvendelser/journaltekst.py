"""«Kopier til journal»: a case as a document for each side's own record, as plain text and as PDF. Pure.

Both sides must document for themselves (helsepersonelloven § 39). A document is plain data (`lag_dokument`), which
text, print view and PDF show alike. Words come in a dictionary that the caller made (`ordbok`), so that all of this
can run on the thread pool, outside of any request. Times are Oslo's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from portal.avtaler.ord import ETIKETTER as AVTALEORD
from portal.beredskap.ord import ETIKETTER as FASEORD
from portal.core.clock import oslo
from portal.core.config import ROT
from portal.core.pdf import lag_pdf
from portal.core.sprak import _l
from portal.henvendelser.forloep import Hendelsestype, Retning, Side
from portal.henvendelser.ord import ETIKETTER
from portal.identitet.ord import ETIKETTER as FOLKEORD
from portal.plasser.ord import ETIKETTER as PLASSORD

MAL = ROT / "templates" / "henvendelser" / "journal.typ"

_ORD: dict[str, Any] = {
    "tittel": _l("Rådgivning mellom kommune og sykehus"),
    "for_innmelder": _l("Kopi til journalen hos den som spurte"),
    "for_mottaker": _l("Kopi til journalen hos den som svarte"),
    "saksnummer": _l("Saksnummer"),
    "retning": _l("Retning"),
    "fra": _l("Fra"),
    "til": _l("Til"),
    "fagomraade": _l("Fagområde"),
    "hastegrad": _l("Hastegrad"),
    "status": _l("Status"),
    "innmelder": _l("Innmelder"),
    "ansvarlig": _l("Ansvarlig for svaret"),
    "sendt": _l("Sendt"),
    "tatt": _l("Tatt"),
    "besvart": _l("Besvart"),
    "lukket": _l("Avsluttet"),
    "sporsmaal_innmelder": _l("Dette spurte vi om"),
    "sporsmaal_mottaker": _l("Dette ble vi spurt om"),
    "raad_innmelder": _l("Rådet vi fikk"),
    "raad_mottaker": _l("Rådet vi ga"),
    "svar_innmelder": _l("Svaret vi fikk"),
    "svar_mottaker": _l("Svaret vi ga"),
    "ingen_raad": _l("Det er ikke gitt råd i saken."),
    "intet_svar": _l("Det er ikke svart i saken."),
    "plan": _l("Plan uten råd"),
    "plan_uten_svar": _l("Plan uten svar"),
    "raad": _l("Råd"),
    "svar": _l("Svar"),
    "begrunnelse": _l("Begrunnelse"),
    "gitt": _l("Gitt"),
    "nytte": _l("Nytte"),
    "ressurs": _l("Ressurs"),
    "alvorlighet": _l("Alvorlighet"),
    "mestring": _l("Mestring"),
    "avtaler_raad": _l("Avtalene slik de var da rådet ble gitt"),
    "avtaler_svar": _l("Avtalene slik de var da svaret ble gitt"),
    "kommune": _l("Kommune"),
    "situasjon": _l("Situasjon"),
    "fase": _l("Epidemifase"),
    "fase_ikke_satt": _l("%(fase)s (ikke satt)"),
    "avtaleversjon": _l("versjon %(nummer)s"),
    "ingen_avtale": _l("Ingen avtale sa noe om dette."),
    "pasient": _l("Pasienten, uten identitet"),
    "evne": _l("Kommunens mulighet"),
    "ja": _l("Ja"),
    "nei": _l("Nei"),
    "news2": _l("NEWS2"),
    "poeng": _l("NEWS2 %(poeng)s"),
    "minst": _l("NEWS2 minst %(poeng)s, ufullstendig"),
    "ikke_aktuelt": _l("NEWS2 ikke aktuelt"),
    "skala2": _l("SpO₂-skala 2"),
    "utfall": _l("Utfall og oppfølging"),
    "utfallet": _l("Utfall"),
    "unngaatt": _l("Innleggelse unngått"),
    "etter_dager": _l("Etter %(dager)s dager, %(side)s"),
    "side_innmelder": _l("den som spurte"),
    "side_mottaker": _l("den som svarte"),
    "ikke_besvart": _l("Etter %(dager)s dager"),
    "uten_svar": _l("ikke besvart"),
    "utskrivning": _l("Utskrivning"),
    "innlagt": _l("Innlagt"),
    "varslet": _l("Kommunen varslet"),
    "forventet": _l("Forventet utskrivning"),
    "usikker": _l("Behov eller dato usikker"),
    "vurdert_a": _l("Vurdering a ferdig"),
    "vurdert_b": _l("Vurdering b ferdig"),
    "vurdert_c": _l("Vurdering c ferdig"),
    "vurdert_d": _l("Vurdering d ferdig"),
    "vurdert_e": _l("Vurdering e ferdig"),
    "utskrivningsklar": _l("Utskrivningsklar"),
    "kommunens_svar": _l("Kommunen svarte"),
    "kan_ta_imot": _l("Kommunen kan ta imot"),
    "kan_ta_imot_fra": _l("Kan ta imot fra"),
    "forloep": _l("Samtale og forløp"),
    "hoppet_over": _l("ingen på vakt som %(hvem)s"),
    "plass_til": _l("til %(tid)s"),
    "plass_stroeket": _l("innleggelsen er strøket"),
    "vedlegg": _l("Vedlegg"),
    "sider": _l("%(antall)s sider"),
    "sett": _l("Hvem har sett saken"),
    "sett_foerst": _l("først sett %(tid)s, lest til og med nr. %(nummer)s"),
    "slutt": _l("Om kopien"),
    "kopiert": _l("Kopiert fra Samhandlingsportalen %(tid)s av %(navn)s. Sak %(nummer)s."),
    "kjede": _l("Revisjonskjeden hadde %(antall)s ledd. Hash: %(hash)s"),
    "identitet": _l(
        "Pasientens identitet er ikke i portalen. Saken er knyttet til pasienten utenfor portalen, ved saksnummeret."
    ),
    "side": _l("Side"),
    "av": _l("av"),
}


#: What a refusal was, by its `data.hva`.
_AVSLAATT: dict[str, Any] = {
    "nei_kollega": _l("Takket nei til å bli med"),
    "nei_overlevering": _l("Takket nei til å overta"),
    "trukket_kollega": _l("Trakk invitasjonen"),
    "trukket_overlevering": _l("Trakk tilbudet om overlevering"),
    "forlot": _l("Forlot saken"),
}


def ordbok() -> dict[str, dict[str, str]]:
    """Every word of the document, in the language that is on."""
    andres = {
        "fase": FASEORD["fase"],
        "avtalesituasjon": AVTALEORD["avtalesituasjon"],
        "plassavslag": PLASSORD["plassavslag"],
    }
    grupper = {**FOLKEORD, **andres, **ETIKETTER, "": _ORD, "avslaatt": _AVSLAATT}
    return {gruppe: {str(k): str(v) for k, v in ord_.items()} for gruppe, ord_ in grupper.items()}


@dataclass(frozen=True, slots=True)
class Journaldata:
    """A case as plain data, with the head of its chain at that moment. Rows are as their tables have them."""

    sak: Mapping[str, Any]
    opplysninger: Mapping[str, Any]
    hendelser: Sequence[Mapping[str, Any]]
    maalinger: Sequence[Mapping[str, Any]]
    vedlegg: Sequence[Mapping[str, Any]]
    kvitteringer: Sequence[Mapping[str, Any]]
    oppfoelginger: Sequence[Mapping[str, Any]]
    #: What the agreements said at each advice: rows of `Avtalegrunnlag`, with the name of the kommune.
    avtalegrunnlag: Sequence[Mapping[str, Any]]
    utskrivning: Mapping[str, Any] | None
    lenker: int
    hash: str
    kopiert: datetime
    kopiert_av: str
    min_side: str


def klokkeslett(tid: datetime) -> str:
    """«21.11.2026 kl. 20.05» in Oslo. In the days when the clock is turned the zone is told: 02.30 comes twice."""
    lokal = oslo(tid)
    tekst = lokal.strftime("%d.%m.%Y kl. %H.%M")
    doegn = timedelta(hours=24)
    if oslo(tid - doegn).utcoffset() != oslo(tid + doegn).utcoffset():
        tekst += f" {lokal.tzname()}"
    return tekst


class _Skriver:
    """Words and values of one document."""

    def __init__(self, ord_: Mapping[str, Mapping[str, str]]) -> None:
        self.ord = ord_

    def __call__(self, noekkel: str, **verdier: object) -> str:
        tekst = self.ord[""][noekkel]
        return tekst % verdier if verdier else tekst

    def kode(self, gruppe: str, kode: object) -> str:
        return self.ord.get(gruppe, {}).get(str(kode), str(kode)) if kode not in (None, "") else ""

    def verdi(self, verdi: object) -> str:
        if verdi is None or verdi == "":
            return ""
        if isinstance(verdi, bool):
            return self("ja") if verdi else self("nei")
        if isinstance(verdi, datetime):
            return klokkeslett(verdi)
        if isinstance(verdi, date):
            return verdi.strftime("%d.%m.%Y")
        if isinstance(verdi, Decimal):
            return f"{verdi:.1f}".replace(".", ",")
        return str(verdi)


Dokument = dict[str, Any]


def lag_dokument(d: Journaldata, ord_: Mapping[str, Mapping[str, str]]) -> Dokument:
    """The case for one side. What was asked and advised comes first, in the words of the side that reads."""
    s = _Skriver(ord_)
    deler = [
        _sporsmaal(d, s),
        *_raad(d, s),
        *_avtaler(d, s),
        _pasient(d, s),
        _evne(d, s),
        _news2(d, s),
        _utfall(d, s),
        _utskrivning(d, s),
        _forloep(d, s),
        _vedlegg(d, s),
        _sett(d, s),
    ]
    slutt = [
        s("kopiert", tid=klokkeslett(d.kopiert), navn=d.kopiert_av, nummer=d.sak["saksnummer"]),
        s("kjede", antall=d.lenker, hash=d.hash),
        s("identitet"),
    ]
    return {
        "tittel": s("tittel"),
        "under": s("for_innmelder" if d.min_side == Side.INNMELDER else "for_mottaker"),
        "saksnummer": d.sak["saksnummer"],
        "hode": _hode(d, s),
        "deler": [del_ for del_ in deler if del_["fakta"] or del_["rader"] or del_["tekst"]],
        "sluttittel": s("slutt"),
        "slutt": slutt,
        "hash": d.hash,
        "laget": d.kopiert.isoformat(),
        "side": s("side"),
        "av": s("av"),
    }


def _del(
    tittel: str,
    fakta: Sequence[tuple[str, str]] = (),
    rader: Sequence[Mapping[str, str]] = (),
    tekst: str = "",
) -> dict[str, Any]:
    return {
        "tittel": tittel,
        "fakta": [[o, v] for o, v in fakta if v],
        "rader": list(rader),
        "tekst": tekst,
    }


def _hode(d: Journaldata, s: _Skriver) -> list[list[str]]:
    sak = d.sak
    linjer = [
        (s("saksnummer"), sak["saksnummer"]),
        (s("retning"), s.kode("retning", sak["retning"])),
        (s("fra"), sak["fra"]),
        (s("til"), sak["til"]),
        (s("fagomraade"), s.kode("fagomraade", sak["fagomraade"])),
        (s("hastegrad"), s.kode("hastegrad", sak["hastegrad"])),
        (s("status"), s.kode("status", sak["status"])),
        (s("innmelder"), sak["innmelder"]),
        (s("ansvarlig"), sak["ansvarlig"]),
        (s("sendt"), s.verdi(sak["opprettet"])),
        (s("tatt"), s.verdi(sak["akseptert_tid"])),
        (s("besvart"), s.verdi(sak["besvart_tid"])),
        (s("lukket"), s.verdi(sak["lukket_tid"])),
    ]
    return [[o, v] for o, v in linjer if v]


def _om_raad(d: Journaldata) -> bool:
    """A kommune asks a hospital for advice; a hospital asks a kommune for an answer."""
    return bool(d.sak["retning"] == Retning.TIL_SYKEHUS)


def _sporsmaal(d: Journaldata, s: _Skriver) -> dict[str, Any]:
    opp = d.opplysninger
    fakta = [
        (s.kode("felt", f), s.verdi(opp[f])) for f in ("situasjon", "bakgrunn", "analyse", "raad_oenskes")
    ]
    return _del(
        s(f"sporsmaal_{d.min_side}"),
        [*fakta, (s("plan" if _om_raad(d) else "plan_uten_svar"), s.kode("plan", d.sak["plan_uten_raad"]))],
    )


def _raad(d: Journaldata, s: _Skriver) -> list[dict[str, Any]]:
    """Each advice with its considerations. A case can be answered more than once."""
    ord_ = "raad" if _om_raad(d) else "svar"
    deler = []
    for h in d.hendelser:
        if h["type"] != Hendelsestype.BESVART:
            continue
        vurdering = h["data"].get("vurdering") or {}
        deler.append(
            _del(
                s(f"{ord_}_{d.min_side}"),
                [
                    (s(ord_), s.kode("raad", h["data"].get("raad"))),
                    (s("begrunnelse"), h["tekst"]),
                    *((s(f), vurdering.get(f, "")) for f in ("nytte", "ressurs", "alvorlighet", "mestring")),
                    (s("gitt"), f"{klokkeslett(h['tidspunkt'])}, {h['avsender_navn']}"),
                ],
            )
        )
    return deler or [_del(s(f"{ord_}_{d.min_side}"), tekst=s("ingen_raad" if _om_raad(d) else "intet_svar"))]


def _avtaler(d: Journaldata, s: _Skriver) -> list[dict[str, Any]]:
    """What held when the advice was given: the agreements' versions, their clauses, and the phase of the kommune."""
    deler = []
    for g in d.avtalegrunnlag:
        fase = f"{g['fase']} – {s.kode('fase', g['fase'])}"
        fakta = [
            (s("kommune"), g["kommune"]),
            (s("situasjon"), s.kode("avtalesituasjon", g["situasjon"])),
            (s("fase"), fase if g["fase_satt"] else s("fase_ikke_satt", fase=fase)),
            (s("gitt"), klokkeslett(g["tidspunkt"])),
        ]
        for a in g["avtaler"]:
            hva = "\n".join(f"{b['nummer']} {b['overskrift']}".strip() for b in a["bestemmelser"])
            fakta.append((f"{a['tittel']}, {s('avtaleversjon', nummer=a['nummer'])}", hva))
        deler.append(
            _del(
                s("avtaler_raad" if _om_raad(d) else "avtaler_svar"),
                fakta,
                tekst="" if g["avtaler"] else s("ingen_avtale"),
            )
        )
    return deler


def _pasient(d: Journaldata, s: _Skriver) -> dict[str, Any]:
    opp = d.opplysninger
    koder = {
        "aldersgruppe": "aldersgruppe",
        "kjoenn": "kjoenn",
        "oppholdssted": "oppholdssted",
        "kognitiv_svikt": "svar",
    }
    fakta = []
    for felt in (
        *(
            "aldersgruppe",
            "kjoenn",
            "gravid",
            "oppholdssted",
            "bostedskommune",
            "sykdomsbyrde",
            "funksjonsnivaa",
        ),
        *("skroepelighet", "kognitiv_svikt", "behandlingsbegrensninger", "pasientens_oensker"),
    ):
        verdi = opp[felt]
        if felt in koder:
            tekst = s.kode(koder[felt], verdi)
        elif felt == "gravid" and not verdi:
            continue
        else:
            tekst = s.verdi(verdi)
        fakta.append((s.kode("felt", "bostedskommune_id" if felt == "bostedskommune" else felt), tekst))
    return _del(s("pasient"), fakta)


def _evne(d: Journaldata, s: _Skriver) -> dict[str, Any]:
    fakta = [
        (s.kode("felt", f"evne_{f}"), s.kode("svar", d.opplysninger[f"evne_{f}"]))
        for f in ("personell", "kompetanse", "utstyr", "sted")
    ]
    return _del(s("evne"), [*fakta, (s.kode("felt", "evne_tekst"), d.opplysninger["evne_tekst"])])


def _news2(d: Journaldata, s: _Skriver) -> dict[str, Any]:
    rader = []
    for m in d.maalinger:
        if m["status"] == "ikke_aktuelt":
            hva = s("ikke_aktuelt")
        elif m["sum"] is not None:
            hva = s("poeng", poeng=m["sum"])
        else:
            hva = s("minst", poeng=m["minst"])
        if m["varsel"]:
            hva += f". {s.kode('news2', m['varsel'])}"
        maalt = [
            f"{s.kode('news2', p)} {s.verdi(m[p])}"
            for p in ("respirasjon", "spo2", "oksygen", "systolisk", "puls", "bevissthet", "temperatur")
            if m[p] is not None
        ]
        if m["skala"] == 2:
            maalt.append(s("skala2"))
        rader.append(_rad(klokkeslett(m["tidspunkt"]), "", hva, ", ".join(maalt)))
    return _del(s("news2"), rader=rader)


def _rad(tid: str, hvem: str, hva: str, tekst: str = "", nummer: str = "") -> dict[str, str]:
    return {"nummer": nummer, "tid": tid, "hvem": hvem, "hva": hva, "tekst": tekst}


def _utfall(d: Journaldata, s: _Skriver) -> dict[str, Any]:
    if not d.sak["utfall"]:
        return _del(s("utfall"))
    fakta = [(s("utfallet"), s.kode("utfall", d.sak["utfall"]))]
    if _om_raad(d):
        fakta.append((s("unngaatt"), s.kode("unngaatt", d.sak["unngaatt"])))
    for o in d.oppfoelginger:
        for svar in o["svar"]:
            ord_ = s("etter_dager", dager=o["dag"], side=s(f"side_{svar['side']}"))
            hva = f"{s.kode(_svarord(d), svar['svar'])} ({svar['navn']}, {klokkeslett(svar['tidspunkt'])})"
            fakta.append((ord_, hva))
        if o["spurt"] and not o["svar"]:
            fakta.append((s("ikke_besvart", dager=o["dag"]), s("uten_svar")))
    return _del(s("utfall"), fakta)


def _svarord(d: Journaldata) -> str:
    """The group of words for what became of the patient."""
    return "oppfoelging" if _om_raad(d) else "oppfoelging_til_kommune"


def _utskrivning(d: Journaldata, s: _Skriver) -> dict[str, Any]:
    u = d.utskrivning
    if u is None:
        return _del("")
    felter = (
        *("innlagt", "varslet", "forventet", "usikker", "vurdert_a", "vurdert_b", "vurdert_c", "vurdert_d"),
        *("vurdert_e", "utskrivningsklar", "besvart", "kan_ta_imot", "kan_ta_imot_fra"),
    )
    fakta = [
        (s("kommunens_svar" if f == "besvart" else f), s.verdi(u[f]))
        for f in felter
        if f != "usikker" or u[f]
    ]
    return _del(s("utskrivning"), fakta)


def _forloep(d: Journaldata, s: _Skriver) -> dict[str, Any]:
    filer = {v["sekvens"]: v for v in d.vedlegg}
    rader = [
        _rad(
            klokkeslett(h["tidspunkt"]),
            h["avsender_navn"],
            _hva(h, s, filer.get(h["sekvens"]), _svarord(d)),
            h["tekst"],
            str(h["sekvens"]),
        )
        for h in d.hendelser
    ]
    return _del(s("forloep"), rader=rader)


#: What a move says of itself beside its word: (key in `data`, group of words, or "" for plain text).
_SAGT: dict[str, tuple[tuple[str, str], ...]] = {
    Hendelsestype.SENDT: (("mottaker", ""), ("fagomraade", "fagomraade")),
    Hendelsestype.VIDERESENDT: (("mottaker", ""), ("fagomraade", "fagomraade")),
    Hendelsestype.BESVART: (("raad", "raad"),),
    Hendelsestype.LUKKET: (("utfall", "utfall"),),
    Hendelsestype.TIDEN_UTE: (("utfall", "utfall"),),
    Hendelsestype.MAALING: (("sum", ""),),
    Hendelsestype.INNSYN: (("grunn", "innsynsgrunn"),),
    Hendelsestype.INVITERT: (("hvem", ""),),
    Hendelsestype.TILBUDT: (("hvem", ""),),
    Hendelsestype.AVSLAATT: (("hvem", ""),),
}


def _hva(h: Mapping[str, Any], s: _Skriver, fil: Mapping[str, Any] | None, svarord: str) -> str:
    """What a row tells, in words: «Råd: Behandles i kommunen»."""
    data = h["data"]
    avslag = h["type"] == Hendelsestype.AVSLAATT and data.get("hva")
    ord_ = s.kode("avslaatt", avslag) if avslag else s.kode("hendelsestype", h["type"])
    if fil is not None:
        return f"{ord_}: {_fil(fil, s)}"
    if h["type"] == Hendelsestype.OPPDATERT:
        sagt = [s.kode("felt", f) for f in data.get("felter", ())]
    elif h["type"] == Hendelsestype.OPPFOELGING:
        ord_ = f"{ord_}, {s('ikke_besvart', dager=data.get('dag', '')).lower()}"
        sagt = [s.kode(svarord, data.get("svar"))]
    elif h["type"] == Hendelsestype.ESKALERT:
        ord_ = s.kode("eskalert", data.get("utfall"))
        til = f"{s.kode('eskaleringsnivaa', data.get('nivaa'))} {data.get('navn') or ''}".strip()
        hoppet = [s.kode("eskaleringsnivaa", n).lower() for n in data.get("hoppet", ())]
        sagt = [ledd for ledd in (til, s("hoppet_over", hvem=", ".join(hoppet)) if hoppet else "") if ledd]
    elif h["type"].startswith("plass_"):
        sagt = [data["enhet"], *_plass(h["type"], data, s)]
    elif h["type"] == Hendelsestype.OVERLEVERT:
        sagt = [f"{s('fra').lower()} {data['fra']} {s('til').lower()} {data['hvem']}"]
    elif h["type"] == Hendelsestype.UTSKRIVNING:
        # «… kan ta imot (§ 11), fra 24.11.2026»: the day goes on with the words.
        dag = s.verdi(date.fromisoformat(data["dato"])) if data.get("dato") else ""
        sagt = [f"{s.kode('utskrivningshendelse', data.get('kode'))} {dag}".strip()]
    else:
        sagt = [
            s.kode(gruppe, data[n]) if gruppe else str(data[n])
            for n, gruppe in _SAGT.get(h["type"], ())
            if data.get(n) not in (None, "")
        ]
    return f"{ord_}: {', '.join(sagt)}" if sagt else ord_


def _plass(type_: str, data: Mapping[str, Any], s: _Skriver) -> list[str]:
    """What is told of a hold beside its unit: the bed and until when, or why there is none."""
    if type_ in (Hendelsestype.PLASS_HOLDT, Hendelsestype.PLASS_FORLENGET):
        return [data["plass"], s("plass_til", tid=klokkeslett(datetime.fromisoformat(data["utloeper"])))]
    if data.get("hva") == "stroeket":
        return [s("plass_stroeket")]
    return [s.kode("plassavslag", data["grunn"])] if data.get("grunn") else []


def _fil(fil: Mapping[str, Any], s: _Skriver) -> str:
    deler = [fil["innholdstype"], stoerrelse(fil["stoerrelse"])]
    if fil["sider"]:
        deler.append(s("sider", antall=fil["sider"]))
    return f"{fil['navn']} ({', '.join(deler)})"


def stoerrelse(byte: int) -> str:
    """«1,4 MB» or «12 kB», in steps of 1,000 as the units say."""
    if byte >= 1_000_000:
        return f"{byte / 1_000_000:.1f} MB".replace(".", ",")
    return f"{max(1, round(byte / 1000))} kB"


def _vedlegg(d: Journaldata, s: _Skriver) -> dict[str, Any]:
    rader = [_rad(klokkeslett(v["tidspunkt"]), "", _fil(v, s), nummer=str(v["sekvens"])) for v in d.vedlegg]
    return _del(s("vedlegg"), rader=rader)


def _sett(d: Journaldata, s: _Skriver) -> dict[str, Any]:
    fakta = [
        (k["navn"], s("sett_foerst", tid=klokkeslett(k["sett"]), nummer=k["lest"])) for k in d.kvitteringer
    ]
    return _del(s("sett"), fakta)


# --- the forms of it -------------------------------------------------------------------------------------


def _innrykk(tekst: str, foran: str = "  ") -> str:
    """What somebody wrote, set in: no line of it, whatever ends it, can pass for one of the document's own."""
    return "\n".join(foran + linje if linje else "" for linje in tekst.splitlines())


def _faktum(ord_: str, verdi: str) -> str:
    return f"{ord_}:\n{_innrykk(verdi)}" if len(verdi.splitlines()) > 1 else f"{ord_}: {verdi}"


def _radtekst(r: Mapping[str, str]) -> str:
    foran = f"{r['nummer']}. " if r["nummer"] else ""
    hvem = f" – {r['hvem']}" if r["hvem"] else ""
    linjer = [f"{foran}{r['tid']}{hvem} – {r['hva']}"]
    if r["tekst"]:
        linjer.append(_innrykk(r["tekst"]))
    return "\n".join(linjer)


def som_tekst(dok: Dokument) -> str:
    """The document as plain text, for any journal system's text field."""
    biter = [f"{dok['tittel']}\n{dok['under']}", "\n".join(_faktum(o, v) for o, v in dok["hode"])]
    for del_ in [*dok["deler"], _del(dok["sluttittel"], tekst="\n".join(dok["slutt"]))]:
        linjer = [del_["tittel"].upper()]
        linjer += [_faktum(o, v) for o, v in del_["fakta"]]
        linjer += [_radtekst(r) for r in del_["rader"]]
        if del_["tekst"]:
            linjer.append(del_["tekst"])
        biter.append("\n".join(linjer))
    return "\n\n".join(biter) + "\n"


def som_pdf(dok: Dokument) -> bytes:
    """The document as PDF, archivable (PDF/A-2b) where the fonts have every sign of it.

    What people wrote is data to the template, never its source. Takes 0.3 s and up to a second more for thousands of
    rows: on the thread pool. The fonts are the compiler's own, so that it looks alike everywhere. Raises UgyldigData.
    """
    return lag_pdf(MAL, orjson.dumps(dok), "a-2b")
