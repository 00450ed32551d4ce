"""What stands in a PDF: read without the program that made it."""

from __future__ import annotations

from io import BytesIO

import pikepdf


def skrift(pdf: bytes) -> str:
    """What stands in a PDF, by the fonts' own tables from glyphs to letters."""
    tekst = []
    with pikepdf.open(BytesIO(pdf)) as dok:
        for side in dok.pages:
            tabeller: dict[str, dict[int, str]] = {}
            for navn, font in side.Resources.Font.items():
                tabeller[navn] = _tabell(font.ToUnicode.read_bytes().decode("latin-1"))
            font_naa: dict[int, str] = {}
            for operander, operator in pikepdf.parse_content_stream(side):
                if str(operator) == "Tf":
                    font_naa = tabeller[str(operander[0])]
                elif str(operator) in ("Tj", "TJ"):
                    biter = operander[0] if str(operator) == "TJ" else [operander[0]]
                    for bit in biter:
                        if isinstance(bit, pikepdf.String):
                            raa = bytes(bit)
                            tekst += [
                                font_naa.get(int.from_bytes(raa[i : i + 2]), "?")
                                for i in range(0, len(raa), 2)
                            ]
                elif str(operator) == "ET":
                    tekst.append("\n")
    return "".join(tekst)


def _tabell(cmap: str) -> dict[int, str]:
    tabell = {}
    i_bolk = False
    for linje in cmap.splitlines():
        if "beginbfchar" in linje:
            i_bolk = True
        elif "endbfchar" in linje:
            i_bolk = False
        elif i_bolk:
            fra, til = linje.replace("<", " ").replace(">", " ").split()
            tabell[int(fra, 16)] = bytes.fromhex(til).decode("utf-16-be")
    return tabell
