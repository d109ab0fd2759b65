"""What is kept: the only durable place; trusted to be durable, not to be honest: reads are checked by hash."""
