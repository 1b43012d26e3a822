"""The entry point. Before anything large is loaded, an interrupt is made to end the program in one line."""

# Not `signal` itself: loading it takes longer than all the rest here, and that long an interrupt would print a traceback.
import _signal as signal
import os

EXIT_NOT_DONE = 3
"""As in chipwatch.app, which is not loaded yet."""


def _end_at_once(*_: object) -> None:
    os.write(2, b"interrupted: nothing was begun\n")
    os._exit(EXIT_NOT_DONE)


def main() -> None:
    """Run the command line; until it is loaded (a tenth of a second), an interrupt ends it at once."""
    # Where interrupts are ignored from the start, as behind nohup, they stay so.
    asked = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if asked:
        signal.signal(signal.SIGINT, _end_at_once)
    from chipwatch.cli import main as run

    if asked:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


if __name__ == "__main__":
    main()
