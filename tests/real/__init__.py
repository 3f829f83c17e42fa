"""What real repositories hold, asked through the commands."""
