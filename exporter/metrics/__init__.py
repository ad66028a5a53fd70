"""What the page says, as a pure function of the store and the clock."""
