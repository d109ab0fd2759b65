"""What is kept: the only durable place. Trusted to be durable, not to be honest: every read is checked by hash."""
