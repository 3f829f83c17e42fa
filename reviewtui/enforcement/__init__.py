"""What a push may do, and what it may not: the rules that hooks enforce, wherever they run."""
