"""The container image, the compose file and the systemd units."""
