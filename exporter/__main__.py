"""Entry point of `ai-account-exporter` and of `python -m exporter`."""

from exporter.cli.main import main

if __name__ == "__main__":
    main()
