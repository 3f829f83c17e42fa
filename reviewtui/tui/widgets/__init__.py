"""What the screens are made of: a table and a text view that draw only the lines in sight, and four one-line strips."""
