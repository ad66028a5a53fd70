"""YAML text to plain data: a key that is written twice is refused, since the second would silently win."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from exporter.errors import ConfigError, Problem


class _Loader(yaml.SafeLoader):
    """PyYAML's SafeLoader, without silent overwriting."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 -- as in PyYAML
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag != "tag:yaml.org,2002:merge" and isinstance(key_node, yaml.ScalarNode):
                if key_node.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"the key {key_node.value!r} is there twice", key_node.start_mark)
                seen.add(key_node.value)
        return super().construct_mapping(node, deep)


def read_document(path: Path) -> Any:
    """Read one YAML file.

    Raises:
        ConfigError: it cannot be read or is not YAML; the problem names the file and the line, never the line's text.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 -- a subclass of SafeLoader
    except FileNotFoundError:
        raise ConfigError([Problem(str(path), "no such file")]) from None
    except OSError as error:
        raise ConfigError([Problem(str(path), f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise ConfigError([Problem(str(path), "is not UTF-8 text")]) from None
    except yaml.YAMLError as error:
        raise ConfigError([Problem(_place(path, error), f"is not valid YAML: {_what(error)}")]) from None
    except RecursionError:
        raise ConfigError([Problem(str(path), "is nested too deeply")]) from None
    except ValueError:
        raise ConfigError([Problem(str(path), "is not valid YAML: holds a date or number that does not exist")]) from None


def _place(path: Path, error: yaml.YAMLError) -> str:
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    return f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)


def _what(error: yaml.YAMLError) -> str:
    return str(error.problem) if isinstance(error, yaml.MarkedYAMLError) else "holds a character that YAML does not allow"
