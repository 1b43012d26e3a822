"""Commands with parts, as `chipwatch sites new`: the help tells what each part does in a whole sentence."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

WHOLE = 1000
"""Characters after which a part's sentence would be cut; none is so long."""


class Group(TyperGroup):
    """A group whose help cuts no line: what does not fit is wrapped."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list of parts, each with the first sentence of its help."""
        parts = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, part.get_short_help_str(WHOLE)) for name, part in parts if part is not None])
