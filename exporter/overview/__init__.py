"""What people and scripts are told of accounts: the same facts for the status page, the API and the command `once`."""
