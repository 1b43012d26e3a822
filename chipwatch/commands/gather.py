"""Commands that gather: crawl, import, extract, sites."""

import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""

    @app.command()
    def crawl() -> None:
        """Crawl the enabled sites, or the named ones, politely."""

    @app.command()
    def detect() -> None:
        """x."""
