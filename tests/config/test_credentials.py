"""The sources of secrets, the characters of keys, and that no message shows a key."""

from __future__ import annotations

import os
import string
from pathlib import Path
from typing import Final

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from exporter.config.credentials import MAX_SECRET_BYTES, SecretSource, shown_file
from exporter.errors import CredentialError, PollError
from exporter.model import Reason

KEY: Final = "sk_Made-up.key/0123+456="
ADVICE: Final = "copy the key again, alone and on one line"


def from_file(folder: Path, content: bytes) -> str:
    path = folder / "secret"
    path.write_bytes(content)
    return SecretSource(file=path).read({}).get_secret_value()


def from_variable(text: str) -> str:
    return SecretSource(env="KEY").read({"KEY": text}).get_secret_value()


def from_value(text: str) -> str:
    return SecretSource(value=SecretStr(text)).read({}).get_secret_value()


def refusal(source: SecretSource, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(CredentialError) as caught:
        source.read(environ or {})
    assert caught.value.reason is Reason.CREDENTIAL
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


def test_a_key_is_read_from_a_variable_a_file_or_the_configuration(tmp_path: Path) -> None:
    assert from_variable(KEY) == KEY
    assert from_file(tmp_path, KEY.encode()) == KEY
    assert from_value(KEY) == KEY


@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", "  {}  ", "\t{}\t\n", "\n\n{}\n\n", "\v\f{}"])
def test_white_space_around_a_key_is_removed(tmp_path: Path, around: str) -> None:
    text = around.format(KEY)
    assert from_variable(text) == from_file(tmp_path, text.encode()) == from_value(text) == KEY


def test_a_byte_order_mark_at_the_start_of_a_file_is_removed(tmp_path: Path) -> None:
    assert from_file(tmp_path, b"\xef\xbb\xbf" + KEY.encode() + b"\r\n") == KEY


def test_every_visible_ascii_character_may_be_in_a_key(tmp_path: Path) -> None:
    visible = string.ascii_letters + string.digits + string.punctuation
    assert from_variable(visible) == from_file(tmp_path, visible.encode()) == visible


@pytest.mark.parametrize("inside", ["\n", "\r\n", " ", "\t", "\0", "\x1b", "\x7f", "é", "\u00a0", "\u200b", "\u2028", "\ufeff", "🎬"])
def test_a_character_that_no_key_has_is_reported_by_its_position_and_not_shown(tmp_path: Path, inside: str) -> None:
    text = f"abcdefg{inside}hijklmn"
    path = tmp_path / "secret"
    path.write_bytes(text.encode())
    for source, origin in (
        (SecretSource(env="KEY"), "the environment variable KEY"),
        (SecretSource(file=path), "the file"),
        (SecretSource(value=SecretStr(text)), "the value in the configuration"),
    ):
        message = refusal(source, {"KEY": text})
        assert message == (
            f"{origin} contains white space, a control character or a non-ASCII character inside the key, "
            f"at position 8 of {len(text)}: {ADVICE}"
        )  # fmt: skip
        assert "abcdefg" not in message
        assert "hijklmn" not in message


@pytest.mark.parametrize("invisible", ["\u200b", "\u2060", "\ufeff\ufeff", "\0"])
def test_invisible_characters_around_a_key_are_refused(tmp_path: Path, invisible: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(f"{invisible}{KEY}".encode())
    assert "at position 1 of " in refusal(SecretSource(file=path))
    assert f"at position {len(KEY) + 1} of " in refusal(SecretSource(env="KEY"), {"KEY": f"{KEY}{invisible}"})


@pytest.mark.parametrize("nothing", ["", " ", "\n", "\r\n\t \n"])
def test_an_empty_secret_is_reported(tmp_path: Path, nothing: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(nothing.encode())
    assert refusal(SecretSource(env="KEY"), {"KEY": nothing}) == "the environment variable KEY is empty"
    assert refusal(SecretSource(file=path)) == "the file is empty"
    assert refusal(SecretSource(value=SecretStr(nothing))) == "the value in the configuration is empty"


def test_a_file_with_only_a_byte_order_mark_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"\xef\xbb\xbf\n")
    assert refusal(SecretSource(file=path)) == "the file is empty"


def test_a_variable_that_is_not_set_is_named() -> None:
    assert refusal(SecretSource(env="KEY"), {"OTHER": KEY}) == "the environment variable KEY is not set"


def test_a_variable_that_is_not_utf_8_is_refused() -> None:
    assert "at position 2 of 3" in refusal(SecretSource(env="KEY"), {"KEY": os.fsdecode(b"a\xffb")})


def test_a_file_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    assert (
        refusal(SecretSource(file=tmp_path / "secret"))
        == "the file does not exist; a relative path begins at the folder of the file that contains it"
    )
    (tmp_path / "link").symlink_to("nowhere")
    assert (
        refusal(SecretSource(file=tmp_path / "link"))
        == "the file does not exist; a relative path begins at the folder of the file that contains it"
    )


def test_a_file_whose_folder_is_a_file_does_not_exist(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(KEY)
    assert (
        refusal(SecretSource(file=tmp_path / "secret" / "key"))
        == "the file does not exist; a relative path begins at the folder of the file that contains it"
    )


def test_a_name_longer_than_a_file_system_allows_is_reported(tmp_path: Path) -> None:
    assert refusal(SecretSource(file=tmp_path / ("k" * 5000))).startswith("the file ")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(SecretSource(file=tmp_path)) == "the file is a folder, where a file with the key is expected"


def test_a_named_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(SecretSource(file=tmp_path / "pipe")) == "the file is not a regular file"


def test_a_device_is_refused() -> None:
    assert refusal(SecretSource(file=Path("/dev/zero"))) == "the file /dev/zero is not a regular file"


def test_a_file_that_becomes_a_named_pipe_after_a_check_of_its_kind_is_refused_without_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(Path, "is_file", lambda _: True)
    assert refusal(SecretSource(file=tmp_path / "pipe")) == "the file is not a regular file"


def test_bytes_that_are_not_text_are_refused_without_showing_them(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(KEY.encode() + b"\xff")
    assert refusal(SecretSource(file=path)) == "the file is not text"


def test_a_file_of_64_kib_is_read_and_a_larger_one_is_refused(tmp_path: Path) -> None:
    assert MAX_SECRET_BYTES == 64 * 1024
    assert from_file(tmp_path, b"k" * 65_536) == "k" * 65_536
    (tmp_path / "secret").write_bytes(b"k" * 65_537)
    assert refusal(SecretSource(file=tmp_path / "secret")) == "the file is larger than 65536 bytes, which is too large for a key"


def test_a_huge_file_is_refused_without_reading_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.touch()
    os.truncate(path, 2**40)  # sparse: it uses no disk space
    assert refusal(SecretSource(file=path)) == "the file is larger than 65536 bytes, which is too large for a key"


def test_a_file_is_read_again_each_time(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    source = SecretSource(file=path)
    path.write_text("first\n")
    assert source.read({}).get_secret_value() == "first"
    path.write_text("second\n")
    assert source.read({}).get_secret_value() == "second"
    path.unlink()
    assert refusal(source) == "the file does not exist; a relative path begins at the folder of the file that contains it"


def test_a_key_is_rotated_by_swapping_a_link_as_kubernetes_does(tmp_path: Path) -> None:
    for version in ("old", "new"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "key").write_text(version)
    (tmp_path / "data").symlink_to("old")
    (tmp_path / "key").symlink_to("data/key")
    source = SecretSource(file=tmp_path / "key")
    assert source.read({}).get_secret_value() == "old"
    (tmp_path / "next").symlink_to("new")
    (tmp_path / "next").rename(tmp_path / "data")
    assert source.read({}).get_secret_value() == "new"


def test_a_variable_is_looked_up_each_time() -> None:
    source = SecretSource(env="KEY")
    assert [source.read({"KEY": text}).get_secret_value() for text in ("first", "second")] == ["first", "second"]


@pytest.mark.parametrize("parts", [{}, {"env": "A", "file": "b"}, {"env": "A", "value": "b"}, {"env": None}, {"env": "A", "file": None}])
def test_a_secret_has_exactly_one_source(parts: dict[str, str | None]) -> None:
    with pytest.raises(ValidationError, match="expected exactly one of env, file, value and oauth2"):
        SecretSource.model_validate(parts)


def test_an_unreadable_secret_is_a_failure_of_the_poll() -> None:
    assert issubclass(CredentialError, PollError)


def test_a_secret_is_not_part_of_its_text_form() -> None:
    secret = SecretSource(env="KEY").read({"KEY": KEY})
    assert KEY not in f"{secret} {secret!r}"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("credentials") / "s"


SPECIMEN: Final = (
    f"contains white space, a control character or a non-ASCII character inside the key, at position of is empty is not text {ADVICE}"
)


@example(KEY)
@example(f"{KEY}\n{KEY}")
@given(st.text() | st.text(alphabet=string.printable, min_size=6) | st.from_regex(r"\s*[!-~]{6,}\s*", fullmatch=True))
def test_an_accepted_key_fits_into_a_header_and_a_refused_one_is_not_shown(scratch: Path, text: str) -> None:
    scratch.write_bytes(text.encode())
    for source in (SecretSource(env="K"), SecretSource(file=scratch), SecretSource(value=SecretStr(text))):
        try:
            key = source.read({"K": text}).get_secret_value()
        except CredentialError as error:
            assume(text.strip() not in SPECIMEN)  # a "key" that consists of words of our messages
            assert len(text.strip()) < 6 or text.strip() not in str(error)  # noqa: PT017 -- most texts are refused, some are not
        else:
            assert key
            assert all("!" <= character <= "~" for character in key)
            assert key == text.removeprefix("\ufeff").strip()


@given(st.binary())
def test_any_file_is_a_key_or_refused(scratch: Path, content: bytes) -> None:
    scratch.write_bytes(content)
    try:
        key = SecretSource(file=scratch).read({}).get_secret_value()
    except CredentialError:
        return
    assert key.encode("ascii") in content


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("secrets/openai", "the file secrets/openai"),
        ("/run/secrets/heygen", "the file /run/secrets/heygen"),
        ("../keys/heygen.key", "the file ../keys/heygen.key"),
        ("sk-Ab12Cd34Ef56Gh78", "the file"),
        ("keys/sk-Ab12Cd34Ef56Gh78", "the file"),
        ("Ab12Cd34Ef56/words", "the file"),
    ],
)
def test_a_file_is_named_unless_its_path_may_be_a_key(path: str, shown: str) -> None:
    assert shown_file(Path(path)) == shown
    assert shown_file(Path("/srv/x9f3kQ81/") / path, Path("/srv/x9f3kQ81")) == shown
