"""chipwatch: the command line, the schedule, the demo marketplace."""

__version__ = "0.1.0"
