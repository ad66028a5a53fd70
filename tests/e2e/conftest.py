"""What arrived at the end of the chain is shown after the tests."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, text in getattr(report, "user_properties", ()):
            if name == "notifications" and report.when == "call":
                terminalreporter.section(f"notifications as they were received: {report.nodeid.partition('::')[2]}")
                terminalreporter.write_line(str(text))
