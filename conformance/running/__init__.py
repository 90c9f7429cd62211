"""A run: cases drawn, judged and made small, in as many processes as wanted, by pytest. `runs/` is about finished ones."""
