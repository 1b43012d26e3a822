"""Serving the desk on loopback: a socket, the printed links, uvicorn."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

ADDRESS = "127.0.0.1"


def hosts(port: int) -> frozenset[str]:
    """The Host headers a desk on this port answers to."""
    return frozenset(f"{name}:{port}" for name in (ADDRESS, "localhost"))


def serve(
    home: Path,
    *,
    port: int,
    names: Sequence[str],
    fallback: str,
    now: str,
    say: Callable[[str], None],
    browse: bool = False,
) -> None:
    """Serve until interrupted. Each of `names` gets a new token and its link is told; where nobody has one yet, `fallback` does.

    Raises OSError where the port is taken.
    """
    import uvicorn

    from review.desk.app import Desk

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((ADDRESS, port))
        except OSError as error:
            raise OSError(
                error.errno, f"{error.strerror}: give another --port, or 0 for a free one", f"port {port}"
            ) from error
        # From here on a browser that comes before the server is ready waits instead of being refused.
        listening.listen(128)
        port = listening.getsockname()[1]
        desk = Desk(home, hosts(port))
        desk.index_search()
        desk.read(desk.facets.reload)
        links = {}
        for name in names or ([] if desk.people.all() else [fallback]):
            links[name] = f"http://{ADDRESS}:{port}/sign-in?token={desk.people.invite(name, now)}"
        for name, link in links.items():
            say(f"{name}: {link}")
        if not links:
            say(
                f"http://{ADDRESS}:{port}/ for those who have a token; `chipwatch desk --person NAME` makes one"
            )
        say("stop with Ctrl-C")
        if browse and links:
            import webbrowser

            webbrowser.open(next(iter(links.values())))
        config = uvicorn.Config(
            desk.app,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            timeout_keep_alive=30,
        )
        try:
            # Ctrl-C is how it is stopped: no error.
            with contextlib.suppress(KeyboardInterrupt):
                uvicorn.Server(config).run(sockets=[listening])
        finally:
            desk.close()
