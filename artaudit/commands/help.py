"""The command `audit help`, and how `audit` shows its commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import click

from artaudit.commands.words import Group

_MORE = "More: audit help evidence | research | upkeep | all, or audit help COMMAND"


@dataclass(frozen=True, slots=True)
class Section:
    """Commands under one heading of the help about a topic."""

    topic: str
    heading: str
    commands: tuple[click.Command, ...]


class Commands(Group):
    """The group of all commands: it shows those for artists, the others by topic."""

    sections: tuple[Section, ...] = ()

    def arrange(self, sections: Sequence[Section]) -> None:
        """Take the commands of these sections, in the order of help; only the first topic is always shown."""
        self.sections = tuple(sections)
        for section in sections:
            for command in section.commands:
                self.add_command(command)

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics of help, in order."""
        return tuple(dict.fromkeys(section.topic for section in self.sections))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the commands of the first topic, and where the others are."""
        self.write_topics(formatter, self.topics[:1])
        formatter.write(f"\n{_MORE}\n")

    def write_topics(self, formatter: click.HelpFormatter, topics: Sequence[str]) -> None:
        """Write the commands of these topics, a section for each heading."""
        longest = max(map(len, self.commands))
        room = formatter.width - longest - 6
        for section in self.sections:
            if section.topic in topics:
                with formatter.section(section.heading):
                    formatter.write_dl(
                        [
                            (f"{command.name:<{longest}}", command.get_short_help_str(room))
                            for command in section.commands
                        ]
                    )


@click.command("help")
@click.argument("words", metavar="[TOPIC_OR_COMMAND]", nargs=-1)
def help_(words: tuple[str, ...]) -> None:
    """Show the commands of a topic, or the help of a command.

    Topics are artists, evidence, research, upkeep and all.
    """
    root = click.get_current_context().find_root()
    group = root.command
    if not isinstance(group, Commands):
        raise click.UsageError("There is no help outside of `audit`.")
    topic = words[0].lower() if words else "all"
    if len(words) > 1 or topic not in (*group.topics, "all"):
        click.echo(_help_about(root, words))
        return
    formatter = root.make_formatter()
    group.write_topics(formatter, group.topics if topic == "all" else (topic,))
    formatter.write(
        "\nExit codes: 0 done or nothing found, 1 a finding (or a package that fails to\n"
        "verify), 2 wrong usage, 3 could not be done.\n"
    )
    click.echo(formatter.getvalue().strip())


def _help_about(context: click.Context, words: Sequence[str]) -> str:
    """Return the help of a command, whose names follow each other; raises UsageError where there is none."""
    for word in words:
        command = context.command
        if not isinstance(command, click.Group):
            raise click.UsageError(f"`{context.command_path}` has no commands below it.", context)
        name, found, _ = command.resolve_command(context, [word])
        if found is None:
            break
        context = click.Context(found, info_name=name, parent=context)
    return context.get_help()
