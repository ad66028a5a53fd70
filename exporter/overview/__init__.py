"""The facts about accounts that the API, the status page and the command `once` share."""
