"""Programs that write the generated files of the repository; `make docs` runs them."""
