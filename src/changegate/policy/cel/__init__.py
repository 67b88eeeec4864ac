"""CEL: two engines behind one protocol, and what can be known of an expression before it runs."""
