"""The bundler of the front end (frontend/bygg.mjs), on a small front end of its own."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from scripts.console import Progress
from scripts.environment import Environment

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import(process.argv[1])
  .then((bygg) => bygg.build(process.argv[2], process.argv[3]))
  .catch((error) => { console.error(error.message); process.exit(1) })
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "med rom" / "frontend"
    (folder / "sider").mkdir(parents=True)
    (folder / "felles.js").write_text("export const hilsen = (navn) => `Hei, ${navn}`;\n")
    (folder / "portal.js").write_text(
        "import { hilsen } from './felles.js';\nconsole.log(hilsen('portal'));\n"
    )
    (folder / "sider" / "koe.js").write_text(
        "import { hilsen } from '../felles.js';\nconsole.log(hilsen('kø'));\n"
    )
    (folder / "sider" / "koe.test.js").write_text("throw new Error('not for browsers');\n")
    (folder / "skrift.woff2").write_bytes(b"wOF2")
    (folder / "portal.css").write_text(
        "@font-face { font-family: F; src: url('./skrift.woff2') }\n.a { color: red; & .b { color: blue } }\n"
    )
    (folder / "ikoner.json").write_text('["Bell", "Airplane", "Bell"]')
    return folder


def build(source: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    state = tmp_path / "tilstand"
    state.mkdir(exist_ok=True)
    node, _ = Environment(ROOT, state, Progress(1), dev=True).node()
    return subprocess.run(
        [*node, "-e", CODE, (ROOT / "frontend" / "bygg.mjs").as_uri(), str(source), str(dist_of(source))],
        capture_output=True,
        text=True,
        check=False,
    )


def dist_of(source: Path) -> Path:
    return source.parent / "static" / "dist"


def manifest(source: Path) -> dict[str, str]:
    return json.loads((dist_of(source) / "manifest.json").read_text(encoding="utf-8"))


def test_names_carry_a_hash_of_the_content(source: Path, tmp_path: Path) -> None:
    assert build(source, tmp_path).returncode == 0
    first = manifest(source)
    assert set(first) == {"portal.css", "portal.js", "sider/koe.js", "ikoner.svg"}
    for key, name in first.items():
        stem, _, ending = key.rpartition(".")
        assert re.fullmatch(rf"{stem}-[A-Z0-9]{{8}}\.{ending}", name)
        assert (dist_of(source) / name).is_file()
    (source / "portal.css").write_text(".a { color: green }\n")
    assert build(source, tmp_path).returncode == 0
    second = manifest(source)
    assert {key for key in first if first[key] != second[key]} == {"portal.css"}
    assert not (dist_of(source) / first["portal.css"]).exists()


def test_the_files_are_small_whole_and_for_the_browsers_we_promise(source: Path, tmp_path: Path) -> None:
    assert build(source, tmp_path).returncode == 0
    dist = dist_of(source)
    css = (dist / manifest(source)["portal.css"]).read_text(encoding="utf-8")
    assert ".a .b{" in css
    font = re.search(r"url\(\"?\./(filer/skrift-[A-Z0-9]+\.woff2)", css)
    assert font
    assert (dist / font.group(1)).read_bytes() == b"wOF2"
    assert not list(dist.rglob("*.map"))
    # What two pages share is a file of its own, kept once by the browser.
    assert len(list((dist / "deler").glob("*.js"))) == 1
    assert [path.name for path in dist.parent.iterdir()] == ["dist"]


def test_the_sprite_has_the_icons_of_the_list_in_the_colour_of_the_text(source: Path, tmp_path: Path) -> None:
    assert build(source, tmp_path).returncode == 0
    sprite = (dist_of(source) / manifest(source)["ikoner.svg"]).read_text(encoding="utf-8")
    assert re.findall(r'<symbol id="(\w+)" viewBox="0 0 24 24"', sprite) == ["Airplane", "Bell"]
    assert sprite.count("currentColor") >= 2
    assert not re.search(r'(fill|stroke)="#', sprite)


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("ikoner.json", '["FinnesIkke"]', "FinnesIkke"),
        ("ikoner.json", '["../../package"]', "../../package"),
        ("portal.js", "import 'finnes-ikke';", "finnes-ikke"),
        ("portal.css", "@import 'finnes-ikke';", "finnes-ikke"),
    ],
)
def test_a_build_that_fails_leaves_the_former_one(
    source: Path, tmp_path: Path, file: str, content: str, told: str
) -> None:
    assert build(source, tmp_path).returncode == 0
    before = {path: path.read_bytes() for path in dist_of(source).rglob("*") if path.is_file()}
    (source / file).write_text(content)
    done = build(source, tmp_path)
    assert done.returncode == 1
    assert told in done.stderr
    assert {path: path.read_bytes() for path in dist_of(source).rglob("*") if path.is_file()} == before
    assert [path.name for path in dist_of(source).parent.iterdir()] == ["dist"]


def test_leftovers_of_a_killed_build_are_swept_up(source: Path, tmp_path: Path) -> None:
    leftover = dist_of(source).parent / ".dist-4711"
    leftover.mkdir(parents=True)
    (leftover / "half.js").touch()
    assert build(source, tmp_path).returncode == 0
    assert not leftover.exists()
