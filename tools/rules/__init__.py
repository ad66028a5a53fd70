"""The recording and alert rules as code: `make docs` writes them."""
