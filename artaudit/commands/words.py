"""What people type first, and a group of commands that answers it with the command that they mean."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import click

SYNONYMS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "": {
            "protect": (
                "cloak",
                "cloaking",
                "shield",
                "glaze",
                "nightshade",
                "poison",
                "mist",
                "guard",
                "defend",
                "mask",
            ),
            "protect --preview": ("preview",),
            "trial": ("test", "try", "grade", "attack"),
            "register": ("add", "import", "upload", "new"),
            "check": (
                "detect",
                "find",
                "search",
                "compare",
                "match",
                "inspect",
                "examine",
                "analyze",
                "analyse",
            ),
            "report": ("export", "evidence", "package", "prove"),
            "works list": ("list", "ls", "portfolio", "gallery", "work"),
            "works withdraw": ("remove", "delete", "rm", "forget", "unregister"),
            "works history": ("log", "undo"),
            "sign": ("mark", "credential", "c2pa", "watermark", "no-train"),
            "optout": ("opt-out", "robots", "noai", "tdmrep", "reserve"),
            "attribute": ("identify", "who", "attribution"),
            "case list": ("cases", "history"),
            "seal": ("timestamp", "notarize", "notarise"),
            "keys": ("key", "certificate"),
            "config": ("settings", "set", "configure", "preferences", "options"),
            "init": ("setup", "start", "install"),
            "doctor": ("status", "info", "diagnose", "about"),
            "models": ("model", "download"),
            "data": ("dataset", "datasets", "manifest"),
            "db": ("database", "registry"),
            "help": ("man", "usage", "commands"),
            "--version": ("version",),
        },
        "works": {
            "register": ("add", "new", "create", "insert", "upload"),
            "works list": ("ls", "all"),
            "works show": ("info", "view", "get", "open", "details", "cat"),
            "works edit": ("rename", "title", "tag", "tags", "note", "set", "change", "update"),
            "works withdraw": ("remove", "delete", "rm", "hide", "forget"),
            "works restore": ("undelete", "unwithdraw", "recover"),
            "works history": ("log", "changes", "undo"),
            "works move": ("mv", "path"),
            "works relocate": ("find", "locate", "refresh", "sync"),
            "works export": ("backup", "dump", "save", "copy"),
            "works import": ("load", "merge"),
        },
        "case": {
            "case open": ("new", "create", "start", "init"),
            "case list": ("ls", "show", "view", "get", "history", "all"),
            "report": ("export", "package", "evidence", "print"),
            "case note": ("comment", "remark", "write"),
            "case rename": ("edit", "title", "mv", "set"),
            "case close": ("archive", "delete", "remove", "rm", "finish", "end", "done"),
            "case reopen": ("restore", "unarchive"),
        },
        "models": {
            "models add": ("install", "register", "new", "import", "load"),
            "models pull": ("download", "fetch", "get", "clone"),
            "models list": ("ls", "show", "all"),
            "models path": ("where", "folder", "dir"),
        },
        "keys": {
            "keys init": ("create", "new", "generate", "gen", "make", "add"),
            "keys show": ("list", "ls", "info", "view", "get"),
            "keys import": ("load", "use"),
            "keys root": ("export", "certificate", "public"),
        },
        "keys trust": {
            "keys trust add": ("import", "install", "set"),
            "keys trust list": ("ls", "show"),
            "keys trust remove": ("rm", "delete", "unset"),
            "keys trust update": ("refresh", "renew"),
        },
        "config": {
            "config list": ("ls", "show", "all", "view"),
            "config get": ("read", "print"),
            "config set": ("add", "edit", "change", "write"),
            "config unset": ("remove", "delete", "rm", "reset", "clear"),
            "config path": ("where", "file", "open"),
        },
        "data": {
            "data index": ("list", "ls", "create", "make", "new", "add", "scan", "manifest", "build", "merge"),
            "data audit": ("check", "verify", "bias", "inspect", "test"),
            "data split": ("divide", "partition"),
            "data align": ("pair", "pairs", "redraw"),
        },
        "detector": {
            "detector score": ("predict", "run", "test", "check", "detect", "infer"),
            "detector evaluate": ("eval", "measure", "benchmark", "bench", "validate"),
            "detector train": ("fit", "learn", "create", "new"),
            "detector add": ("install", "import", "load"),
            "detector remove": ("rm", "delete", "uninstall"),
            "detector list": ("ls", "show", "info"),
            "detector fuse": ("join", "merge", "combine", "ensemble"),
        },
        "attribute": {
            "attribute enrol": ("calibrate", "enroll", "register", "add", "train"),
            "attribute candidates": ("list", "ls", "models"),
            "attribute evaluate": ("eval", "measure", "benchmark", "test"),
        },
        "db": {
            "db path": ("where", "file", "show", "info", "get"),
            "db backup": ("export", "copy", "save", "dump"),
            "db verify": ("check", "test", "fsck"),
            "db timestamp": ("stamp", "seal"),
        },
    }
)
"""What people type first, by the group that they type it in and the command that they mean."""


class Group(click.Group):
    """A group that answers words which are none of its commands with the command that is meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command and its arguments; raises UsageError, with what was meant, for one that is not there."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if answer := self.answer(ctx, args[0]):
                raise click.UsageError(answer, ctx) from error
            raise

    def answer(self, ctx: click.Context, word: str) -> str:
        """Say which command a word stands for that is none, "" where that is not known."""
        place, root = _place(ctx), ctx.find_root().command
        commands = root.commands if isinstance(root, click.Group) else {}
        found = _meant(place, word)
        if not found and place:
            found = [word] if word in commands else _meant("", word)
        elif not found:
            found = [f"{name} {word}" for name, group in commands.items() if word in getattr(group, "commands", {})]
            if not found and (Path(word).suffix or Path(word).exists()):
                found = [f"{verb} {shlex.quote(word)}" for verb in ("check", "protect")]
        typed = " ".join(filter(None, ("audit", place, word)))
        return f"There is no `{typed}`: use {' or '.join(f'`audit {name}`' for name in found)}." if found else ""


def _meant(place: str, word: str) -> list[str]:
    return [command for command, words in SYNONYMS.get(place, {}).items() if word.lower() in words]


def _place(ctx: click.Context) -> str:
    """Return the names of the groups that a context stands in, without that of the program."""
    names: list[str] = []
    while ctx.parent is not None:
        names.insert(0, ctx.info_name or "")
        ctx = ctx.parent
    return " ".join(names)
