"""Serving the desk on loopback: a socket, the printed links, uvicorn."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import uvicorn

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
    from review.desk.app import Desk

    with _listening(port) as listening:
        address = f"http://{ADDRESS}:{listening.getsockname()[1]}/"
        desk = Desk(home, hosts(listening.getsockname()[1]))
        desk.index_search()
        desk.read(desk.facets.reload)
        invited = names or ([] if desk.people.all() else [fallback])
        links = {name: f"{address}sign-in?token={desk.people.invite(name, now)}" for name in invited}
        for name, link in links.items():
            say(f"{name}: {link}")
        if not links:
            say(f"{address} for those who have a token; `chipwatch desk --person NAME` makes one")
        try:
            with _ended_by_ctrl_c(_server(desk.app)) as server:
                say("stop with Ctrl-C")
                if browse and links:
                    import webbrowser

                    webbrowser.open(next(iter(links.values())))
                server.run(sockets=[listening])
        finally:
            desk.close()


def _listening(port: int) -> socket.socket:
    """A socket on loopback that takes connections: a browser that comes before the server is ready waits and is not refused."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((ADDRESS, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise OSError(
            error.errno, f"{error.strerror}: where it is this home's desk, use that one (`chipwatch desk invite NAME` makes a link); else give another --port, or 0 for a free one", f"port {port}"
        ) from error
    return listening


def _server(app: Any) -> uvicorn.Server:
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, proxy_headers=False, lifespan="off", timeout_keep_alive=30)
    )


@contextlib.contextmanager
def _ended_by_ctrl_c(server: uvicorn.Server) -> Iterator[uvicorn.Server]:
    """Ctrl-C, which is how the desk is stopped and no error, asks the server to end, also before it answers anything: an interrupt that
    meets a server about to start was lost now and then."""

    def end(*_: object) -> None:
        server.should_exit = True

    before = signal.signal(signal.SIGINT, end)
    try:
        yield server
    finally:
        signal.signal(signal.SIGINT, before)
