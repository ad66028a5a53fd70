"""A listen address as the value of a flag; apart from the other flags, so that `healthcheck` starts fast."""

from __future__ import annotations

from typing import Any, Final

import click

from exporter.web.address import Address, parse_address


class AddressType(click.ParamType[Address]):
    """A listen address as a flag's value."""

    name = "[HOST]:PORT"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> Address:
        """Parse it, or fail with what one looks like."""
        try:
            return value if isinstance(value, Address) else parse_address(value)
        except ValueError as error:
            self.fail(str(error), param, context)


address_type: Final = AddressType()
