"""Writes the rules and their unit tests: `python -m prometheus.source`, or `--check` to see whether the files are up to date."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from prometheus.scenarios.write import documents as tests
from prometheus.source.write import documents as rules

ROOT = Path(__file__).resolve().parents[2]


def documents() -> Mapping[str, str]:
    """Every file that is written from here: its path in the repository and its text."""
    return {**rules(), **tests()}


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Write what differs, or with `--check` only name it; 1 if there is such."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is out of date")
    check = parser.parse_args(arguments).check
    stale = {path: text for name, text in documents().items() if not (path := root / name).is_file() or path.read_text("utf-8") != text}
    for path, text in stale.items():
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        sys.stdout.write(f"{path.relative_to(root)}: {'out of date, run: python -m prometheus.source' if check else 'written'}\n")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
