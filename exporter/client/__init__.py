"""HTTP to vendors: requests, credentials, OAuth logins, proxies and name resolution."""
