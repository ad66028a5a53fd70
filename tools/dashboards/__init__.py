"""The Grafana dashboards, as Python."""

import warnings

with warnings.catch_warnings():
    # On import, the SDK warns that a newer model exists. Provisioning does not support that model yet.
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.builders import bargauge, dashboard  # noqa: F401 -- so that the warning comes here
