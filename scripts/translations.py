"""Gathers the texts of the portal and compiles their translations (`make translations`, and every set-up).

Bokmål is the text in the code itself; portal/translations/<language>/LC_MESSAGES/messages.po translates it.
Run in .venv, which has Babel.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "portal" / "translations"
LANGUAGES = ("nn", "en")
KEYWORDS = ("_l", "_n:1,2", "lazy_gettext", "lazy_ngettext:1,2", "pgettext:1c,2", "lazy_pgettext:1c,2")
PLACEHOLDERS = re.compile(
    r"^(# FIRST AUTHOR|# Copyright \(C\)|\"Report-Msgid-Bugs-To|\"Last-Translator|\"Language-Team).*\n",
    re.MULTILINE,
)


def pybabel(*words: str | Path) -> None:
    command = [sys.executable, "-m", "babel.messages.frontend", "--quiet", *(str(word) for word in words)]
    subprocess.run(command, cwd=ROOT, check=True)


def update() -> None:
    """Bring the .po files in step with the code: new texts come in untranslated, dead ones go out.

    No guessing of likely translations: a wrong guess in a clinical text is worse than a missing one.
    """
    keywords = [word for keyword in KEYWORDS for word in ("-k", keyword)]
    with tempfile.TemporaryDirectory() as temporary:
        template = Path(temporary) / "messages.pot"
        pybabel(
            *("extract", "-F", "babel.cfg", *keywords, "--add-location=file", "--sort-output", "-w", "110"),
            *("--project=Samhandlingsportalen", "-o", template, "."),
        )
        for language in LANGUAGES:
            pybabel(
                *("update", "-l", language, "-i", template, "-d", FOLDER, "--init-missing", "-w", "110"),
                *("--no-fuzzy-matching", "--ignore-obsolete", "--ignore-pot-creation-date"),
            )
            tidy_header(FOLDER / language / "LC_MESSAGES" / "messages.po")


def tidy_header(path: Path) -> None:
    """Take the placeholders for names and addresses out of a catalogue's header."""
    text = PLACEHOLDERS.sub("", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as source:
        return read_po(source, locale=path.parent.parent.name)


def missing(path: Path) -> list[str]:
    """The texts of a .po file that have no translation, or only an uncertain one."""
    texts = []
    for message in catalogue(path):
        forms = [message.string] if isinstance(message.string, str) else list(message.string or [""])
        if message.id and (message.fuzzy or not all(forms)):
            texts.append(message.id if isinstance(message.id, str) else message.id[0])
    return texts


def compile_all() -> None:
    """Write each .mo file whole or not at all: a half one would take the server down at its start."""
    for path in sorted(FOLDER.glob("*/LC_MESSAGES/*.po")):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".mo-")
        with os.fdopen(handle, "wb") as target:
            write_mo(target, catalogue(path))
        os.chmod(name, 0o644)
        os.replace(name, path.with_suffix(".mo"))


def main(arguments: list[str]) -> int:
    if arguments not in (["update"], ["compile"]):
        print("Usage: python -m scripts.translations update|compile", file=sys.stderr)
        return 2
    if arguments == ["update"]:
        update()
    compile_all()
    if arguments == ["update"]:
        for path in sorted(FOLDER.glob("*/LC_MESSAGES/*.po")):
            texts = missing(path)
            print(f"{path.relative_to(ROOT)}: {len(catalogue(path))} texts, {len(texts)} without translation")
            for text in texts[:20]:
                print(f"    {text}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
