"""Writes the dashboards: `python -m grafana.source`, or `--check` to see whether the files are up to date."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from grafana.source.write import documents

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Write the files that differ, or with `--check` only name them; 1 if there are such."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is out of date")
    check = parser.parse_args(arguments).check
    stale = {name: text for name, text in documents().items() if not (root / name).is_file() or (root / name).read_bytes() != text.encode()}
    for name, text in stale.items():
        if not check:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(text.encode())
        sys.stdout.write(f"{name}: {'out of date, run: python -m grafana.source' if check else 'written'}\n")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
