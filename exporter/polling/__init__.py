"""When each account is polled: scheduler, intervals, back-off and request budget."""
