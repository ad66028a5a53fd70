"""The dashboards as code: `make docs` writes them."""

import warnings

with warnings.catch_warnings():
    # The SDK warns on import that there is a newer form, which no provisioning or import takes yet.
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.builders import bargauge, dashboard  # noqa: F401 -- so that they warn here and not later
