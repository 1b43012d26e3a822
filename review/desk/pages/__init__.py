"""The pages: every module of this folder exports `PAGES`, a tuple of `review.desk.visit.Page`."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from review.desk.visit import Page


@cache
def all_pages() -> tuple[Page, ...]:
    """The pages of all modules here, those of the header first."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    pages = [page for name in names for page in import_module(f"{__name__}.{name}").PAGES]
    return tuple(sorted(pages, key=lambda page: (page.order, page.path, page.method)))
