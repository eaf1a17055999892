"""What is known of terraform's own processes, also after the run that started them."""
