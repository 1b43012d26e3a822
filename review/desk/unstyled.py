"""Datasette's own templates without styles in attributes, which our policy does not apply, and with column names in table cells.

The source is changed before any value is in it: an attribute that a value brings along is met by the policy as ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import datasette
from jinja2 import BaseLoader, Environment

THEIRS = Path(datasette.__file__).parent / "templates"

# In an expression quotation marks may stand.
_STYLE = re.compile(r'\sstyle="(?:\{\{.*?\}\}|[^"])*"')
_CELL = re.compile(r'<td (?=class="col-\{\{ ([\w.]+)\|to_css_class \}\})')


class Unstyled(BaseLoader):
    """A loader of templates through another, which changes those that are Datasette's."""

    def __init__(self, inner: BaseLoader) -> None:
        self.inner = inner

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        """The source, its file, and whether that is still as it was. Raises TemplateNotFound."""
        source, file, fresh = self.inner.get_source(environment, template)
        if file is not None and THEIRS in Path(file).parents:
            source = unstyled(source)
        return source, file, fresh

    def list_templates(self) -> list[str]:
        """Names of all templates."""
        return self.inner.list_templates()


def unstyled(source: str) -> str:
    """A template's source without style attributes; each cell of a table of rows bears its column's name.

    On a phone, where the header is hidden, `data.css` shows it before the value.
    """
    return _CELL.sub(r'<td data-column="{{ \1 }}" ', _STYLE.sub("", source))
