"""Entry point of `ai-account-exporter` and of `python -m exporter`."""

from __future__ import annotations

import os
import signal
import sys


def _is_daemon(arguments: list[str]) -> bool:
    """Whether the command runs until it is stopped. `demo --history` does not: its output is incomplete if it is interrupted."""
    return arguments[:1] in (["serve"], ["demo"]) and not any(each.startswith("--history") for each in arguments)


def main() -> None:
    """Run the command. Signals are handled before the other modules are imported, because the import takes long."""
    is_daemon = _is_daemon(sys.argv[1:])
    if is_daemon:
        signal.signal(signal.SIGINT, lambda *_: os._exit(0))
        if sys.argv[1] == "serve":
            signal.signal(signal.SIGHUP, signal.SIG_IGN)  # by default it ends the process; the configuration is about to be read anyway
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0 if is_daemon else 1))  # by default the first process of a container ignores it
    from exporter.cli.main import run  # noqa: PLC0415 -- after the signals

    run()


if __name__ == "__main__":
    main()
